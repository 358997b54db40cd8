//! Random jobs, as trees that can be written and evaluated.

/// An expression of a job that is one number, or a dynamic output of numbers.
#[derive(Clone, Debug)]
pub enum Node {
    /// A literal.
    Const(i64),
    /// A name, of either sort.
    Name(String),
    /// `op(x)` or `graph(x)`
    Call(&'static str, Box<Node>),
    /// `add(x, y)`
    Add(Box<Node>, Box<Node>),
    /// `sum(d.collect())`
    Sum(Box<Node>),
    /// `count(d.map(write).collect())`
    Count(Box<Node>),
    /// `double(x).after(y)`
    After(Box<Node>, Box<Node>),
    /// `raised(d, x).total`, or `.items`
    Raised(Box<Node>, Box<Node>, bool),
    /// `numbers(n)`
    Numbers(i64),
    /// `broken(n)`, which fails behind its numbers.
    Broken(i64),
    /// `inner(x)`, or `listed(x)`
    Inner(Box<Node>, bool),
    /// `d.map(|name| x)`
    Map(Box<Node>, String, Box<Node>),
    /// `d.filter(|name| odd(x))`
    Filter(Box<Node>, String, Box<Node>),
    /// `d.map(|name| e).flatten()`
    Flat(Box<Node>, String, Box<Node>),
    /// `d.map(|name| x).zip(d.map(|name| y)).map(both)`
    Zip(Box<Node>, (String, Box<Node>), (String, Box<Node>)),
    /// `d.concat(e)`
    Concat(Box<Node>, Box<Node>),
    /// `d.map(halves).even`, or `.odd`
    Halves(Box<Node>, bool),
    /// `d.map(|x, key| with_key(x, key))`
    WithKey(Box<Node>),
}

/// A name that is known, and whether it is dynamic.
type Known = (String, bool);

/// Makes jobs.
pub struct Generator {
    state: u64,
    names: u32,
}

impl Generator {
    /// One that always makes the same.
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            names: 0,
        }
    }

    fn below(&mut self, end: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        (self.state >> 11) % end
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("v{}", self.names)
    }

    /// Names bound to something, in order, and what the job gives.
    pub fn job(&mut self) -> (Vec<(String, Node)>, Node) {
        let (mut lets, mut known) = (Vec::new(), Vec::new());
        for _ in 0..1 + self.below(3) {
            let (name, value) = (self.name(), self.dynamic(&known, 3));
            known.push((name.clone(), true));
            lets.push((name, value));
        }
        if self.below(2) == 0 {
            let (name, value) = (self.name(), self.number(&known, 2));
            known.push((name.clone(), false));
            lets.push((name, value));
        }
        let result = self.number(&known, 6);
        (lets, result)
    }

    fn pick(&mut self, known: &[Known], dynamic: bool) -> Option<Node> {
        let fitting: Vec<&Known> = known.iter().filter(|one| one.1 == dynamic).collect();
        if fitting.is_empty() || self.below(5) == 0 {
            return None;
        }
        let at = self.below(fitting.len() as u64) as usize;
        Some(Node::Name(fitting[at].0.clone()))
    }

    fn number(&mut self, known: &[Known], depth: u32) -> Node {
        let choice = if depth > 0 { self.below(12) } else { 0 };
        let deep = depth.saturating_sub(1);
        match choice {
            2 => Node::Call("double", Box::new(self.number(known, deep))),
            3 => Node::Add(
                Box::new(self.number(known, deep)),
                Box::new(self.number(known, deep)),
            ),
            4 | 5 => Node::Sum(Box::new(self.dynamic(known, deep))),
            6 => Node::Call("twice", Box::new(self.number(known, deep))),
            7 => Node::Raised(
                Box::new(self.dynamic(known, deep)),
                Box::new(self.number(known, deep)),
                true,
            ),
            8 => Node::Call("risky", Box::new(self.number(known, deep))),
            9 => Node::Count(Box::new(self.dynamic(known, deep))),
            11 => Node::Call("or_nine", Box::new(self.number(known, deep))),
            10 => Node::After(
                Box::new(self.number(known, deep)),
                Box::new(self.either(known, deep)),
            ),
            _ => match self.pick(known, false) {
                Some(name) => name,
                None => Node::Const(self.below(9) as i64),
            },
        }
    }

    /// A number or a dynamic output, to be waited for: so no constant.
    fn either(&mut self, known: &[Known], depth: u32) -> Node {
        match self.below(2) {
            0 => match self.number(known, depth) {
                constant @ Node::Const(_) => Node::Call("double", Box::new(constant)),
                number => number,
            },
            _ => self.dynamic(known, depth),
        }
    }

    /// A number that depends on an item.
    fn number_of(&mut self, known: &[Known], depth: u32, item: &str) -> Node {
        let choice = if depth > 0 { self.below(10) } else { 0 };
        let deep = depth.saturating_sub(1);
        match choice {
            1 => Node::Call("double", Box::new(self.number_of(known, deep, item))),
            2 => Node::Add(
                Box::new(self.number(known, deep)),
                Box::new(self.number_of(known, deep, item)),
            ),
            3 => Node::Sum(Box::new(self.dynamic_of(known, deep, item))),
            4 => Node::Call("twice", Box::new(self.number_of(known, deep, item))),
            5 => Node::Call("risky", Box::new(self.number_of(known, deep, item))),
            6 => Node::Count(Box::new(self.dynamic_of(known, deep, item))),
            9 => Node::Call("or_nine", Box::new(self.number_of(known, deep, item))),
            7 => Node::After(
                Box::new(self.number_of(known, deep, item)),
                Box::new(self.either(known, deep)),
            ),
            8 => {
                let waited = match self.below(2) {
                    0 => self.number_of(known, deep, item),
                    _ => self.dynamic_of(known, deep, item),
                };
                Node::After(Box::new(self.number(known, deep)), Box::new(waited))
            }
            _ => Node::Add(
                Box::new(Node::Name(item.to_owned())),
                Box::new(self.number(known, deep)),
            ),
        }
    }

    fn dynamic(&mut self, known: &[Known], depth: u32) -> Node {
        let choice = if depth > 0 { self.below(12) } else { 0 };
        let deep = depth.saturating_sub(1);
        match choice {
            11 => Node::Concat(
                Box::new(self.dynamic(known, deep)),
                Box::new(self.dynamic(known, deep)),
            ),
            3 | 4 => {
                let (source, name, body) = self.closure(known, deep);
                Node::Map(source, name, body)
            }
            5 => {
                let (source, name, body) = self.closure(known, deep);
                Node::Filter(source, name, body)
            }
            6 => {
                let (source, name) = (Box::new(self.dynamic(known, deep)), self.name());
                let within = [known, &[(name.clone(), false)]].concat();
                let body = Box::new(self.dynamic_of(&within, deep, &name));
                Node::Flat(source, name, body)
            }
            7 => {
                let source = match self.pick(known, true) {
                    Some(name) => name,
                    None => self.dynamic(known, deep),
                };
                let mut side = || {
                    let name = self.name();
                    let within = [known, &[(name.clone(), false)]].concat();
                    let body = Box::new(self.number_of(&within, deep, &name));
                    (name, body)
                };
                let (left, right) = (side(), side());
                Node::Zip(Box::new(source), left, right)
            }
            8 => Node::Halves(Box::new(self.dynamic(known, deep)), self.below(2) == 0),
            9 => Node::WithKey(Box::new(self.dynamic(known, deep))),
            10 => Node::Raised(
                Box::new(self.dynamic(known, deep)),
                Box::new(self.number(known, deep)),
                false,
            ),
            _ => match self.pick(known, true) {
                Some(name) => name,
                None if self.below(12) == 0 => Node::Broken(self.below(3) as i64),
                None => Node::Numbers(self.below(4) as i64),
            },
        }
    }

    fn closure(&mut self, known: &[Known], depth: u32) -> (Box<Node>, String, Box<Node>) {
        let (source, name) = (Box::new(self.dynamic(known, depth)), self.name());
        let within = [known, &[(name.clone(), false)]].concat();
        let body = Box::new(self.number_of(&within, depth, &name));
        (source, name, body)
    }

    /// A dynamic output that depends on an item.
    fn dynamic_of(&mut self, known: &[Known], depth: u32, item: &str) -> Node {
        let choice = if depth > 0 { self.below(4) } else { 0 };
        let deep = depth.saturating_sub(1);
        match choice {
            1 | 2 => {
                let (source, name) = (Box::new(self.dynamic(known, deep)), self.name());
                let within = [known, &[(name.clone(), false)]].concat();
                let body = Box::new(Node::Add(
                    Box::new(self.number_of(&within, deep, item)),
                    Box::new(self.number_of(&within, deep, &name)),
                ));
                if choice == 1 {
                    Node::Map(source, name, body)
                } else {
                    Node::Filter(source, name, body)
                }
            }
            3 => {
                let (source, name) = (Box::new(self.dynamic_of(known, deep, item)), self.name());
                let within = [known, &[(name.clone(), false)]].concat();
                let body = Box::new(self.number_of(&within, deep, &name));
                Node::Map(source, name, body)
            }
            _ => Node::Inner(
                Box::new(self.number_of(known, deep, item)),
                self.below(2) == 0,
            ),
        }
    }
}

impl Node {
    /// As it is written in a job.
    pub fn text(&self) -> String {
        match self {
            Self::Const(n) => n.to_string(),
            Self::Name(name) => name.clone(),
            Self::Call(op, x) => format!("{op}({})", x.text()),
            Self::Add(a, b) => format!("add({}, {})", a.text(), b.text()),
            Self::Sum(d) => format!("sum({}.collect())", d.text()),
            Self::Count(d) => format!("count({}.map(write).collect())", d.text()),
            Self::After(x, y) => format!("double({}).after({})", x.text(), y.text()),
            Self::Raised(d, by, total) => {
                let part = if *total { "total" } else { "items" };
                format!("raised({}, {}).{part}", d.text(), by.text())
            }
            Self::Numbers(n) => format!("numbers({n})"),
            Self::Broken(n) => format!("broken({n})"),
            Self::Inner(x, yields) => {
                let op = if *yields { "inner" } else { "listed" };
                format!("{op}({})", x.text())
            }
            Self::Map(d, name, body) => format!("{}.map(|{name}| {})", d.text(), body.text()),
            Self::Filter(d, name, body) => {
                format!("{}.filter(|{name}| odd({}))", d.text(), body.text())
            }
            Self::Flat(d, name, body) => {
                format!("{}.map(|{name}| {}).flatten()", d.text(), body.text())
            }
            Self::Zip(d, (left, x), (right, y)) => {
                let (d, x, y) = (d.text(), x.text(), y.text());
                format!("{d}.map(|{left}| {x}).zip({d}.map(|{right}| {y})).map(both)")
            }
            Self::Concat(d, e) => format!("{}.concat({})", d.text(), e.text()),
            Self::Halves(d, even) => {
                let part = if *even { "even" } else { "odd" };
                format!("{}.map(halves).{part}", d.text())
            }
            Self::WithKey(d) => format!("{}.map(|x, key| with_key(x, key))", d.text()),
        }
    }
}
