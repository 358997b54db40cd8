//! Failures of steps: their sorts, and their messages in the language's words.

use dynop_abi::entries::Operator;

/// The sort of a failure. Its word is `e.kind` in programs and `kind` in reports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `fail "…"`, and native functions of the standard library.
    Fail,
    /// Integer overflow.
    Overflow,
    /// Division by zero.
    Division,
    /// A shift outside 0..63.
    Shift,
    /// A negative exponent.
    Exponent,
    /// An index out of bounds.
    Index,
    /// A key that is not in the map.
    Key,
    /// `unwrap` of `none`.
    Unwrap,
    /// A `match` that no arm takes.
    Match,
    /// No memory.
    Memory,
    /// Calls nested too deeply.
    Stack,
    /// A violated output contract: duplicate or bad mapping key, output twice or missing. Can't be caught.
    Output,
    /// The run was cancelled. Can't be caught.
    Cancelled,
    /// A native function panicked: a bug of the runtime.
    Panic,
}

impl Kind {
    /// The word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Overflow => "overflow",
            Self::Division => "division",
            Self::Shift => "shift",
            Self::Exponent => "exponent",
            Self::Index => "index",
            Self::Key => "key",
            Self::Unwrap => "unwrap",
            Self::Match => "match",
            Self::Memory => "memory",
            Self::Stack => "stack",
            Self::Output => "output",
            Self::Cancelled => "cancelled",
            Self::Panic => "panic",
        }
    }

    /// Whether `try` may catch it.
    pub fn catchable(self) -> bool {
        !matches!(self, Self::Output | Self::Cancelled)
    }
}

/// `integer overflow: 9223372036854775807 + 1`
pub fn overflow_message(operator: u32, a: i64, b: i64) -> String {
    let shown = match Operator::from_number(operator) {
        Some(Operator::Neg) => format!("-({a})"),
        Some(Operator::Abs) => format!("abs({a})"),
        Some(operator) => format!("{a} {} {}", operator.symbol(), operand(b)),
        None => format!("{a}, {b}"),
    };
    format!("integer overflow: {shown}")
}

/// `division by zero: 5 / 0`
pub fn division_message(operator: u32, a: i64) -> String {
    let symbol = Operator::from_number(operator).map_or("/", Operator::symbol);
    match symbol {
        "%" => format!("remainder of division by zero: {a} % 0"),
        _ => format!("division by zero: {a} {symbol} 0"),
    }
}

/// `shift by 64 is outside 0..63: 1 << 64`
pub fn shift_message(operator: u32, a: i64, b: i64) -> String {
    let symbol = Operator::from_number(operator).map_or("<<", Operator::symbol);
    format!("shift by {b} is outside 0..63: {a} {symbol} {}", operand(b))
}

/// `negative exponent: 2 ** (-1)`
pub fn exponent_message(base: i64, exponent: i64) -> String {
    format!("negative exponent: {base} ** {}", operand(exponent))
}

/// `index 7 is out of bounds of a list of 3`
pub fn index_message(index: i64, len: i64) -> String {
    match len {
        0 => format!("index {index} is out of bounds of an empty list"),
        _ => format!("index {index} is out of bounds of a list of {len}"),
    }
}

fn operand(value: i64) -> String {
    if value < 0 {
        format!("({value})")
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_show_the_operands() {
        assert_eq!(
            overflow_message(Operator::Add as u32, i64::MAX, 1),
            "integer overflow: 9223372036854775807 + 1"
        );
        assert_eq!(
            overflow_message(Operator::Mul as u32, i64::MIN, -1),
            "integer overflow: -9223372036854775808 * (-1)"
        );
        assert_eq!(
            overflow_message(Operator::Neg as u32, i64::MIN, 0),
            "integer overflow: -(-9223372036854775808)"
        );
        assert_eq!(
            division_message(Operator::Div as u32, 5),
            "division by zero: 5 / 0"
        );
        assert_eq!(
            division_message(Operator::Rem as u32, 5),
            "remainder of division by zero: 5 % 0"
        );
        assert_eq!(
            shift_message(Operator::Shl as u32, 1, 64),
            "shift by 64 is outside 0..63: 1 << 64"
        );
        assert_eq!(
            index_message(7, 3),
            "index 7 is out of bounds of a list of 3"
        );
    }
}
