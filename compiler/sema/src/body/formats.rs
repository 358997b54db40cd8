//! The formats of f-strings: `{value:>8.2}`. What each does is the runtime's business (`dynop_values::format`); here one is
//! refused that the runtime would refuse, so that it never comes to that.

use dynop_base::codes::types;
use dynop_base::{Diagnostic, Span};

use super::BodyChecker;
use crate::ty::Ty;

/// A format, taken apart: `[[fill]align][sign][#][0][width][grouping][.precision][type]`.
struct Format {
    /// A sign, zeroes or grouping: for numbers.
    numeric: bool,
    prefix: bool,
    precision: bool,
    kind: Option<char>,
}

fn parse(format: &str) -> Option<Format> {
    let mut rest = format;
    let mut chars = format.chars();
    let (first, second) = (chars.next(), chars.next());
    let is_align = |c: Option<char>| matches!(c, Some('<' | '>' | '^'));
    if is_align(second) {
        rest = chars.as_str();
    } else if is_align(first) {
        rest = &format[1..];
    }
    let mut take = |wanted: &[char]| {
        let after = rest.strip_prefix(wanted);
        rest = after.unwrap_or(rest);
        after.is_some()
    };
    let sign = take(&['+']);
    let prefix = take(&['#']);
    let zeroes = take(&['0']);
    number(&mut rest)?;
    let mut take = |wanted: &[char]| {
        let after = rest.strip_prefix(wanted);
        rest = after.unwrap_or(rest);
        after.is_some()
    };
    let grouping = take(&[',', '_']);
    let precision = take(&['.']);
    if precision && !number(&mut rest)? {
        return None;
    }
    let mut chars = rest.chars();
    let kind = chars.next();
    chars.as_str().is_empty().then_some(Format {
        numeric: sign || zeroes || grouping,
        prefix,
        precision,
        kind,
    })
}

/// Takes a number of up to four digits; whether there was one, `None` if it has more.
fn number(rest: &mut &str) -> Option<bool> {
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    *rest = &rest[digits..];
    (digits <= 4).then_some(digits > 0)
}

fn suits(format: &Format, ty: &Ty) -> bool {
    let kind = match format.kind {
        None => true,
        Some('x' | 'X' | 'o' | 'b') => *ty == Ty::Int,
        Some('d') => *ty == Ty::Int,
        Some('e' | 'E' | 'f' | '%') => *ty == Ty::Float,
        Some('s') => matches!(ty, Ty::Str | Ty::Path),
        Some(_) => false,
    };
    kind && (!format.numeric || matches!(ty, Ty::Int | Ty::Float))
        && (!format.prefix || matches!(format.kind, Some('x' | 'X' | 'o' | 'b')))
        && (!format.precision || *ty != Ty::Int)
}

impl BodyChecker<'_, '_> {
    /// Checks the format of a value in an f-string.
    pub(super) fn check_format(&mut self, format: &str, ty: &Ty, span: Span) {
        if format.is_empty() {
            return;
        }
        let known = |c: char| "xXobdeEf%s".contains(c);
        let parsed = parse(format).filter(|parsed| parsed.kind.is_none_or(known));
        let Some(parsed) = parsed else {
            self.report(
                Diagnostic::new(&types::ARGUMENTS, span, format!("there is no format `{format}`"))
                    .here("this format is not known")
                    .help("`.2` writes two decimals, `>8` fills to eight characters from the left, `03` with zeroes, `,` groups digits"),
            );
            return;
        };
        let ty = self.infer.shallow(ty);
        if matches!(ty, Ty::Error | Ty::Param(..) | Ty::Never) || suits(&parsed, &ty) {
            return;
        }
        let text = self.show(&ty);
        let mut found = Diagnostic::new(
            &types::ARGUMENTS,
            span,
            format!("the format `{format}` does not fit a `{text}`"),
        )
        .here(format!("this is a `{text}`"));
        if ty == Ty::Int && parsed.precision {
            found = found.help("leave the decimals out, or convert the value with `.to_float()`");
        }
        self.report(found);
    }
}
