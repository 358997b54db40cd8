//! Random plans and what they mean.
//!
//! [`generate`] makes a job that nests dynamic outputs, products, joins and fan-ins; its ops ([`ops`]) are described by a
//! few functions that say what they give, how many items they yield and when they fail. [`Evaluator`] walks the plan
//! recursively, as the language page describes it, with nothing of an engine in it. The tests beside this crate run the
//! same plans through the engine under random schedules, and through the pool with real threads and values.

mod evaluate;
mod generate;

use dynop_abi::plan::{Op, OpParam, Output, Place};

pub use evaluate::{Around, Evaluator, Missing, Outcome, Path, Value};
pub use generate::{Random, generate};

/// The value's type: a number.
pub const VALUE: u32 = 0;
/// A list of values.
pub const LIST: u32 = 1;
/// Two values.
pub const PAIR: u32 = 2;
/// `Bool`
pub const BOOL: u32 = 3;
/// A list of `()`.
pub const UNITS: u32 = 4;

/// Yields items: [`item_count`] of them.
pub const SPREAD: u32 = 0;
/// The sum of two values.
pub const ADD: u32 = 1;
/// A number made of a list.
pub const SUM: u32 = 2;
/// The sum of a pair.
pub const FOLD: u32 = 3;
/// Whether a value is odd.
pub const ODD: u32 = 4;
/// How many there are of what gives nothing.
pub const COUNT: u32 = 5;

/// How many items `spread` yields.
pub fn item_count(n: i64) -> i64 {
    n.rem_euclid(4)
}

/// The item of an index.
pub fn item(n: i64, index: i64) -> i64 {
    n * 3 + index
}

/// Its key.
pub fn item_key(index: i64) -> String {
    format!("k{index}")
}

/// Whether `spread` fails behind its items.
pub fn spread_fails(n: i64) -> bool {
    n.rem_euclid(11) == 10
}

/// Whether `add` and `fold` fail.
pub fn add_fails(sum: i64) -> bool {
    sum.rem_euclid(13) == 7
}

/// What `sum` makes of one more element.
pub fn add_up(total: i64, element: i64) -> i64 {
    total * 31 % 1_000_003 + element
}

/// The ops as plans name them.
pub fn ops() -> Vec<Op> {
    let op = |name: &str, params: &[u32], output: u32, dynamic: bool| Op {
        name: name.into(),
        params: params
            .iter()
            .map(|&ty| OpParam {
                name: "p".into(),
                ty,
            })
            .collect(),
        outputs: vec![Output {
            name: "result".into(),
            ty: output,
            dynamic,
            optional: false,
        }],
        returns_output: !dynamic,
        place: Place::default(),
    };
    vec![
        op("spread", &[VALUE], VALUE, true),
        op("add", &[VALUE, VALUE], VALUE, false),
        op("sum", &[LIST], VALUE, false),
        op("fold", &[PAIR], VALUE, false),
        op("odd", &[VALUE], BOOL, false),
        op("count", &[UNITS], VALUE, false),
    ]
}
