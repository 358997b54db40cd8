//! Failures: what they say where the runtime runs the program, and where `harness.c` does.

use dynop_ir::BinaryOp;

use super::World;

/// Why something fails.
#[derive(Clone, Debug)]
pub enum Failure {
    /// An operator on two integers.
    Overflow(BinaryOp, i64, i64),
    /// `-` of the least integer.
    Negation(i64),
    /// By zero.
    Division(BinaryOp, i64),
    /// Outside 0..63.
    Shift(BinaryOp, i64, i64),
    /// A negative one.
    Exponent(i64, i64),
    /// Outside a list of so many.
    Index(i64, usize),
    /// The key as it is shown.
    Key(String),
    /// Of `none`.
    Unwrap,
    /// No arm fits.
    Match,
    /// `fail`, and native functions.
    Message(String),
    /// Broken contracts of outputs, which cannot be caught.
    Output(String),
    /// `harness.c`: a list of seven refuses to grow.
    Full,
    /// A list with room for less than nothing.
    Room(i64),
}

fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add | BinaryOp::AddWrapping => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
        BinaryOp::Pow => "**",
        BinaryOp::Shl => "<<",
        BinaryOp::Shr => ">>",
        BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => "?",
    }
}

fn number(op: BinaryOp) -> u32 {
    let all = ["+", "-", "*", "/", "%", "**", "<<", ">>"];
    let at = all.iter().position(|one| *one == symbol(op));
    at.map_or(99, |at| at as u32)
}

impl Failure {
    /// Its sort, as `e.kind` says it.
    pub fn kind(&self, world: World) -> &'static str {
        match self {
            _ if world == World::Harness => "failed by itself",
            Self::Overflow(..) | Self::Negation(_) => "overflow",
            Self::Division(..) => "division",
            Self::Shift(..) => "shift",
            Self::Exponent(..) | Self::Message(_) | Self::Room(_) => "fail",
            Self::Index(..) => "index",
            Self::Key(_) => "key",
            Self::Unwrap => "unwrap",
            Self::Match => "match",
            Self::Output(_) => "output",
            Self::Full => "full",
        }
    }

    /// What it says.
    pub fn message(&self, world: World) -> String {
        match world {
            World::Harness => self.of_harness(),
            World::Runtime => self.of_runtime(),
        }
    }

    /// As the functions at the head of `harness.c` write it, in the room that there is.
    fn of_harness(&self) -> String {
        let text = match self {
            Self::Overflow(BinaryOp::Pow, ..) => "overflow".to_owned(),
            Self::Overflow(op, a, b) => format!("overflow {} {a} {b}", number(*op)),
            Self::Negation(a) => format!("overflow 8 {a} 0"),
            Self::Division(op, a) => format!("division {} {a}", number(*op)),
            Self::Shift(op, a, b) => format!("shift {} {a} {b}", number(*op)),
            Self::Exponent(..) => "negative exponent".to_owned(),
            Self::Index(index, len) => format!("index {index} of {len}"),
            Self::Key(key) => format!("key {key}"),
            Self::Unwrap => "unwrap".to_owned(),
            Self::Match => "match".to_owned(),
            Self::Message(text) | Self::Output(text) => text.clone(),
            Self::Full => "full".to_owned(),
            Self::Room(_) => "negative".to_owned(),
        };
        text.chars().take(255).collect()
    }

    fn of_runtime(&self) -> String {
        let operand = |n: i64| {
            if n < 0 {
                format!("({n})")
            } else {
                n.to_string()
            }
        };
        match self {
            Self::Overflow(op, a, b) => {
                format!("integer overflow: {a} {} {}", symbol(*op), operand(*b))
            }
            Self::Negation(a) => format!("integer overflow: -({a})"),
            Self::Division(BinaryOp::Rem, a) => {
                format!("remainder of division by zero: {a} % 0")
            }
            Self::Division(_, a) => format!("division by zero: {a} / 0"),
            Self::Shift(op, a, b) => format!(
                "shift by {b} is outside 0..63: {a} {} {}",
                symbol(*op),
                operand(*b)
            ),
            Self::Exponent(a, b) => format!("negative exponent: {a} ** ({b})"),
            Self::Index(index, 0) => format!("index {index} is out of bounds of an empty list"),
            Self::Index(index, len) => {
                format!("index {index} is out of bounds of a list of {len}")
            }
            Self::Key(key) => format!("there is no key {key} in the map"),
            Self::Unwrap => "`unwrap` of `none`".to_owned(),
            Self::Match => "no arm of the `match` takes this value".to_owned(),
            Self::Message(text) | Self::Output(text) => text.clone(),
            Self::Full => unreachable!("lists grow"),
            Self::Room(n) => format!("a list has no room for {n} elements"),
        }
    }
}
