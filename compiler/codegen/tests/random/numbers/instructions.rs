//! Single instructions at random.

use dynop_ir::{BinaryOp, Comparison, FunctionId, Inst, Op, Operand, Place, Projection};

use super::{Builder, KINDS, Kind, checked, inst, int};

impl Builder<'_> {
    pub(super) fn inst(&mut self) -> Inst {
        match self.random.below(4) {
            0 | 1 => self.arithmetic(),
            2 => self.value(),
            _ => self.container(),
        }
    }

    fn arithmetic(&mut self) -> Inst {
        let comparisons = [
            Comparison::Eq,
            Comparison::Ne,
            Comparison::Lt,
            Comparison::Le,
            Comparison::Gt,
            Comparison::Ge,
        ];
        let comparison = comparisons[self.random.below(6)];
        let ints = [
            BinaryOp::Add,
            BinaryOp::Sub,
            BinaryOp::Mul,
            BinaryOp::Div,
            BinaryOp::Rem,
            BinaryOp::Shl,
            BinaryOp::Shr,
            BinaryOp::And,
            BinaryOp::Or,
            BinaryOp::Xor,
            BinaryOp::AddWrapping,
        ];
        let floats = [
            BinaryOp::Add,
            BinaryOp::Sub,
            BinaryOp::Mul,
            BinaryOp::Div,
            BinaryOp::Rem,
        ];
        let two = |this: &mut Self, kind| (this.operand(kind), this.operand(kind));
        let (kind, op) = match self.random.below(12) {
            0..=3 => {
                let op = ints[self.random.below(ints.len())];
                let (a, b) = two(self, Kind::Int);
                // Shifts of any number would nearly always fail.
                let b = match op {
                    BinaryOp::Shl | BinaryOp::Shr => {
                        int([0, 1, 5, 63, 64, -1][self.random.below(6)])
                    }
                    _ => b,
                };
                (Kind::Int, checked(op, a, b))
            }
            4 => {
                let exponent = int(self.random.below(6) as i64 - 1);
                let base = self.operand(Kind::Int);
                (Kind::Int, checked(BinaryOp::Pow, base, exponent))
            }
            5 => (Kind::Int, Op::Neg(self.operand(Kind::Int))),
            6 => {
                let op = floats[self.random.below(floats.len())];
                let (a, b) = two(self, Kind::Float);
                (Kind::Float, checked(op, a, b))
            }
            7 => match self.random.below(2) {
                0 => (Kind::Float, Op::Neg(self.operand(Kind::Float))),
                _ => (Kind::Float, Op::IntToFloat(self.operand(Kind::Int))),
            },
            8 => (Kind::Bool, Op::Not(self.operand(Kind::Bool))),
            9 => {
                let op = [BinaryOp::And, BinaryOp::Or, BinaryOp::Xor][self.random.below(3)];
                let (a, b) = two(self, Kind::Bool);
                (Kind::Bool, checked(op, a, b))
            }
            _ => {
                let kind = [Kind::Int, Kind::Float, Kind::Bool, Kind::Text][self.random.below(4)];
                let (a, b) = two(self, kind);
                (Kind::Bool, Op::Compare(comparison, a, b))
            }
        };
        inst(Some(self.any(kind)), op)
    }

    /// Copies, tuples, options, enums, ranges, calls.
    fn value(&mut self) -> Inst {
        let kinds = self.kinds;
        let some = |this: &mut Self, kind| Operand::Local(this.any(kind));
        let (kind, op) = match self.random.below(16) {
            0 => {
                let kind = KINDS[self.random.below(KINDS.len())];
                (kind, Op::Copy(some(self, kind)))
            }
            1 => {
                let fields = [Kind::Bool, Kind::Int, Kind::Float].map(|kind| self.operand(kind));
                (Kind::Row, Op::Make(kinds.get(Kind::Row), fields.to_vec()))
            }
            2 => {
                let mut fields: Vec<Operand> = (0..15).map(|_| self.operand(Kind::Int)).collect();
                let rest = [Kind::Float, Kind::Bool, Kind::Text, Kind::Bool];
                fields.extend(rest.map(|kind| self.operand(kind)));
                (Kind::Big, Op::Make(kinds.get(Kind::Big), fields))
            }
            3 => (Kind::Int, Op::Field(some(self, Kind::Row), 1)),
            4 => (Kind::Float, Op::Field(some(self, Kind::Row), 2)),
            5 => {
                let (kind, index) = [
                    (Kind::Int, 3),
                    (Kind::Float, 15),
                    (Kind::Bool, 16),
                    (Kind::Text, 17),
                ][self.random.below(4)];
                (kind, Op::Field(some(self, Kind::Big), index))
            }
            6 => (Kind::Maybe, Op::Some(self.operand(Kind::Int))),
            7 => (Kind::Int, Op::Payload(some(self, Kind::Maybe))),
            8 => (Kind::Bool, Op::IsSome(some(self, Kind::Maybe))),
            9 => {
                let (case, payload) = match self.random.below(3) {
                    0 => (0, vec![]),
                    1 => (1, vec![self.operand(Kind::Float), self.operand(Kind::Bool)]),
                    _ => (2, vec![self.operand(Kind::Text), self.operand(Kind::Int)]),
                };
                (
                    Kind::Shape,
                    Op::Variant(kinds.get(Kind::Shape), case, payload),
                )
            }
            10 => (Kind::Int, Op::VariantField(some(self, Kind::Shape), 2, 1)),
            11 => (Kind::Text, Op::VariantField(some(self, Kind::Shape), 2, 0)),
            12 => {
                let ends = vec![self.operand(Kind::Int), self.operand(Kind::Int)];
                (Kind::Range, Op::Make(kinds.get(Kind::Range), ends))
            }
            13 => (
                Kind::Int,
                Op::Field(some(self, Kind::Range), self.random.below(2) as u32),
            ),
            14 if !self.index.is_multiple_of(4) => {
                let args = vec![int(4), self.operand(Kind::Int), self.operand(Kind::Float)];
                // The one before; the closure's code is the first.
                (Kind::Int, Op::Call(FunctionId(self.index as u32), args))
            }
            _ => {
                let arg = self.operand(Kind::Int);
                (
                    Kind::Int,
                    Op::CallClosure(some(self, Kind::Closure), vec![arg]),
                )
            }
        };
        inst(Some(self.any(kind)), op)
    }

    /// Lists, places, texts.
    fn container(&mut self) -> Inst {
        let kinds = self.kinds;
        let index = |this: &mut Self| match this.random.below(5) {
            0 => this.operand(Kind::Int),
            at => int(at as i64 - 1),
        };
        let at = |local, projections| Place { local, projections };
        match self.random.below(14) {
            0 => {
                let elements = (0..self.random.below(4)).map(|_| self.operand(Kind::Int));
                let op = Op::List(kinds.get(Kind::Ints), elements.collect());
                inst(Some(self.any(Kind::Ints)), op)
            }
            1 => {
                let rows = vec![Operand::Local(self.any(Kind::Row)); 2];
                inst(
                    Some(self.any(Kind::Rows)),
                    Op::List(kinds.get(Kind::Rows), rows),
                )
            }
            2 => {
                let capacity = int(self.random.below(7) as i64 - 1);
                let op = Op::ListWithCapacity(kinds.get(Kind::Ints), capacity);
                inst(Some(self.any(Kind::Ints)), op)
            }
            3 | 4 => {
                let value = self.operand(Kind::Int);
                inst(None, Op::ListPush(at(self.any(Kind::Ints), vec![]), value))
            }
            5 => {
                let value = Operand::Local(self.any(Kind::Row));
                inst(None, Op::ListPush(at(self.any(Kind::Rows), vec![]), value))
            }
            6 => {
                let (list, index) = (Operand::Local(self.any(Kind::Ints)), index(self));
                inst(Some(self.any(Kind::Int)), Op::ListGet(list, index))
            }
            7 => {
                let (list, index) = (Operand::Local(self.any(Kind::Rows)), index(self));
                inst(Some(self.any(Kind::Row)), Op::ListGet(list, index))
            }
            8 => {
                let (way, value) = (Projection::Index(index(self)), self.operand(Kind::Int));
                inst(None, Op::Store(at(self.any(Kind::Ints), vec![way]), value))
            }
            9 => {
                let way = vec![Projection::Index(index(self)), Projection::Field(1)];
                let value = self.operand(Kind::Int);
                inst(None, Op::Store(at(self.any(Kind::Rows), way), value))
            }
            10 => {
                let way = vec![Projection::Index(index(self)), Projection::Field(2)];
                let op = Op::Load(at(self.any(Kind::Rows), way));
                inst(Some(self.any(Kind::Float)), op)
            }
            11 => {
                let (field, kind) =
                    [(2, Kind::Int), (16, Kind::Bool), (17, Kind::Text)][self.random.below(3)];
                let value = self.operand(kind);
                let way = vec![Projection::Field(field)];
                inst(None, Op::Store(at(self.any(Kind::Big), way), value))
            }
            12 => {
                let tail = self.operand(Kind::Text);
                inst(None, Op::StrAppend(at(self.any(Kind::Text), vec![]), tail))
            }
            _ => {
                let list = Operand::Local(self.any(Kind::Ints));
                inst(Some(self.any(Kind::Int)), Op::ListLen(list))
            }
        }
    }
}
