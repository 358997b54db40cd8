//! The few calls that a constant or default may hold, since nothing else writes such a value: `Set([1, 2])`,
//! `[1, 2].to_set()`, `time.date(2024, 1, 31)` and `time.from_unix(0)`. They become literals at once: a set the list of
//! its elements with the type of a set, a time its nanoseconds.

use dynop_base::codes::types;
use dynop_base::{Diagnostic, Span};

use super::BodyChecker;
use super::expressions::made;
use crate::context::Context;
use crate::fold::fold;
use crate::hir::{Arg, Expr, ExprKind, FunctionId};
use crate::ty::Ty;

const NANOSECONDS: i64 = 1_000_000_000;

/// A function that the compiler can call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KnownCall {
    /// `Set()`, `Set(list)`, `list.to_set()`
    Set,
    /// `time.date(year, month, day, hour, minute, second)`
    Date,
    /// `time.from_unix(seconds)`
    FromUnix,
}

/// Which of these calls a call of a function is.
pub(crate) fn known_call(cx: &Context<'_>, id: FunctionId) -> Option<KnownCall> {
    let module = cx.functions.get(id.0 as usize)?.module;
    if !cx.is_std(module) {
        return None;
    }
    match (cx.module_name(module), cx.function(id).name.as_str()) {
        ("core", "Set") | ("list", "to_set") => Some(KnownCall::Set),
        ("time", "date") => Some(KnownCall::Date),
        ("time", "from_unix") => Some(KnownCall::FromUnix),
        _ => None,
    }
}

impl BodyChecker<'_, '_> {
    /// Which of these calls a call of a function is.
    pub(super) fn known_call(&self, id: FunctionId) -> Option<KnownCall> {
        known_call(self.cx, id)
    }

    /// The value of such a call with checked arguments.
    pub(super) fn call_now(&mut self, call: KnownCall, args: Vec<Arg>, ty: Ty, span: Span) -> Expr {
        let mut values = Vec::with_capacity(args.len());
        for arg in args {
            let Arg::Value(value) = arg else {
                return self.error_expr(span);
            };
            match fold(&self.cx.program.consts, &value) {
                Ok(folded) => values.push(folded),
                Err(diagnostic) => {
                    self.report(*diagnostic);
                    return self.error_expr(span);
                }
            }
        }
        if call == KnownCall::Set {
            let items = match values.pop().map(|value| value.kind) {
                None => Vec::new(),
                Some(ExprKind::List(items)) => items,
                Some(_) => return self.error_expr(span),
            };
            return made(ExprKind::List(items), ty, span);
        }
        let numbers: Option<Vec<i64>> = values
            .iter()
            .map(|value| match value.kind {
                ExprKind::Int(number) => Some(number),
                _ => None,
            })
            .collect();
        let Some(numbers) = numbers else {
            return self.error_expr(span);
        };
        let seconds = match *numbers {
            [seconds] => Ok(seconds),
            [year, month, day, hour, minute, second] => {
                moment((year, month, day), (hour, minute, second))
            }
            _ => return self.error_expr(span),
        };
        let nanoseconds = seconds.and_then(|seconds| {
            let all = seconds.checked_mul(NANOSECONDS);
            all.ok_or_else(|| "a `Time` lies between the years 1677 and 2262".to_string())
        });
        match nanoseconds {
            Ok(nanoseconds) => made(ExprKind::Duration(nanoseconds), ty, span),
            Err(why) => {
                let diagnostic = Diagnostic::new(&types::NOT_CONSTANT, span, why);
                self.report(diagnostic.here("not a moment"));
                self.error_expr(span)
            }
        }
    }
}

/// The seconds since 1970 of a date and a time of day in UTC, or why there is no such moment.
fn moment(
    (year, month, day): (i64, i64, i64),
    (hour, minute, second): (i64, i64, i64),
) -> Result<i64, String> {
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return Err(format!("there is no date {year:04}-{month:02}-{day:02}"));
    }
    let in_day = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..60).contains(&second);
    if !in_day {
        return Err(format!(
            "there is no time of day {hour:02}:{minute:02}:{second:02}"
        ));
    }
    if !(1600..2300).contains(&year) {
        return Err("a `Time` lies between the years 1677 and 2262".into());
    }
    // Days of whole years and months, counted from 1 March so that the leap day is the last of a year.
    let shifted = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + day_of_year - 719_468;
    Ok(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_counted_from_1970() {
        let at = |date, time| moment(date, time).ok();
        assert_eq!(at((1970, 1, 1), (0, 0, 0)), Some(0));
        assert_eq!(at((1969, 12, 31), (23, 59, 59)), Some(-1));
        assert_eq!(at((2000, 2, 29), (0, 0, 0)), Some(951_782_400));
        assert_eq!(at((2024, 3, 1), (12, 30, 5)), Some(1_709_296_205));
        assert_eq!(at((2023, 2, 29), (0, 0, 0)), None);
        assert_eq!(at((2024, 1, 1), (24, 0, 0)), None);
    }
}
