//! JSON by type descriptor: how results are printed and parameters are read.
//!
//! | type | JSON |
//! |---|---|
//! | `Int`, `Bool`, `Str` | number, truth value, string |
//! | `Float` | number with a point or an exponent; `"NaN"`, `"Infinity"`, `"-Infinity"` |
//! | `Path` | string; what is not UTF-8 has no JSON |
//! | `Bytes` | string in base64 |
//! | `Duration`, `Time` | seconds; string in RFC 3339, UTC |
//! | `()` , `none` | `null` |
//! | `some(v)` | as `v`; where `v` is itself an option, `[v]`, so that `none` and `some(none)` differ |
//! | `List`, `Set`, tuple, `Range` | array |
//! | `Map<Str, V>`, `Map<Int, V>` | object, integers as decimal keys |
//! | other maps | array of pairs |
//! | named tuple, struct | object |

mod lexer;
mod read;
#[cfg(test)]
mod tests;
mod untyped;
mod write;

pub use lexer::{JsonError, Lexer, Token};
pub use read::{read, read_from};
pub use write::{WriteError, quote, write};
