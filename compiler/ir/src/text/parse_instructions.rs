//! Reads instructions, their operands and places, and how blocks end.

use super::names::{BINARY, COMPARISONS, find};
use super::parse::{Parser, Result};
use super::scan::Token;
use crate::function::{
    Const, FunctionId, Inst, LocalId, NativeArg, Op, Operand, Place, Projection, Terminator,
};

impl Parser {
    fn operand(&mut self) -> Result<Operand> {
        let constant = match self.next() {
            Token::Local(local) => return Ok(Operand::Local(LocalId(local))),
            Token::Text(text) => Const::Str(text),
            Token::Number(text) if text.contains(['.', 'e']) => match text.parse() {
                Ok(number) => Const::Float(number),
                Err(_) => return self.error(format!("`{text}` is no number")),
            },
            Token::Number(text) => match text.parse() {
                Ok(number) => Const::Int(number),
                Err(_) => return self.error(format!("`{text}` does not fit an Int")),
            },
            Token::Word(word) => match word.as_str() {
                "true" => Const::Bool(true),
                "false" => Const::Bool(false),
                "zero" => Const::Zero(self.ty()?),
                "path" => Const::Path(self.text()?),
                "bytes" => Const::Bytes(self.list(Self::number)?),
                "float_bits" => Const::Float(f64::from_bits(self.number()?)),
                other => return self.error(format!("`{other}` is no operand")),
            },
            other => return self.error(format!("an operand is wanted, not {other:?}")),
        };
        Ok(Operand::Const(constant))
    }

    fn operands(&mut self) -> Result<Vec<Operand>> {
        self.list(Self::operand)
    }

    fn comma(&mut self) -> Result<()> {
        self.sign(',')
    }

    fn pair(&mut self) -> Result<(Operand, Operand)> {
        let first = self.operand()?;
        self.comma()?;
        Ok((first, self.operand()?))
    }

    fn place(&mut self) -> Result<Place> {
        let local = self.local()?;
        let mut projections = Vec::new();
        loop {
            projections.push(if self.take_sign('.') {
                Projection::Field(self.number()?)
            } else if self.take_sign('[') {
                let index = self.operand()?;
                self.sign(']')?;
                Projection::Index(index)
            } else if self.take_sign('{') {
                let insert = self.take_sign('+');
                let key = self.operand()?;
                self.sign('}')?;
                if insert {
                    Projection::KeyOrInsert(key)
                } else {
                    Projection::Key(key)
                }
            } else if self.take_sign('?') {
                Projection::Payload
            } else {
                return Ok(Place { local, projections });
            });
        }
    }

    fn place_and_operand(&mut self) -> Result<(Place, Operand)> {
        let place = self.place()?;
        self.comma()?;
        Ok((place, self.operand()?))
    }

    fn native_arg(&mut self) -> Result<NativeArg> {
        Ok(if self.take_word("var") {
            NativeArg::InOut(self.place()?)
        } else {
            NativeArg::Value(self.operand()?)
        })
    }

    pub(super) fn inst(&mut self) -> Result<Inst> {
        let dst = if matches!(self.peek(), Token::Local(_)) {
            let dst = self.local()?;
            self.sign('=')?;
            Some(dst)
        } else {
            None
        };
        let name = self.word()?;
        let op = self.op(&name)?;
        let on_fail = if self.take_sign('!') {
            Some(self.block_id()?)
        } else {
            None
        };
        Ok(Inst {
            dst,
            op,
            on_fail,
            span: None,
        })
    }

    fn op(&mut self, name: &str) -> Result<Op> {
        if let Some(op) = find(BINARY, name) {
            let (a, b) = self.pair()?;
            return Ok(Op::Binary(op, a, b));
        }
        if let Some(op) = find(COMPARISONS, name) {
            let (a, b) = self.pair()?;
            return Ok(Op::Compare(op, a, b));
        }
        Ok(match name {
            "copy" => Op::Copy(self.operand()?),
            "neg" => Op::Neg(self.operand()?),
            "not" => Op::Not(self.operand()?),
            "float" => Op::IntToFloat(self.operand()?),
            "some" => Op::Some(self.operand()?),
            "is_some" => Op::IsSome(self.operand()?),
            "payload" => Op::Payload(self.operand()?),
            "tag" => Op::Tag(self.operand()?),
            "make" => Op::Make(self.ty()?, self.operands()?),
            "field" => Op::Field(self.operand()?, self.index()?),
            "variant" => Op::Variant(self.ty()?, self.number()?, self.operands()?),
            "variant_field" => Op::VariantField(self.operand()?, self.index()?, self.index()?),
            "fail" => {
                let (message, retry) = self.pair()?;
                Op::Fail(message, retry)
            }
            "fail_match" => Op::FailMatch,
            "fail_unwrap" => Op::FailUnwrap,
            "catch" => Op::Catch,
            "poll" => Op::Poll,
            "retain" => Op::Retain(self.local()?),
            "release" => Op::Release(self.local()?),
            "capture" => Op::CaptureLoad(self.number()?),
            "capture_take" => Op::CaptureTake(self.number()?),
            "capture_store" => Op::CaptureStore(self.number_and_comma()?, self.operand()?),
            "output" => Op::Output(self.number_and_comma()?, self.operand()?),
            "yield" | "return_item" => {
                let output = self.number_and_comma()?;
                let (value, key) = self.pair()?;
                if name == "yield" {
                    Op::Yield(output, value, key)
                } else {
                    Op::ReturnItem(output, value, key)
                }
            }
            "load" => Op::Load(self.place()?),
            "take" => Op::Take(self.place()?),
            "store" | "push" | "append" => {
                let (place, value) = self.place_and_operand()?;
                match name {
                    "store" => Op::Store(place, value),
                    "push" => Op::ListPush(place, value),
                    _ => Op::StrAppend(place, value),
                }
            }
            "format" => {
                let (place, value) = self.place_and_operand()?;
                self.comma()?;
                Op::FormatAppend(place, value, self.text()?)
            }
            _ => return self.container_or_call(name),
        })
    }

    fn container_or_call(&mut self, name: &str) -> Result<Op> {
        Ok(match name {
            "list" => Op::List(self.ty()?, self.operands()?),
            "list_with_capacity" => Op::ListWithCapacity(self.ty()?, self.operand()?),
            "list_len" => Op::ListLen(self.operand()?),
            "map_len" => Op::MapLen(self.operand()?),
            "list_get" | "list_get_unchecked" | "map_get" | "map_index" => {
                let (container, key) = self.pair()?;
                match name {
                    "list_get" => Op::ListGet(container, key),
                    "list_get_unchecked" => Op::ListGetUnchecked(container, key),
                    "map_get" => Op::MapGet(container, key),
                    _ => Op::MapIndex(container, key),
                }
            }
            "map_next" | "str_next" => {
                let container = self.operand()?;
                self.comma()?;
                let position = self.local()?;
                if name == "map_next" {
                    Op::MapNext(container, position)
                } else {
                    Op::StrNext(container, position)
                }
            }
            "call" => Op::Call(FunctionId(self.numbered("f")?), self.operands()?),
            "closure" => Op::MakeClosure(FunctionId(self.numbered("f")?), self.operands()?),
            "call_closure" => Op::CallClosure(self.operand()?, self.operands()?),
            "native" => Op::CallNative {
                entry: self.word()?,
                args: self.list(Self::native_arg)?,
                types: if self.take_word("of") {
                    self.list(Self::ty)?
                } else {
                    Vec::new()
                },
            },
            other => return self.error(format!("`{other}` is no instruction")),
        })
    }

    fn number_and_comma(&mut self) -> Result<u32> {
        let number = self.number()?;
        self.comma()?;
        Ok(number)
    }

    /// A number behind a comma.
    fn index(&mut self) -> Result<u32> {
        self.comma()?;
        self.number()
    }

    pub(super) fn terminator(&mut self) -> Result<Option<Terminator>> {
        let Token::Word(word) = self.peek().clone() else {
            return Ok(None);
        };
        let is_one = [
            "jump",
            "branch",
            "switch",
            "return",
            "failed",
            "unreachable",
        ];
        if !is_one.contains(&word.as_str()) {
            return Ok(None);
        }
        self.at += 1;
        Ok(Some(match word.as_str() {
            "jump" => Terminator::Jump(self.block_id()?),
            "branch" => {
                let condition = self.operand()?;
                self.comma()?;
                let then = self.block_id()?;
                self.comma()?;
                Terminator::Branch {
                    condition,
                    then,
                    otherwise: self.block_id()?,
                }
            }
            "switch" => Terminator::Switch {
                value: self.operand()?,
                cases: self.list(|this| {
                    let case = this.number()?;
                    this.sign(':')?;
                    Ok((case, this.block_id()?))
                })?,
                otherwise: self.block_id()?,
            },
            "return" => Terminator::Return(self.operand()?),
            "failed" => Terminator::Fail,
            _ => Terminator::Unreachable,
        }))
    }
}
