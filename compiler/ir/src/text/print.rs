//! Writes the IR.

use std::fmt::Write;

use super::names::{BINARY, COMPARISONS, name_of};
use super::types::TypeNames;
use crate::function::{
    BlockId, Const, Function, FunctionId, Inst, LocalId, NativeArg, Op, Operand, Place, Program,
    Projection, Terminator,
};
use crate::types::{TypeId, Types};

/// A program as text.
pub fn print(program: &Program) -> String {
    let printer = Printer::new(&program.types);
    let mut out = printer.names.declarations();
    for (index, function) in program.functions.iter().enumerate() {
        if !out.is_empty() {
            out.push('\n');
        }
        printer.function(FunctionId(index as u32), function, &mut out);
    }
    if !program.ops.is_empty() {
        out.push('\n');
    }
    for op in &program.ops {
        let output = if op.returns_output { " output" } else { "" };
        let _ = writeln!(out, "op f{}{output}", op.function.0);
    }
    for &ty in &program.plan_types {
        let _ = writeln!(out, "plan {}", printer.ty(ty));
    }
    out
}

/// One function as text.
pub fn print_function(program: &Program, id: FunctionId) -> String {
    let mut out = String::new();
    if let Some(function) = program.functions.get(id.0 as usize) {
        Printer::new(&program.types).function(id, function, &mut out);
    }
    out
}

struct Printer<'t> {
    names: TypeNames<'t>,
}

impl<'t> Printer<'t> {
    fn new(types: &'t Types) -> Self {
        Self {
            names: TypeNames::new(types),
        }
    }

    fn ty(&self, id: TypeId) -> String {
        self.names.name(id)
    }

    fn function(&self, id: FunctionId, function: &Function, out: &mut String) {
        let local = |index: usize| {
            let local = &function.locals[index];
            let name = if local.name.is_empty() {
                String::new()
            } else {
                format!(" {}", local.name)
            };
            format!("%{index}{name}: {}", self.ty(local.ty))
        };
        let params = function.params as usize;
        let list = |range: std::ops::Range<usize>| range.map(local).collect::<Vec<_>>().join(", ");
        let _ = write!(out, "fn f{} {:?} ", id.0, function.name);
        if function.display_name != function.name {
            let _ = write!(out, "as {:?} ", function.display_name);
        }
        if let Some(captures) = &function.captures {
            let captures: Vec<String> = captures.iter().map(|&ty| self.ty(ty)).collect();
            let _ = write!(out, "captures ({}) ", captures.join(", "));
        }
        let _ = write!(out, "({}) -> {}", list(0..params), self.ty(function.result));
        out.push_str(if function.fallible {
            " may fail {\n"
        } else {
            " {\n"
        });
        if function.locals.len() > params {
            let _ = writeln!(out, "  locals {}", list(params..function.locals.len()));
        }
        for (index, block) in function.blocks.iter().enumerate() {
            let cold = if block.cold { " cold" } else { "" };
            let _ = writeln!(out, "bb{index}{cold}:");
            for inst in &block.insts {
                let _ = writeln!(out, "  {}", self.inst(inst));
            }
            let _ = writeln!(out, "  {}", self.terminator(&block.terminator));
        }
        out.push_str("}\n");
    }

    fn inst(&self, inst: &Inst) -> String {
        let mut out = String::new();
        if let Some(dst) = inst.dst {
            let _ = write!(out, "%{} = ", dst.0);
        }
        out.push_str(&self.op(&inst.op));
        if let Some(block) = inst.on_fail {
            let _ = write!(out, " !bb{}", block.0);
        }
        out
    }

    fn op(&self, op: &Op) -> String {
        let one = |name: &str, a: &Operand| format!("{name} {}", self.operand(a));
        let two = |name: &str, a: &Operand, b: &Operand| {
            format!("{name} {}, {}", self.operand(a), self.operand(b))
        };
        let place = |name: &str, at: &Place| format!("{name} {}", self.place(at));
        let into = |name: &str, at: &Place, a: &Operand| {
            format!("{name} {}, {}", self.place(at), self.operand(a))
        };
        match op {
            Op::Copy(a) => one("copy", a),
            Op::Binary(op, a, b) => two(name_of(BINARY, op), a, b),
            Op::Neg(a) => one("neg", a),
            Op::Not(a) => one("not", a),
            Op::IntToFloat(a) => one("float", a),
            Op::Compare(op, a, b) => two(name_of(COMPARISONS, op), a, b),
            Op::Make(ty, list) => format!("make {} {}", self.ty(*ty), self.operands(list)),
            Op::Field(a, index) => format!("field {}, {index}", self.operand(a)),
            Op::Some(a) => one("some", a),
            Op::IsSome(a) => one("is_some", a),
            Op::Payload(a) => one("payload", a),
            Op::Variant(ty, case, list) => {
                format!("variant {} {case} {}", self.ty(*ty), self.operands(list))
            }
            Op::Tag(a) => one("tag", a),
            Op::VariantField(a, case, index) => {
                format!("variant_field {}, {case}, {index}", self.operand(a))
            }
            Op::List(ty, list) => format!("list {} {}", self.ty(*ty), self.operands(list)),
            Op::ListWithCapacity(ty, a) => {
                format!("list_with_capacity {} {}", self.ty(*ty), self.operand(a))
            }
            Op::ListLen(a) => one("list_len", a),
            Op::ListGet(a, b) => two("list_get", a, b),
            Op::ListGetUnchecked(a, b) => two("list_get_unchecked", a, b),
            Op::ListPush(at, a) => into("push", at, a),
            Op::MapLen(a) => one("map_len", a),
            Op::MapGet(a, b) => two("map_get", a, b),
            Op::MapIndex(a, b) => two("map_index", a, b),
            Op::MapNext(a, position) => two("map_next", a, &Operand::Local(*position)),
            Op::StrNext(a, position) => two("str_next", a, &Operand::Local(*position)),
            Op::Load(at) => place("load", at),
            Op::Store(at, a) => into("store", at, a),
            Op::Take(at) => place("take", at),
            Op::FormatAppend(at, a, format) => format!("{}, {format:?}", into("format", at, a)),
            Op::StrAppend(at, a) => into("append", at, a),
            Op::CaptureLoad(index) => format!("capture {index}"),
            Op::CaptureTake(index) => format!("capture_take {index}"),
            Op::CaptureStore(index, a) => one(&format!("capture_store {index},"), a),
            Op::Yield(index, a, key) => two(&format!("yield {index},"), a, key),
            Op::ReturnItem(index, a, key) => two(&format!("return_item {index},"), a, key),
            Op::Output(index, a) => one(&format!("output {index},"), a),
            Op::Fail(message, retry) => two("fail", message, retry),
            Op::FailMatch => "fail_match".into(),
            Op::FailUnwrap => "fail_unwrap".into(),
            Op::Catch => "catch".into(),
            Op::Poll => "poll".into(),
            Op::Retain(LocalId(local)) => format!("retain %{local}"),
            Op::Release(LocalId(local)) => format!("release %{local}"),
            Op::Call(..) | Op::CallNative { .. } | Op::CallClosure(..) | Op::MakeClosure(..) => {
                self.call(op)
            }
        }
    }

    fn call(&self, op: &Op) -> String {
        match op {
            Op::Call(FunctionId(id), list) => format!("call f{id}{}", self.operands(list)),
            Op::MakeClosure(FunctionId(id), list) => {
                format!("closure f{id}{}", self.operands(list))
            }
            Op::CallClosure(callee, list) => {
                format!(
                    "call_closure {} {}",
                    self.operand(callee),
                    self.operands(list)
                )
            }
            Op::CallNative { entry, args, types } => {
                let args: Vec<String> = args
                    .iter()
                    .map(|arg| match arg {
                        NativeArg::Value(a) => self.operand(a),
                        NativeArg::InOut(place) => format!("var {}", self.place(place)),
                    })
                    .collect();
                let mut text = format!("native {entry}({})", args.join(", "));
                if !types.is_empty() {
                    let types: Vec<String> = types.iter().map(|&ty| self.ty(ty)).collect();
                    let _ = write!(text, " of ({})", types.join(", "));
                }
                text
            }
            _ => String::new(),
        }
    }

    fn operands(&self, list: &[Operand]) -> String {
        let list: Vec<String> = list.iter().map(|a| self.operand(a)).collect();
        format!("({})", list.join(", "))
    }

    fn operand(&self, operand: &Operand) -> String {
        match operand {
            Operand::Local(local) => format!("%{}", local.0),
            Operand::Const(Const::Int(n)) => n.to_string(),
            Operand::Const(Const::Float(x)) if x.is_finite() => format!("{x:?}"),
            Operand::Const(Const::Float(x)) => format!("float_bits {}", x.to_bits()),
            Operand::Const(Const::Bool(b)) => b.to_string(),
            Operand::Const(Const::Str(text)) => format!("{text:?}"),
            Operand::Const(Const::Path(text)) => format!("path {text:?}"),
            Operand::Const(Const::Bytes(bytes)) => {
                let bytes: Vec<String> = bytes.iter().map(u8::to_string).collect();
                format!("bytes ({})", bytes.join(", "))
            }
            Operand::Const(Const::Zero(ty)) => format!("zero {}", self.ty(*ty)),
        }
    }

    fn place(&self, place: &Place) -> String {
        let mut out = format!("%{}", place.local.0);
        for projection in &place.projections {
            let _ = match projection {
                Projection::Field(index) => write!(out, ".{index}"),
                Projection::Index(a) => write!(out, "[{}]", self.operand(a)),
                Projection::Key(a) => write!(out, "{{{}}}", self.operand(a)),
                Projection::KeyOrInsert(a) => write!(out, "{{+{}}}", self.operand(a)),
                Projection::Payload => write!(out, "?"),
            };
        }
        out
    }

    fn terminator(&self, terminator: &Terminator) -> String {
        match terminator {
            Terminator::Jump(BlockId(to)) => format!("jump bb{to}"),
            Terminator::Branch {
                condition,
                then,
                otherwise,
            } => format!(
                "branch {}, bb{}, bb{}",
                self.operand(condition),
                then.0,
                otherwise.0
            ),
            Terminator::Switch {
                value,
                cases,
                otherwise,
            } => {
                let cases: Vec<String> = cases
                    .iter()
                    .map(|(case, block)| format!("{case}: bb{}", block.0))
                    .collect();
                format!(
                    "switch {} ({}) bb{}",
                    self.operand(value),
                    cases.join(", "),
                    otherwise.0
                )
            }
            Terminator::Return(value) => format!("return {}", self.operand(value)),
            Terminator::Fail => "failed".into(),
            Terminator::Unreachable => "unreachable".into(),
        }
    }
}
