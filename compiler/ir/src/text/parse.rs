//! Reads the IR.

use std::collections::HashMap;

use super::scan::{Token, scan};
use crate::function::{Block, BlockId, Function, FunctionId, Local, LocalId, OpEntry, Program};
use crate::types::{Aggregate, AggregateKind, Boxed, Case, Enum, Type, TypeId};

/// What is wrong with a text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParseError {
    /// The line, from 1.
    pub line: u32,
    /// What is wrong there.
    pub message: String,
}

impl ParseError {
    pub(super) fn new(line: u32, message: impl Into<String>) -> Self {
        Self {
            line,
            message: message.into(),
        }
    }
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for ParseError {}

pub(super) type Result<T> = std::result::Result<T, ParseError>;

/// Types may be nested this deep, so that reading can't exhaust the stack.
const MAX_NESTING: u32 = 200;

/// A program from text.
///
/// # Errors
/// With the first line that is wrong.
pub fn parse(text: &str) -> Result<Program> {
    let mut parser = Parser {
        tokens: scan(text)?,
        at: 0,
        program: Program::default(),
        aliases: HashMap::new(),
        nesting: 0,
    };
    parser.reserve_aliases();
    while *parser.peek() != Token::End {
        parser.item()?;
    }
    Ok(parser.program)
}

pub(super) struct Parser {
    tokens: Vec<(Token, u32)>,
    pub(super) at: usize,
    program: Program,
    aliases: HashMap<String, TypeId>,
    nesting: u32,
}

impl Parser {
    // -------------------------------------------------------------------------------------------------------- words

    pub(super) fn peek(&self) -> &Token {
        self.tokens
            .get(self.at)
            .map_or(&Token::End, |(token, _)| token)
    }

    pub(super) fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    pub(super) fn error<T>(&self, message: impl Into<String>) -> Result<T> {
        let at = self
            .at
            .saturating_sub(1)
            .min(self.tokens.len().saturating_sub(1));
        let line = self.tokens.get(at).map_or(0, |(_, line)| *line);
        Err(ParseError::new(line, message))
    }

    pub(super) fn is_sign(&self, sign: char) -> bool {
        *self.peek() == Token::Sign(sign)
    }

    pub(super) fn take_sign(&mut self, sign: char) -> bool {
        let found = self.is_sign(sign);
        self.at += usize::from(found);
        found
    }

    pub(super) fn sign(&mut self, sign: char) -> Result<()> {
        match self.next() {
            Token::Sign(found) if found == sign => Ok(()),
            other => self.error(format!("`{sign}` is wanted, not {other:?}")),
        }
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(found) if found == word)
    }

    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    pub(super) fn word(&mut self) -> Result<String> {
        match self.next() {
            Token::Word(word) => Ok(word),
            other => self.error(format!("a word is wanted, not {other:?}")),
        }
    }

    pub(super) fn text(&mut self) -> Result<String> {
        match self.next() {
            Token::Text(text) => Ok(text),
            other => self.error(format!("a quoted text is wanted, not {other:?}")),
        }
    }

    pub(super) fn number<N: std::str::FromStr>(&mut self) -> Result<N> {
        match self.next() {
            Token::Number(text) => match text.parse() {
                Ok(number) => Ok(number),
                Err(_) => self.error(format!("`{text}` is no number that fits here")),
            },
            other => self.error(format!("a number is wanted, not {other:?}")),
        }
    }

    pub(super) fn local(&mut self) -> Result<LocalId> {
        match self.next() {
            Token::Local(local) => Ok(LocalId(local)),
            other => self.error(format!("a local is wanted, not {other:?}")),
        }
    }

    /// A word of letters and a number, such as `bb3`.
    pub(super) fn numbered(&mut self, prefix: &str) -> Result<u32> {
        let word = self.word()?;
        match word.strip_prefix(prefix).and_then(|n| n.parse().ok()) {
            Some(number) => Ok(number),
            None => self.error(format!("`{prefix}` and a number is wanted, not `{word}`")),
        }
    }

    pub(super) fn block_id(&mut self) -> Result<BlockId> {
        self.numbered("bb").map(BlockId)
    }

    /// `(a, b, …)`
    pub(super) fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.sign('(')?;
        let mut list = Vec::new();
        while !self.take_sign(')') {
            if !list.is_empty() {
                self.sign(',')?;
            }
            list.push(item(self)?);
        }
        Ok(list)
    }

    // -------------------------------------------------------------------------------------------------------- items

    fn item(&mut self) -> Result<()> {
        match self.word()?.as_str() {
            "struct" => {
                let (alias, name) = (self.word()?, self.text()?);
                let fields = self.list(Self::named_type)?;
                let ty = Type::Aggregate(Aggregate {
                    kind: AggregateKind::Struct,
                    name,
                    fields,
                    defaults: self.defaults()?,
                });
                self.declare(&alias, ty);
            }
            "enum" => {
                let (alias, name) = (self.word()?, self.text()?);
                let json = self.take_word("json");
                let variants = self.list(|this| Ok((this.word()?, this.list(Self::part)?)))?;
                let variants = variants
                    .into_iter()
                    .map(|(name, payload)| Case { name, payload })
                    .collect();
                self.declare(
                    &alias,
                    Type::Enum(Enum {
                        name,
                        variants,
                        json,
                    }),
                );
            }
            "fn" => {
                let number = self.numbered("f")? as usize;
                if number != self.program.functions.len() {
                    return self.error("functions are numbered in their order");
                }
                let function = self.function()?;
                self.program.functions.push(function);
            }
            "op" => {
                let function = FunctionId(self.numbered("f")?);
                let returns_output = self.take_word("output");
                self.program.ops.push(OpEntry {
                    function,
                    returns_output,
                });
            }
            "plan" => {
                let ty = self.ty()?;
                self.program.plan_types.push(ty);
            }
            other => return self.error(format!("`{other}` begins no item")),
        }
        Ok(())
    }

    /// The defaults of a struct's fields.
    fn defaults(&mut self) -> Result<Vec<(u32, Vec<u8>)>> {
        let mut all = Vec::new();
        while self.take_word("default") {
            let field = self.number()?;
            let digits = self.text()?;
            let byte = |at: usize| {
                let digits = digits.get(at..at + 2)?;
                u8::from_str_radix(digits, 16).ok()
            };
            let bytes: Option<Vec<u8>> = (0..digits.len()).step_by(2).map(byte).collect();
            match bytes {
                Some(bytes) => all.push((field, bytes)),
                None => return self.error("a default is bytes in hexadecimal digits"),
            }
        }
        Ok(all)
    }

    /// Gives an alias its type.
    fn declare(&mut self, alias: &str, ty: Type) {
        if let Some(&id) = self.aliases.get(alias) {
            self.program.types.fill(id, ty);
        }
    }

    /// Reserves an id for every alias, since types that hold themselves name what is declared later.
    fn reserve_aliases(&mut self) {
        let mut pairs = self.tokens.windows(3);
        let declared = pairs.by_ref().filter_map(|three| match three {
            [
                (Token::Word(kind), _),
                (Token::Word(alias), _),
                (Token::Text(_), _),
            ] if kind == "struct" || kind == "enum" => Some(alias.clone()),
            _ => None,
        });
        let declared: Vec<String> = declared.collect();
        for alias in declared {
            let id = self.program.types.reserve();
            self.aliases.insert(alias, id);
        }
    }

    fn named_type(&mut self) -> Result<(String, TypeId)> {
        let name = self.word()?;
        self.sign(':')?;
        Ok((name, self.ty()?))
    }

    /// A part of a case: a type, with a name if it has one.
    fn part(&mut self) -> Result<(String, TypeId)> {
        let named = matches!(self.peek(), Token::Word(_))
            && matches!(self.tokens.get(self.at + 1), Some((Token::Sign(':'), _)));
        if named {
            return self.named_type();
        }
        Ok((String::new(), self.ty()?))
    }

    fn typed_local(&mut self, number: usize) -> Result<Local> {
        if self.local()?.0 as usize != number {
            return self.error("locals are numbered in their order");
        }
        let name = if self.is_sign(':') {
            String::new()
        } else {
            self.word()?
        };
        self.sign(':')?;
        Ok(Local {
            name,
            ty: self.ty()?,
        })
    }

    fn function(&mut self) -> Result<Function> {
        let name = self.text()?;
        let display_name = if self.take_word("as") {
            self.text()?
        } else {
            name.clone()
        };
        let captures = if self.take_word("captures") {
            Some(self.list(Self::ty)?)
        } else {
            None
        };
        let mut number = 0;
        let mut locals = self.list(|this| {
            number += 1;
            this.typed_local(number - 1)
        })?;
        let params = locals.len() as u32;
        if self.next() != Token::Arrow {
            return self.error("`->` is wanted");
        }
        let result = self.ty()?;
        let fallible = self.take_word("may") && self.take_word("fail");
        self.sign('{')?;
        if self.take_word("locals") {
            loop {
                let local = self.typed_local(locals.len())?;
                locals.push(local);
                if !self.take_sign(',') {
                    break;
                }
            }
        }
        let mut blocks = Vec::new();
        while !self.take_sign('}') {
            if self.block_id()?.0 as usize != blocks.len() {
                return self.error("blocks are numbered in their order");
            }
            blocks.push(self.block()?);
        }
        Ok(Function {
            name,
            display_name,
            params,
            captures,
            result,
            fallible,
            locals,
            blocks,
            span: None,
        })
    }

    fn block(&mut self) -> Result<Block> {
        let cold = self.take_word("cold");
        self.sign(':')?;
        let mut insts = Vec::new();
        loop {
            if let Some(terminator) = self.terminator()? {
                return Ok(Block {
                    insts,
                    terminator,
                    cold,
                });
            }
            let inst = self.inst()?;
            insts.push(inst);
        }
    }

    // -------------------------------------------------------------------------------------------------------- types

    pub(super) fn ty(&mut self) -> Result<TypeId> {
        self.nesting += 1;
        if self.nesting > MAX_NESTING {
            return self.error("a type that is nested too deep");
        }
        let mut id = self.plain_type()?;
        self.nesting -= 1;
        while self.take_sign('?') {
            id = self.program.types.intern(Type::Option(id));
        }
        Ok(id)
    }

    fn plain_type(&mut self) -> Result<TypeId> {
        if self.is_sign('(') {
            return self.tuple(AggregateKind::Tuple);
        }
        let word = self.word()?;
        let ty = match word.as_str() {
            "Unit" => Type::Unit,
            "Int" => Type::Int,
            "Float" => Type::Float,
            "Bool" => Type::Bool,
            "Str" => Type::Str,
            "Path" => Type::Path,
            "Bytes" => Type::Bytes,
            "Duration" => Type::Duration,
            "Time" => Type::Time,
            "Range" => Type::Range,
            "List" => Type::List(self.arguments::<1>()?[0]),
            "Box" => Type::Box(self.arguments::<1>()?[0], Boxed::Value),
            "BoxOption" => Type::Box(self.arguments::<1>()?[0], Boxed::Option),
            "Set" => Type::Set(self.arguments::<1>()?[0]),
            "Map" => {
                let [key, value] = self.arguments::<2>()?;
                Type::Map(key, value)
            }
            "fn" => {
                let params = self.list(Self::ty)?;
                if self.next() != Token::Arrow {
                    return self.error("`->` is wanted");
                }
                self.sign('[')?;
                let result = self.ty()?;
                self.sign(']')?;
                Type::Closure(params, result)
            }
            "dynamic" => return self.tuple(AggregateKind::DynamicOutput),
            alias => match self.aliases.get(alias) {
                Some(&id) => return Ok(id),
                None => return self.error(format!("`{alias}` is no type")),
            },
        };
        Ok(self.program.types.intern(ty))
    }

    fn arguments<const N: usize>(&mut self) -> Result<[TypeId; N]> {
        self.sign('<')?;
        let mut list = [TypeId(0); N];
        for (index, slot) in list.iter_mut().enumerate() {
            if index > 0 {
                self.sign(',')?;
            }
            *slot = self.ty()?;
        }
        self.sign('>')?;
        Ok(list)
    }

    fn tuple(&mut self, mut kind: AggregateKind) -> Result<TypeId> {
        let mut named = false;
        let fields = self.list(|this| {
            let behind = this.tokens.get(this.at + 1).map(|(token, _)| token);
            if behind == Some(&Token::Sign(':')) {
                named = true;
                return this.named_type();
            }
            Ok((String::new(), this.ty()?))
        })?;
        if named && kind == AggregateKind::Tuple {
            kind = AggregateKind::NamedTuple;
        }
        Ok(self.program.types.intern(Type::Aggregate(Aggregate {
            kind,
            name: String::new(),
            fields,
            defaults: Vec::new(),
        })))
    }
}
