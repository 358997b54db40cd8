//! Expressions that a type has for itself: its operators and methods.

use super::Generator;
use super::types::Ty;

impl Generator {
    pub(super) fn own_form(&mut self, ty: &Ty, depth: usize) -> String {
        match ty {
            Ty::Int => self.an_integer(depth),
            Ty::Float => self.a_float(depth),
            Ty::Bool => self.a_bool(depth),
            Ty::Str => self.a_text(depth),
            Ty::Bytes => self.some_bytes(depth),
            Ty::Row => self.a_row(depth),
            Ty::Shape => self.a_shape(depth),
            Ty::Tree => format!(
                "Tree.Node({}, {})",
                self.expression(ty, depth),
                self.expression(ty, 0)
            ),
            Ty::List(item) => self.a_list(item, depth),
            Ty::Map(key, value) => self.a_map(key, value, depth),
            Ty::Set(item) => self.a_set(item, depth),
            Ty::Option(item) => self.an_option(item, depth),
            Ty::Tuple(parts) => {
                let parts: Vec<String> = parts
                    .iter()
                    .map(|part| self.expression(part, depth))
                    .collect();
                format!("({})", parts.join(", "))
            }
            Ty::Pair(item) => {
                let (a, b) = (self.expression(item, depth), Ty::Option(item.clone()));
                let pair = format!("Pair(a: {a}, b: {})", self.expression(&b, depth));
                match self.random.below(3) {
                    0 => format!("flip({pair})"),
                    1 => format!("Pair(..{pair}, a: {})", self.expression(item, 0)),
                    _ => pair,
                }
            }
            Ty::Function(of, to) => self.closure(of, to, depth),
        }
    }

    fn an_integer(&mut self, depth: usize) -> String {
        let (a, b) = (
            self.expression(&Ty::Int, depth),
            self.expression(&Ty::Int, depth),
        );
        match self.random.below(34) {
            4 | 8 | 9 | 15 | 17 if !self.dares() => format!("({a} ^ {b})"),
            0..=2 => format!("({a} + {b})"),
            3 => format!("({a} - {b})"),
            4 => format!("({a} * {b})"),
            5 => format!("(({a} % 97) * ({b} % 89))"),
            6 => format!("(({a} % 1000) + ({b} % 1000))"),
            7 => format!("({a} / ({b} | 1))"),
            8 => format!("({a} / {b})"),
            9 => format!("({a} % {b})"),
            10 => format!("({a} & {b})"),
            11 => format!("({a} | {b})"),
            12 => format!("({a} ^ {b})"),
            13 => format!("({a} << ({b} & 7))"),
            14 => format!("({a} >> ({b} & 63))"),
            15 => format!("({a} >> {b})"),
            16 => format!("(({a} % 9) ** ({b} & 3))"),
            17 => format!("({a} ** {b})"),
            18 => format!("(-{a})"),
            19 => format!("({a}).min({b})"),
            20 => format!("({a}).max({b}).abs()"),
            21 => format!("({}).to_int()", self.expression(&Ty::Float, depth)),
            22 => match self.dares() {
                true => format!("({}).parse_int()", self.expression(&Ty::Str, depth)),
                false => format!("(({}).to_int() ?? {b})", self.expression(&Ty::Str, depth)),
            },
            23 => format!("total({})", self.expression(&Ty::Tree, depth)),
            24 => format!("({}).n", self.expression(&Ty::Row, depth)),
            25 => format!(
                "({}).{}()",
                self.expression(&Ty::Str, depth),
                ["len", "byte_len"][self.random.below(2)]
            ),
            26 => format!(
                "(({}).find({}) ?? -1)",
                self.expression(&Ty::Str, depth),
                self.words()
            ),
            27 => match self.dares() {
                true => format!(
                    "({}).at({})",
                    self.expression(&Ty::Bytes, depth),
                    self.small()
                ),
                false => format!("({}).len()", self.expression(&Ty::Bytes, depth)),
            },
            28 => format!("depth({})", self.random.below(60)),
            _ => self.of_a_list(depth),
        }
    }

    /// An `Int` that comes out of a collection.
    fn of_a_list(&mut self, depth: usize) -> String {
        let of = self.ty(1);
        let list = self.expression(&Ty::list(of.clone()), depth);
        match self.random.below(8) {
            0 | 1 => format!("({list}).len()"),
            2 => format!("({list}).count({})", self.condition_on(&of, depth)),
            3 => format!("(({list}).index_of({}) ?? -1)", self.expression(&of, 0)),
            4 => {
                let (total, item) = (self.fresh("c"), self.fresh("c"));
                let body = self.within(|this| {
                    this.declare(&total, &Ty::Int, false);
                    this.declare(&item, &of, false);
                    this.expression(&Ty::Int, depth)
                });
                format!("({list}).fold({}, |{total}, {item}| {body})", self.small())
            }
            5 => format!("({}).sum()", self.expression(&Ty::list(Ty::Int), depth)),
            6 => {
                let (key, value) = (self.key_type(), self.ty(1));
                let map = Ty::Map(Box::new(key), Box::new(value));
                format!("({}).len()", self.expression(&map, depth))
            }
            _ => {
                let set = Ty::Set(Box::new(self.key_type()));
                format!("({}).len()", self.expression(&set, depth))
            }
        }
    }

    fn a_float(&mut self, depth: usize) -> String {
        let (a, b) = (
            self.expression(&Ty::Float, depth),
            self.expression(&Ty::Float, depth),
        );
        match self.random.below(16) {
            0 | 1 => format!("({a} + {b})"),
            2 => format!("({a} - {b})"),
            3 => format!("({a} * {b})"),
            4 => format!("({a} / {b})"),
            5 => format!("({a} % {b})"),
            6 => format!("({a} ** {}.0)", self.small()),
            7 => format!("(-{a})"),
            8 => {
                let methods = [
                    "sqrt", "floor", "ceil", "round", "abs", "trunc", "fract", "sign",
                ];
                format!("({a}).{}()", self.random.of(&methods))
            }
            9 => format!("({a}).min({b})"),
            10 => format!("({a}).max({b})"),
            11 | 12 => format!("({}).to_float()", self.expression(&Ty::Int, depth)),
            13 => format!("({}).sum()", self.expression(&Ty::list(Ty::Float), depth)),
            14 => format!("({}).x", self.expression(&Ty::Row, depth)),
            _ => format!("({}).round({})", a, self.small()),
        }
    }

    fn a_bool(&mut self, depth: usize) -> String {
        let (a, b) = (
            self.expression(&Ty::Bool, depth),
            self.expression(&Ty::Bool, depth),
        );
        match self.random.below(12) {
            0 => format!("({a} and {b})"),
            1 => format!("({a} or {b})"),
            2 => format!("(not {a})"),
            3..=5 => {
                let ty = self.random.of(&[Ty::Int, Ty::Float, Ty::Str]).clone();
                let operator = self
                    .random
                    .of(&["<", "<=", ">", ">=", "==", "!="])
                    .to_string();
                let (a, b) = (self.expression(&ty, depth), self.expression(&ty, depth));
                format!("({a} {operator} {b})")
            }
            6 | 7 => {
                let ty = self.ty(2);
                let (a, b) = (self.expression(&ty, depth), self.expression(&ty, depth));
                format!("({a} {} {b})", ["==", "!="][self.random.below(2)])
            }
            8 => {
                let ty = self.ty(1);
                let (list, item) = (
                    self.expression(&Ty::list(ty.clone()), depth),
                    self.expression(&ty, 0),
                );
                format!("({list}).contains({item})")
            }
            9 => {
                let key = self.key_type();
                let set = Ty::Set(Box::new(key.clone()));
                format!(
                    "({}).contains({})",
                    self.expression(&set, depth),
                    self.expression(&key, 0)
                )
            }
            10 => {
                let ty = self.ty(1);
                let method = ["any", "all"][self.random.below(2)];
                let list = self.expression(&Ty::list(ty.clone()), depth);
                format!("({list}).{method}({})", self.condition_on(&ty, depth))
            }
            _ => {
                let method = ["starts_with", "ends_with", "contains"][self.random.below(3)];
                format!(
                    "({}).{method}({})",
                    self.expression(&Ty::Str, depth),
                    self.words()
                )
            }
        }
    }

    fn a_text(&mut self, depth: usize) -> String {
        let a = self.expression(&Ty::Str, depth);
        match self.random.below(16) {
            0 | 1 => format!("({a} + {})", self.expression(&Ty::Str, depth)),
            2..=5 => self.f_string(),
            6 => {
                let methods = [
                    "lower",
                    "upper",
                    "trim",
                    "trim_start",
                    "reversed",
                    "capitalized",
                ];
                format!("({a}).{}()", self.random.of(&methods))
            }
            7 => format!("({a}).replace({}, {})", self.words(), self.words()),
            8 => format!(
                "({a}).slice({}, {})",
                self.small(),
                self.expression(&Ty::Int, 0)
            ),
            9 => format!("({a}).repeat({})", self.small()),
            10 => format!("({a}).pad_left({}, \"é\")", self.random.below(20)),
            11 => format!(
                "({}).join({})",
                self.expression(&Ty::list(Ty::Str), depth),
                self.words()
            ),
            12 => format!("({}).name", self.expression(&Ty::Row, depth)),
            13 => format!("(({a}).char_at({}) ?? \"none\")", self.small()),
            14 => match self.dares() {
                false => format!("({}).to_hex()", self.expression(&Ty::Bytes, depth)),
                true => format!("({}).to_str()", self.expression(&Ty::Bytes, depth)),
            },
            _ => format!("({}).to_str()", self.expression(&Ty::Int, depth)),
        }
    }

    fn some_bytes(&mut self, depth: usize) -> String {
        let a = self.expression(&Ty::Bytes, depth);
        match self.random.below(4) {
            0 => format!("({a} + {})", self.expression(&Ty::Bytes, depth)),
            1 => format!(
                "({a}).slice({}, {})",
                self.small(),
                self.expression(&Ty::Int, 0)
            ),
            2 => format!("({}).to_bytes()", self.expression(&Ty::Str, depth)),
            _ if self.dares() => format!(
                "bytes.from_list({})",
                self.expression(&Ty::list(Ty::Int), depth)
            ),
            _ => a,
        }
    }

    fn a_row(&mut self, depth: usize) -> String {
        let row = format!(
            "Row(name: {}, n: {}, tags: {}, x: {})",
            self.expression(&Ty::Str, depth),
            self.expression(&Ty::Int, depth),
            self.expression(&Ty::list(Ty::Str), depth),
            self.expression(&Ty::Float, depth)
        );
        match self.random.below(2) {
            0 => row,
            _ => {
                let base = self.expression(&Ty::Row, 0);
                format!("Row(..{base}, n: {})", self.expression(&Ty::Int, depth))
            }
        }
    }

    fn a_shape(&mut self, depth: usize) -> String {
        match self.random.below(3) {
            0 => format!("Shape.Circle({})", self.expression(&Ty::Float, depth)),
            1 => format!(
                "Shape.Named({}, {})",
                self.expression(&Ty::Str, depth),
                self.expression(&Ty::Int, depth)
            ),
            _ => format!("Shape.Many({})", self.expression(&Ty::list(Ty::Int), depth)),
        }
    }
}
