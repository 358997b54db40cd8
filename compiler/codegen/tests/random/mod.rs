//! Random programs of texts, lists, pairs, options, loops, calls, failures and handlers.

use dynop_ir::{
    Aggregate, AggregateKind, BinaryOp, Block, BlockId, Comparison, Const, Function, FunctionId,
    Inst, Local, LocalId, Op, OpEntry, Operand, Place, Program, Projection, Terminator, Type,
    TypeId,
};

pub mod numbers;

/// A small generator of numbers (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

struct Kinds {
    int: TypeId,
    bool: TypeId,
    text: TypeId,
    list: TypeId,
    pair: TypeId,
    option: TypeId,
    big: TypeId,
    caught: TypeId,
}

/// How many locals of each kind a function has.
const EACH: u32 = 3;
const FUEL: LocalId = LocalId(0);
const TEXT: LocalId = LocalId(1);
const CAUGHT: LocalId = LocalId(2);
const FIRST: u32 = 3;
/// How many blocks there are beside the entry, the end and the handler.
const BLOCKS: usize = 6;

/// A program of so many functions, each of which is an op.
pub fn program(seed: u64, functions: usize) -> Program {
    let mut program = Program::default();
    let kinds = kinds(&mut program);
    let mut random = Random(seed);
    for index in 0..functions {
        let function = Builder {
            random: &mut random,
            kinds: &kinds,
            index,
        }
        .function();
        program.functions.push(function);
    }
    // The ops take nothing: they call the functions with a text that has a buffer.
    for index in 0..functions {
        let function = caller(&kinds, index);
        program.functions.push(function);
        program.ops.push(OpEntry {
            function: FunctionId((functions + index) as u32),
            returns_output: true,
        });
    }
    program
}

fn kinds(program: &mut Program) -> Kinds {
    let types = &mut program.types;
    let (int, bool) = (types.intern(Type::Int), types.intern(Type::Bool));
    let text = types.intern(Type::Str);
    let mut tuple = |fields: Vec<TypeId>, kind| {
        types.intern(Type::Aggregate(Aggregate {
            kind,
            name: String::new(),
            fields: fields.into_iter().map(|ty| (String::new(), ty)).collect(),
            defaults: Vec::new(),
        }))
    };
    let pair = tuple(vec![text, int], AggregateKind::Tuple);
    // More parts than registers are used for: such values live in memory.
    let big = tuple(vec![text; 10], AggregateKind::Tuple);
    let caught = types.intern(Type::Aggregate(Aggregate {
        kind: AggregateKind::NamedTuple,
        name: String::new(),
        fields: ["message", "kind", "trace"]
            .map(|name| (name.to_owned(), text))
            .to_vec(),
        defaults: Vec::new(),
    }));
    let list = types.intern(Type::List(text));
    let option = types.intern(Type::Option(text));
    Kinds {
        int,
        bool,
        text,
        list,
        pair,
        option,
        big,
        caught,
    }
}

fn local(name: &str, ty: TypeId) -> Local {
    Local {
        name: name.to_owned(),
        ty,
    }
}

fn inst(dst: Option<LocalId>, op: Op) -> Inst {
    Inst {
        dst,
        op,
        on_fail: None,
        span: None,
    }
}

/// Calls a function with a text, which also stays here, and gives its number.
fn caller(kinds: &Kinds, index: usize) -> Function {
    let text = Operand::Local(LocalId(0));
    let first = Const::Str("a text that needs a buffer".into());
    let insts = vec![
        inst(Some(LocalId(0)), Op::Copy(Operand::Const(first.clone()))),
        inst(
            None,
            Op::StrAppend(
                Place {
                    local: LocalId(0),
                    projections: Vec::new(),
                },
                Operand::Const(first),
            ),
        ),
        inst(
            Some(LocalId(1)),
            Op::Call(
                FunctionId(index as u32),
                vec![Operand::Const(Const::Int(14)), text],
            ),
        ),
    ];
    Function {
        name: format!("op_{index}"),
        display_name: format!("op_{index}"),
        params: 0,
        captures: None,
        result: kinds.int,
        fallible: true,
        locals: vec![local("text", kinds.text), local("", kinds.int)],
        blocks: vec![Block {
            insts,
            terminator: Terminator::Return(Operand::Local(LocalId(1))),
            cold: false,
        }],
        span: None,
    }
}

struct Builder<'r> {
    random: &'r mut Random,
    kinds: &'r Kinds,
    index: usize,
}

/// The kinds of locals, in their order.
#[derive(Clone, Copy)]
enum Kind {
    Int,
    Text,
    List,
    Pair,
    Option,
    Big,
}

impl Builder<'_> {
    /// `fn(fuel: Int, text: Str) -> Int`; the parameters are moved to the locals that all blocks work on.
    fn function(mut self) -> Function {
        let kinds = self.kinds;
        let mut locals = vec![
            local("fuel", kinds.int),
            local("text", kinds.text),
            local("caught", kinds.caught),
        ];
        for ty in [
            kinds.int,
            kinds.text,
            kinds.list,
            kinds.pair,
            kinds.option,
            kinds.big,
        ] {
            locals.extend((0..EACH).map(|_| local("", ty)));
        }
        let goes_on = LocalId(locals.len() as u32);
        locals.push(local("goes_on", kinds.bool));
        let mut blocks = vec![self.entry()];
        blocks.extend((0..BLOCKS).map(|_| self.block(goes_on)));
        blocks.push(self.end());
        blocks.push(self.handler(goes_on));
        Function {
            name: format!("f_{}", self.index),
            display_name: format!("f_{}", self.index),
            params: 2,
            captures: None,
            result: kinds.int,
            fallible: true,
            locals,
            blocks,
            span: None,
        }
    }

    fn any(&mut self, kind: Kind) -> LocalId {
        LocalId(FIRST + kind as u32 * EACH + self.random.below(EACH as usize) as u32)
    }

    fn operand(&mut self, kind: Kind) -> Operand {
        Operand::Local(self.any(kind))
    }

    fn place(&mut self, kind: Kind, projections: Vec<Projection>) -> Place {
        Place {
            local: self.any(kind),
            projections,
        }
    }

    fn text(&mut self) -> Operand {
        match self.random.below(4) {
            0 => Operand::Const(Const::Str("short".into())),
            1 => Operand::Const(Const::Str("a longer text that is immortal".into())),
            2 => Operand::Local(TEXT),
            _ => self.operand(Kind::Text),
        }
    }

    /// Some locals get values; the others are read as zero bits.
    fn entry(&mut self) -> Block {
        let mut insts = Vec::new();
        for _ in 0..6 {
            let kind = self.random.below(3);
            insts.push(match kind {
                0 => inst(
                    Some(self.any(Kind::Int)),
                    Op::Copy(Operand::Const(Const::Int(3))),
                ),
                1 => inst(Some(self.any(Kind::Text)), Op::Copy(self.text())),
                _ => inst(
                    Some(self.any(Kind::List)),
                    Op::List(self.kinds.list, vec![self.text(), self.text()]),
                ),
            });
        }
        // Numbers are not zeroed by anybody.
        for number in 0..EACH {
            let zero = Operand::Const(Const::Int(i64::from(number)));
            insts.insert(0, inst(Some(LocalId(FIRST + number)), Op::Copy(zero)));
        }
        Block {
            insts,
            terminator: Terminator::Jump(BlockId(1)),
            cold: false,
        }
    }

    fn block(&mut self, goes_on: LocalId) -> Block {
        let mut insts = vec![inst(
            Some(FUEL),
            Op::Binary(
                BinaryOp::AddWrapping,
                Operand::Local(FUEL),
                Operand::Const(Const::Int(-1)),
            ),
        )];
        for _ in 0..3 + self.random.below(6) {
            let mut made = self.inst();
            let fallible = dynop_ir::passes::fallible::can_fail(&made.op, &[]);
            if fallible && self.random.below(3) > 0 {
                made.on_fail = Some(BlockId(BLOCKS as u32 + 2));
            }
            insts.push(made);
        }
        let bound = self.random.below(8) as i64;
        insts.push(inst(
            Some(goes_on),
            Op::Compare(
                Comparison::Gt,
                Operand::Local(FUEL),
                Operand::Const(Const::Int(bound)),
            ),
        ));
        Block {
            insts,
            terminator: Terminator::Branch {
                condition: Operand::Local(goes_on),
                then: BlockId(1 + self.random.below(BLOCKS) as u32),
                // Forward to the end, so that it is reached when the fuel is used up.
                otherwise: BlockId(BLOCKS as u32 + 1),
            },
            cold: false,
        }
    }

    fn inst(&mut self) -> Inst {
        let kinds = self.kinds;
        let index = |this: &mut Self| Operand::Const(Const::Int(this.random.below(3) as i64));
        match self.random.below(20) {
            0 => inst(Some(self.any(Kind::Text)), Op::Copy(self.text())),
            1 => inst(
                Some(self.any(Kind::List)),
                Op::Copy(self.operand(Kind::List)),
            ),
            2 => inst(Some(self.any(Kind::Big)), Op::Copy(self.operand(Kind::Big))),
            3 => inst(
                Some(self.any(Kind::Pair)),
                Op::Make(kinds.pair, vec![self.text(), self.operand(Kind::Int)]),
            ),
            4 => inst(
                Some(self.any(Kind::Big)),
                Op::Make(kinds.big, (0..10).map(|_| self.text()).collect()),
            ),
            5 => inst(
                Some(self.any(Kind::Text)),
                Op::Field(self.operand(Kind::Pair), 0),
            ),
            6 => inst(
                Some(self.any(Kind::Text)),
                Op::Field(self.operand(Kind::Big), 7),
            ),
            7 => inst(Some(self.any(Kind::Option)), Op::Some(self.text())),
            8 => inst(
                Some(self.any(Kind::Text)),
                Op::Payload(self.operand(Kind::Option)),
            ),
            9 => {
                let element = self.text();
                inst(None, Op::ListPush(self.place(Kind::List, vec![]), element))
            }
            10 => {
                let at = index(self);
                inst(
                    Some(self.any(Kind::Text)),
                    Op::ListGet(self.operand(Kind::List), at),
                )
            }
            11 => {
                let way = vec![Projection::Index(index(self))];
                let value = self.text();
                inst(None, Op::Store(self.place(Kind::List, way), value))
            }
            12 => {
                let value = self.text();
                let way = vec![Projection::Field(0)];
                inst(None, Op::Store(self.place(Kind::Pair, way), value))
            }
            13 => {
                let way = vec![Projection::Field(3)];
                inst(
                    Some(self.any(Kind::Text)),
                    Op::Take(self.place(Kind::Big, way)),
                )
            }
            14 => {
                let tail = self.text();
                inst(None, Op::StrAppend(self.place(Kind::Text, vec![]), tail))
            }
            15 => {
                let way = vec![Projection::Index(index(self))];
                let tail = self.text();
                inst(None, Op::StrAppend(self.place(Kind::List, way), tail))
            }
            16 => inst(
                Some(self.any(Kind::Int)),
                Op::ListLen(self.operand(Kind::List)),
            ),
            17 => inst(
                Some(self.any(Kind::List)),
                Op::List(kinds.list, vec![self.text(), self.text()]),
            ),
            18 if !self.index.is_multiple_of(3) => inst(
                Some(self.any(Kind::Int)),
                Op::Call(
                    FunctionId(self.index as u32 - 1),
                    vec![Operand::Const(Const::Int(6)), self.text()],
                ),
            ),
            _ => inst(
                Some(self.any(Kind::Int)),
                Op::Binary(
                    BinaryOp::Add,
                    self.operand(Kind::Int),
                    Operand::Const(Const::Int(1)),
                ),
            ),
        }
    }

    fn end(&mut self) -> Block {
        Block {
            insts: vec![inst(
                Some(LocalId(FIRST)),
                Op::ListLen(self.operand(Kind::List)),
            )],
            terminator: Terminator::Return(Operand::Local(LocalId(FIRST))),
            cold: false,
        }
    }

    /// Looks at the failure and goes on somewhere, as long as there is fuel.
    fn handler(&mut self, goes_on: LocalId) -> Block {
        let text = self.any(Kind::Text);
        Block {
            insts: vec![
                inst(Some(CAUGHT), Op::Catch),
                inst(Some(text), Op::Field(Operand::Local(CAUGHT), 0)),
                inst(
                    Some(goes_on),
                    Op::Compare(
                        Comparison::Gt,
                        Operand::Local(FUEL),
                        Operand::Const(Const::Int(0)),
                    ),
                ),
            ],
            terminator: Terminator::Branch {
                condition: Operand::Local(goes_on),
                then: BlockId(1 + self.random.below(BLOCKS) as u32),
                otherwise: BlockId(BLOCKS as u32 + 1),
            },
            cold: true,
        }
    }
}
