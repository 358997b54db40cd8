//! Types, and constants of them.

use super::Generator;

#[derive(Clone, PartialEq, Debug)]
pub(super) enum Ty {
    Int,
    Float,
    Bool,
    Str,
    Bytes,
    Row,
    Shape,
    Tree,
    List(Box<Ty>),
    Map(Box<Ty>, Box<Ty>),
    Set(Box<Ty>),
    Option(Box<Ty>),
    Tuple(Vec<Ty>),
    Pair(Box<Ty>),
    Function(Box<Ty>, Box<Ty>),
}

impl Ty {
    pub(super) fn list(item: Ty) -> Self {
        Self::List(Box::new(item))
    }

    pub(super) fn option(item: Ty) -> Self {
        Self::Option(Box::new(item))
    }

    pub(super) fn text(&self) -> String {
        match self {
            Self::Int => "Int".into(),
            Self::Float => "Float".into(),
            Self::Bool => "Bool".into(),
            Self::Str => "Str".into(),
            Self::Bytes => "Bytes".into(),
            Self::Row => "Row".into(),
            Self::Shape => "Shape".into(),
            Self::Tree => "Tree".into(),
            Self::List(item) => format!("List<{}>", item.text()),
            Self::Map(key, value) => format!("Map<{}, {}>", key.text(), value.text()),
            Self::Set(item) => format!("Set<{}>", item.text()),
            Self::Option(item) => format!("{}?", item.text()),
            Self::Tuple(parts) => {
                let parts: Vec<String> = parts.iter().map(Ty::text).collect();
                format!("({})", parts.join(", "))
            }
            Self::Pair(item) => format!("Pair<{}>", item.text()),
            Self::Function(of, to) => format!("fn({}) -> {}", of.text(), to.text()),
        }
    }

    /// Whether its values have an order.
    pub(super) fn is_ordered(&self) -> bool {
        matches!(self, Self::Int | Self::Float | Self::Str)
    }

    /// Whether it is all numbers.
    pub(super) fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Float)
    }

    /// Whether its values may be keys.
    pub(super) fn is_key(&self) -> bool {
        match self {
            Self::Int | Self::Str | Self::Bool | Self::Bytes => true,
            Self::Tuple(parts) => parts.iter().all(Self::is_key),
            Self::List(item) => item.is_key(),
            _ => false,
        }
    }

    /// Whether its values are compared and shown: no functions in it.
    pub(super) fn is_data(&self) -> bool {
        match self {
            Self::Function(..) => false,
            Self::List(item) | Self::Option(item) | Self::Pair(item) | Self::Set(item) => {
                item.is_data()
            }
            Self::Map(_, value) => value.is_data(),
            Self::Tuple(parts) => parts.iter().all(Self::is_data),
            _ => true,
        }
    }
}

impl Generator {
    /// A type of values that can be shown.
    pub(super) fn ty(&mut self, depth: usize) -> Ty {
        let simple = [
            Ty::Int,
            Ty::Int,
            Ty::Int,
            Ty::Str,
            Ty::Str,
            Ty::Float,
            Ty::Bool,
            Ty::Bytes,
        ];
        if depth == 0 || self.random.once_in(3) {
            return self.random.of(&simple).clone();
        }
        let boxed = |this: &mut Self| Box::new(this.ty(depth - 1));
        match self.random.below(12) {
            0 => Ty::Row,
            1 => Ty::Shape,
            2 => Ty::Tree,
            3..=5 => Ty::List(boxed(self)),
            6 => Ty::Map(Box::new(self.key_type()), boxed(self)),
            7 => Ty::Set(Box::new(self.key_type())),
            // Options of options are written by nobody, and `??` would not know which of them is meant.
            8 => match self.ty(depth - 1) {
                Ty::Option(inner) => Ty::Option(inner),
                inner => Ty::option(inner),
            },
            9 => Ty::Tuple(vec![self.ty(depth - 1), self.ty(depth - 1)]),
            10 => Ty::Pair(boxed(self)),
            _ => self.random.of(&simple).clone(),
        }
    }

    pub(super) fn key_type(&mut self) -> Ty {
        match self.random.below(8) {
            0..=2 => Ty::Int,
            3..=5 => Ty::Str,
            6 => Ty::Bool,
            _ => Ty::Tuple(vec![Ty::Int, Ty::Str]),
        }
    }

    pub(super) fn small(&mut self) -> String {
        self.random.below(4).to_string()
    }

    fn integer(&mut self) -> String {
        let n = match self.random.below(40) {
            0 => i64::MAX,
            1 => i64::MIN,
            2 => 1 << 32,
            3 => 3_037_000_500,
            4..=7 => -(self.random.below(9) as i64) - 1,
            8..=13 => self.random.below(200) as i64,
            _ => self.random.below(12) as i64,
        };
        match n {
            i64::MIN => "(-9223372036854775807 - 1)".into(),
            n if n < 0 => format!("({n})"),
            n => n.to_string(),
        }
    }

    /// A text, with its quotes.
    pub(super) fn words(&mut self) -> String {
        let known = [
            "",
            "a",
            "b",
            "key",
            "k1",
            "fifteen letters",
            "sixteen letters!",
            "12",
            " 7 ",
            "-3",
            "x,y,z",
            "two  words",
            "añb",
            "日本語 text",
            "🦀 and more of it",
            "line\\nbreak",
            "a \\\"quoted\\\" text of some length",
            "a longer text that has a buffer of its own",
            "UPPER lower",
        ];
        format!("\"{}\"", self.random.of(&known))
    }

    /// A constant of a type, nowhere empty in a way that leaves its type open.
    pub(super) fn constant(&mut self, ty: &Ty) -> String {
        match ty {
            Ty::Int => self.integer(),
            Ty::Float => {
                let known = [
                    "0.0",
                    "1.0",
                    "2.5",
                    "0.1",
                    "1234.5678",
                    "(-1.5)",
                    "(-0.0)",
                    "1.0e300",
                    "3.0e-310",
                    "math.NAN",
                    "math.INFINITY",
                    "(-math.INFINITY)",
                    "9007199254740993.0",
                ];
                self.random.of(&known).to_string()
            }
            Ty::Bool => ["true", "false"][self.random.below(2)].to_owned(),
            Ty::Str => self.words(),
            Ty::Bytes => {
                let known = [
                    "b\"\"",
                    "b\"ab\"",
                    "b\"\\x00\\xff\\x80\"",
                    "b\"more than sixteen bytes\"",
                ];
                self.random.of(&known).to_string()
            }
            Ty::Row => format!(
                "Row(name: {}, n: {}, tags: {}, x: {})",
                self.words(),
                self.integer(),
                self.constant(&Ty::list(Ty::Str)),
                self.constant(&Ty::Float)
            ),
            Ty::Shape => match self.random.below(4) {
                0 => "Shape.Dot".into(),
                1 => format!("Shape.Circle({})", self.constant(&Ty::Float)),
                2 => format!("Shape.Named({}, {})", self.words(), self.integer()),
                _ => format!("Shape.Many({})", self.constant(&Ty::list(Ty::Int))),
            },
            Ty::Tree if self.random.once_in(3) => format!(
                "Tree.Node({}, {})",
                self.constant(&Ty::Tree),
                self.constant(&Ty::Tree)
            ),
            Ty::Tree => format!("Tree.Leaf({})", self.integer()),
            Ty::List(item) if self.random.once_in(6) => {
                format!("empty_of({})", self.constant(item))
            }
            Ty::List(item) => {
                let items: Vec<String> = (0..1 + self.random.below(4))
                    .map(|_| self.constant(item))
                    .collect();
                format!("[{}]", items.join(", "))
            }
            Ty::Map(key, value) if self.random.once_in(6) => {
                format!(
                    "no_map_of({}, {})",
                    self.constant(key),
                    self.constant(value)
                )
            }
            Ty::Map(key, value) => {
                let entries: Vec<String> = (0..1 + self.random.below(3))
                    .map(|_| format!("{}: {}", self.constant(key), self.constant(value)))
                    .collect();
                format!("[{}]", entries.join(", "))
            }
            Ty::Set(item) => format!("Set({})", self.constant(&Ty::List(item.clone()))),
            Ty::Option(item) if self.random.once_in(4) => {
                format!("none_of({})", self.constant(item))
            }
            Ty::Option(item) => format!("some({})", self.constant(item)),
            Ty::Tuple(parts) => {
                let parts: Vec<String> = parts.iter().map(|part| self.constant(part)).collect();
                format!("({})", parts.join(", "))
            }
            Ty::Pair(item) => format!(
                "Pair(a: {}, b: {})",
                self.constant(item),
                self.constant(&Ty::Option(item.clone()))
            ),
            Ty::Function(of, to) => {
                let param = self.fresh("c");
                format!("|{param}: {}| {}", of.text(), self.constant(to))
            }
        }
    }
}
