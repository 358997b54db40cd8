//! Random programs of numbers: checked arithmetic, floats, comparisons, flat lists, structs in memory, enums, ranges,
//! closures, switches.

use dynop_ir::{
    Aggregate, AggregateKind, BinaryOp, Block, BlockId, Case, Comparison, Const, Enum, Function,
    FunctionId, Inst, Local, LocalId, Op, OpEntry, Operand, Program, Terminator, Type, TypeId,
};

use super::{Random, inst, local};

mod instructions;

/// How many locals of each kind a function has.
const EACH: usize = 3;
/// How many pairs of blocks there are beside the entry, the end and the handler: one works, one chooses where to go.
const PAIRS: u32 = 6;
const END: BlockId = BlockId(1 + 2 * PAIRS);
const HANDLER: BlockId = BlockId(2 + 2 * PAIRS);
const FUEL: LocalId = LocalId(0);

/// Kinds of locals, in their order.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Int,
    Float,
    Bool,
    Text,
    Ints,
    Rows,
    Row,
    Big,
    Maybe,
    Shape,
    Range,
    Closure,
}

const KINDS: [Kind; 12] = [
    Kind::Int,
    Kind::Float,
    Kind::Bool,
    Kind::Text,
    Kind::Ints,
    Kind::Rows,
    Kind::Row,
    Kind::Big,
    Kind::Maybe,
    Kind::Shape,
    Kind::Range,
    Kind::Closure,
];

struct Kinds {
    of: Vec<TypeId>,
    caught: TypeId,
}

impl Kinds {
    fn get(&self, kind: Kind) -> TypeId {
        self.of[kind as usize]
    }
}

/// A program of so many functions, each of which is an op.
pub fn program(seed: u64, functions: usize) -> Program {
    let mut program = Program::default();
    let kinds = kinds(&mut program);
    let mut random = Random(seed);
    program.functions.push(closure(&kinds));
    for index in 0..functions {
        let builder = Builder {
            random: &mut random,
            kinds: &kinds,
            index,
        };
        let function = builder.function();
        program.functions.push(function);
    }
    for index in 0..functions {
        program.ops.push(OpEntry {
            function: FunctionId(program.functions.len() as u32),
            returns_output: true,
        });
        program.functions.push(caller(&kinds, index));
    }
    program
}

fn kinds(program: &mut Program) -> Kinds {
    let types = &mut program.types;
    let (int, float) = (types.intern(Type::Int), types.intern(Type::Float));
    let (bool, text) = (types.intern(Type::Bool), types.intern(Type::Str));
    let named = |fields: &[(&str, TypeId)]| -> Vec<(String, TypeId)> {
        let fields = fields.iter();
        fields.map(|&(name, ty)| (name.to_owned(), ty)).collect()
    };
    let aggregate = |kind, fields| {
        Type::Aggregate(Aggregate {
            kind,
            name: String::new(),
            fields,
            defaults: Vec::new(),
        })
    };
    let row = named(&[("", bool), ("", int), ("", float)]);
    let row = types.intern(aggregate(AggregateKind::Tuple, row));
    // More parts than registers are used for: such values live in memory.
    let mut big = vec![("", int); 15];
    big.extend([("", float), ("", bool), ("", text), ("", bool)]);
    let big = types.intern(aggregate(AggregateKind::Tuple, named(&big)));
    let caught = named(&[("message", text), ("kind", text), ("trace", text)]);
    let caught = types.intern(aggregate(AggregateKind::NamedTuple, caught));
    let case = |name: &str, payload| Case {
        name: name.to_owned(),
        payload,
    };
    let shape = types.intern(Type::Enum(Enum {
        name: "Shape".to_owned(),
        variants: vec![
            case("Point", Vec::new()),
            case("Circle", named(&[("", float), ("", bool)])),
            case("Named", named(&[("", text), ("", int)])),
        ],
        json: false,
    }));
    let of = vec![
        int,
        float,
        bool,
        text,
        types.intern(Type::List(int)),
        types.intern(Type::List(row)),
        row,
        big,
        types.intern(Type::Option(int)),
        shape,
        types.intern(Type::Range),
        types.intern(Type::Closure(vec![int], int)),
    ];
    Kinds { of, caught }
}

fn int(n: i64) -> Operand {
    Operand::Const(Const::Int(n))
}

fn checked(op: BinaryOp, a: Operand, b: Operand) -> Op {
    Op::Binary(op, a, b)
}

/// Adds to the number that it keeps, and gives it.
fn closure(kinds: &Kinds) -> Function {
    let (given, kept) = (LocalId(0), LocalId(1));
    let sum = checked(BinaryOp::Add, Operand::Local(kept), Operand::Local(given));
    Function {
        captures: Some(vec![kinds.get(Kind::Int), kinds.get(Kind::Text)]),
        ..function(
            "closure".to_owned(),
            1,
            vec![
                local("given", kinds.get(Kind::Int)),
                local("kept", kinds.get(Kind::Int)),
            ],
            vec![Block {
                insts: vec![
                    inst(Some(kept), Op::CaptureLoad(0)),
                    inst(Some(kept), sum),
                    inst(None, Op::CaptureStore(0, Operand::Local(kept))),
                ],
                terminator: Terminator::Return(Operand::Local(kept)),
                cold: false,
            }],
            kinds,
        )
    }
}

fn function(
    name: String,
    params: u32,
    locals: Vec<Local>,
    blocks: Vec<Block>,
    kinds: &Kinds,
) -> Function {
    Function {
        display_name: name.clone(),
        name,
        params,
        captures: None,
        result: kinds.get(Kind::Int),
        fallible: true,
        locals,
        blocks,
        span: None,
    }
}

fn caller(kinds: &Kinds, index: usize) -> Function {
    let result = LocalId(0);
    let args = vec![
        int(12),
        int(index as i64),
        Operand::Const(Const::Float(1.5)),
    ];
    let call = Op::Call(FunctionId(index as u32 + 1), args);
    let block = Block {
        insts: vec![inst(Some(result), call)],
        terminator: Terminator::Return(Operand::Local(result)),
        cold: false,
    };
    let locals = vec![local("", kinds.get(Kind::Int))];
    function(format!("op_{index}"), 0, locals, vec![block], kinds)
}

struct Builder<'r> {
    random: &'r mut Random,
    kinds: &'r Kinds,
    index: usize,
}

impl Builder<'_> {
    /// `fn(fuel: Int, n: Int, x: Float) -> Int`
    fn function(mut self) -> Function {
        let kinds = self.kinds;
        let mut locals = vec![
            local("fuel", kinds.get(Kind::Int)),
            local("n", kinds.get(Kind::Int)),
            local("x", kinds.get(Kind::Float)),
            local("caught", kinds.caught),
            local("goes_on", kinds.get(Kind::Bool)),
            local("digest", kinds.get(Kind::Int)),
            local("scratch", kinds.get(Kind::Int)),
        ];
        for kind in KINDS {
            locals.extend((0..EACH).map(|_| local("", kinds.get(kind))));
        }
        let mut blocks = vec![self.entry()];
        for pair in 0..PAIRS {
            blocks.push(self.work(BlockId(2 + 2 * pair)));
            blocks.push(self.choose());
        }
        blocks.push(self.end());
        blocks.push(self.handler());
        function(format!("f_{}", self.index), 3, locals, blocks, kinds)
    }

    fn nth(kind: Kind, index: usize) -> LocalId {
        LocalId(7 + (kind as usize * EACH + index) as u32)
    }

    fn any(&mut self, kind: Kind) -> LocalId {
        Self::nth(kind, self.random.below(EACH))
    }

    fn operand(&mut self, kind: Kind) -> Operand {
        match (kind, self.random.below(3)) {
            (Kind::Int, 0) => int(self.number()),
            (Kind::Float, 0) => Operand::Const(Const::Float(self.float())),
            (Kind::Bool, 0) => Operand::Const(Const::Bool(self.random.below(2) == 0)),
            (Kind::Text, 0) => Operand::Const(Const::Str(self.text().to_owned())),
            _ => Operand::Local(self.any(kind)),
        }
    }

    fn number(&mut self) -> i64 {
        let known = [
            0,
            1,
            -1,
            2,
            3,
            7,
            -5,
            63,
            64,
            1 << 31,
            -(1 << 32),
            i64::MAX,
            i64::MIN,
            i64::MAX / 2 + 1,
        ];
        match self.random.below(3) {
            0 => self.random.next() as i64,
            _ => known[self.random.below(known.len())],
        }
    }

    fn float(&mut self) -> f64 {
        let known = [
            0.0,
            -0.0,
            1.0,
            -1.5,
            0.1,
            1e300,
            1e-310,
            f64::INFINITY,
            f64::NAN,
        ];
        known[self.random.below(known.len())]
    }

    fn text(&mut self) -> &'static str {
        [
            "",
            "short",
            "fifteen letters",
            "a longer text that is immortal",
        ][self.random.below(4)]
    }

    /// Every local gets a value: numbers are not zeroed by anybody.
    fn entry(&mut self) -> Block {
        let kinds = self.kinds;
        let mut insts = vec![inst(
            Some(LocalId(3)),
            Op::Copy(Operand::Const(Const::Zero(kinds.caught))),
        )];
        for at in [4, 5, 6] {
            let zero = if at == 4 {
                Operand::Const(Const::Bool(false))
            } else {
                int(0)
            };
            insts.push(inst(Some(LocalId(at)), Op::Copy(zero)));
        }
        for kind in KINDS {
            for index in 0..EACH {
                let value = match kind {
                    Kind::Int if index == 0 => Op::Copy(Operand::Local(LocalId(1))),
                    Kind::Int => Op::Copy(int(self.number())),
                    Kind::Float if index == 0 => Op::Copy(Operand::Local(LocalId(2))),
                    Kind::Float => Op::Copy(Operand::Const(Const::Float(self.float()))),
                    Kind::Bool => Op::Copy(Operand::Const(Const::Bool(index == 1))),
                    Kind::Closure => Op::MakeClosure(
                        FunctionId(0),
                        vec![
                            int(index as i64),
                            Operand::Const(Const::Str(self.text().to_owned())),
                        ],
                    ),
                    Kind::Ints if index > 0 => {
                        let elements = (0..3).map(|_| int(self.number())).collect();
                        Op::List(kinds.get(kind), elements)
                    }
                    other => Op::Copy(Operand::Const(Const::Zero(kinds.get(other)))),
                };
                insts.push(inst(Some(Self::nth(kind, index)), value));
            }
        }
        Block {
            insts,
            terminator: Terminator::Jump(BlockId(1)),
            cold: false,
        }
    }

    fn somewhere(&mut self) -> BlockId {
        BlockId(1 + 2 * self.random.below(PAIRS as usize) as u32)
    }

    /// Does something, and goes on as long as there is fuel.
    fn work(&mut self, next: BlockId) -> Block {
        let less = checked(BinaryOp::AddWrapping, Operand::Local(FUEL), int(-1));
        let mut insts = vec![inst(Some(FUEL), less)];
        for _ in 0..3 + self.random.below(7) {
            let mut made = self.inst();
            let fallible = dynop_ir::passes::fallible::can_fail(&made.op, &[]);
            if fallible && self.random.below(4) > 0 {
                made.on_fail = Some(HANDLER);
            }
            insts.push(made);
        }
        let goes_on = Op::Compare(Comparison::Gt, Operand::Local(FUEL), int(0));
        insts.push(inst(Some(LocalId(4)), goes_on));
        Block {
            insts,
            terminator: Terminator::Branch {
                condition: Operand::Local(LocalId(4)),
                then: next,
                otherwise: END,
            },
            cold: false,
        }
    }

    /// Chooses where to go on.
    fn choose(&mut self) -> Block {
        let (a, b, c) = (self.somewhere(), self.somewhere(), self.somewhere());
        let mut insts = Vec::new();
        let terminator = match self.random.below(5) {
            0 => Terminator::Switch {
                value: self.operand(Kind::Int),
                cases: vec![(0, a), (-1, b), (i64::MIN, b), (7, a)],
                otherwise: c,
            },
            1 => {
                let tag = Op::Tag(Operand::Local(self.any(Kind::Shape)));
                insts.push(inst(Some(LocalId(6)), tag));
                Terminator::Switch {
                    value: Operand::Local(LocalId(6)),
                    cases: vec![(0, a), (1, b)],
                    otherwise: c,
                }
            }
            2 if self.random.below(4) == 0 => {
                let message = self.operand(Kind::Text);
                insts.push(Inst {
                    on_fail: (self.random.below(2) == 0).then_some(HANDLER),
                    ..inst(None, Op::Fail(message, Operand::Const(Const::Bool(true))))
                });
                Terminator::Unreachable
            }
            _ => Terminator::Branch {
                condition: Operand::Local(self.any(Kind::Bool)),
                then: a,
                otherwise: b,
            },
        };
        Block {
            insts,
            terminator,
            cold: false,
        }
    }

    /// One number of all that the locals hold.
    fn end(&mut self) -> Block {
        let (digest, scratch) = (LocalId(5), LocalId(6));
        let mut insts = Vec::new();
        let mix = |insts: &mut Vec<Inst>, value: Operand| {
            let parts = [
                checked(BinaryOp::Xor, Operand::Local(digest), value),
                checked(BinaryOp::Shl, Operand::Local(digest), int(5)),
                checked(BinaryOp::Shr, Operand::Local(digest), int(59)),
            ];
            let [xor, left, right] = parts;
            insts.push(inst(Some(digest), xor));
            insts.push(inst(Some(scratch), right));
            insts.push(inst(Some(digest), left));
            let sum = checked(
                BinaryOp::AddWrapping,
                Operand::Local(digest),
                Operand::Local(scratch),
            );
            insts.push(inst(Some(digest), sum));
        };
        for index in 0..EACH {
            let one = |kind| Operand::Local(Self::nth(kind, index));
            mix(&mut insts, one(Kind::Int));
            for op in [
                Op::ListLen(one(Kind::Ints)),
                Op::ListLen(one(Kind::Rows)),
                Op::Field(one(Kind::Row), 1),
                Op::Field(one(Kind::Big), 14),
                Op::Tag(one(Kind::Shape)),
                Op::Payload(one(Kind::Maybe)),
            ] {
                insts.push(inst(Some(scratch), op));
                mix(&mut insts, Operand::Local(scratch));
            }
        }
        Block {
            insts,
            terminator: Terminator::Return(Operand::Local(digest)),
            cold: false,
        }
    }

    /// Looks at the failure and goes on somewhere, as long as there is fuel.
    fn handler(&mut self) -> Block {
        let text = self.any(Kind::Text);
        let caught = Operand::Local(LocalId(3));
        let less = checked(BinaryOp::AddWrapping, Operand::Local(FUEL), int(-1));
        Block {
            insts: vec![
                inst(Some(LocalId(3)), Op::Catch),
                inst(Some(text), Op::Field(caught, 0)),
                inst(Some(FUEL), less),
                inst(
                    Some(LocalId(4)),
                    Op::Compare(Comparison::Gt, Operand::Local(FUEL), int(0)),
                ),
            ],
            terminator: Terminator::Branch {
                condition: Operand::Local(LocalId(4)),
                then: self.somewhere(),
                otherwise: END,
            },
            cold: true,
        }
    }
}
