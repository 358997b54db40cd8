//! Literals: numbers, escapes, braces of templates, prefixes of strings.

use dynop_base::codes::syntax as codes;
use dynop_base::{Applicability, Diagnostic, Span, nearest};

use crate::build::{Builder, NumberProblem};

impl<'t> Builder<'t> {
    /// `1.` and `.5`. `place` is what is wrong, `gap` where the digit is missing.
    pub(crate) fn report_half_float(&mut self, place: Span, gap: Span) {
        let diagnostic = Diagnostic::new(
            &codes::BAD_NUMBER,
            place,
            "a float has digits on both sides of its point",
        )
        .here("a digit is missing")
        .fix("write `0` there", gap, "0", Applicability::Certain);
        self.report(diagnostic);
    }

    /// Whether a point touches the end of a number, and the line or what it is in ends behind it. A method may be called on
    /// the next line.
    pub(crate) fn ends_in_point(&self, number: Span) -> bool {
        let behind = self.text.get(number.end as usize..).unwrap_or("");
        behind.strip_prefix('.').is_some_and(|rest| {
            let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let ends = !rest
                .trim_start_matches([' ', '\t', '\r'])
                .starts_with(in_name);
            let name = rest.trim_start();
            let called = name.trim_start_matches(in_name);
            ends && !(called.len() < name.len() && called.starts_with('('))
        })
    }

    /// Whether `.5` stands at `at`, a float without its first digit; it is reported.
    pub(super) fn half_float(&mut self, span: Span) -> bool {
        let digit = self
            .text
            .as_bytes()
            .get(span.end as usize)
            .is_some_and(u8::is_ascii_digit);
        let half = self.source(span) == "." && digit;
        if half {
            self.report_half_float(span, span.at_start());
        }
        half
    }

    pub(crate) fn report_number(&mut self, span: Span, problem: &NumberProblem) {
        let written = self.source(span);
        let shown = if written.len() <= 40 {
            format!("`{written}`")
        } else {
            "this number".to_string()
        };
        let new = |message: String| Diagnostic::new(&codes::BAD_NUMBER, span, message);
        let diagnostic = match problem {
            NumberProblem::TooBig => {
                new(format!("{shown} is too big"))
                    .here("does not fit 64 bits")
                    .help(too_big(written))
            }
            NumberProblem::Digit { digit, base } => {
                new(format!("`{digit}` is no digit of a number in base {base}"))
                    .here(format!("in base {base}"))
                    .help(other_base(written, *base))
            }
            NumberProblem::NoDigits => {
                new(format!("{shown} has no digits"))
                    .here("digits are missing")
                    .help(format!("write the digits behind it: `{written}1`, or `0` alone"))
            }
            NumberProblem::Suffix(suffix) => unknown_unit(span, suffix),
            NumberProblem::Underscore => {
                let digits = written.trim_end_matches('_').replace("_.", ".");
                new("an underscore stands between two digits".to_string())
                    .here("not at the end of the digits")
                    .fix(
                        format!("write `{digits}`"),
                        span,
                        digits,
                        Applicability::Certain,
                    )
            }
            NumberProblem::Exponent => {
                let mantissa = written.split(['e', 'E']).next().unwrap_or("1");
                new(format!("{shown} has no digits after `e`"))
                    .here("an exponent is `e3` or `e-3`")
                    .help(format!("write `{mantissa}e3` for {mantissa} times 1000, or `{mantissa}` alone"))
            }
            NumberProblem::Fraction => {
                new(format!("{shown} is no whole number of its smallest unit"))
                    .here("durations are counted in nanoseconds, sizes in bytes")
                    .help("write fewer digits behind the point, or the whole number of a smaller unit: `1500us` for `1.5ms`")
            }
            NumberProblem::LeadingZero => {
                let plain = written.trim_start_matches(['0', '_']);
                new("a number does not begin with `0`".to_string())
                    .here("zeros in front mean nothing")
                    .help("an octal number is written `0o17`")
                    .fix(
                        format!("write `{plain}`"),
                        span,
                        plain,
                        Applicability::Maybe,
                    )
            }
        };
        self.report_always(diagnostic);
    }

    pub(crate) fn report_escape(&mut self, at: usize, sequence: &str) {
        let span = Span::new(self.file, at, at + sequence.len());
        let shown = sequence.escape_debug().to_string().replace("\\\\", "\\");
        let mut diagnostic = Diagnostic::new(
            &codes::BAD_ESCAPE,
            span,
            format!("unknown escape `{shown}`"),
        )
        .here("means nothing");
        diagnostic = match sequence.as_bytes().get(1) {
            Some(b'u') => diagnostic.help("a character by its number is `\\u{1F600}`, one to six hexadecimal digits"),
            Some(b'x') => diagnostic.help("`\\x7f` has two hexadecimal digits; in a text it is below `\\x80`, otherwise write `\\u{…}`"),
            Some(brace @ (b'{' | b'}')) => {
                let brace = *brace as char;
                diagnostic
                    .help(format!("a brace is doubled: `{brace}{brace}`"))
                    .fix(format!("double the brace: `{brace}{brace}`"), span, format!("{brace}{brace}"), Applicability::Maybe)
            }
            _ => diagnostic
                .help("the escapes are `\\n` `\\t` `\\r` `\\0` `\\\\` `\\\"` `\\'` `\\x7f` `\\u{1F600}`; in `r\"…\"` a backslash is a backslash"),
        };
        let diagnostic = diagnostic.fix(
            "write the backslash twice",
            span.at_start(),
            "\\",
            Applicability::Maybe,
        );
        self.report_always(diagnostic);
    }

    /// A brace in a template that belongs to no interpolation.
    pub(crate) fn report_single_brace(&mut self, at: usize, brace: char) {
        let span = Span::new(self.file, at, at + 1);
        let diagnostic = Diagnostic::new(
            &codes::TEMPLATE_BRACES,
            span,
            format!("this `{brace}` belongs to no interpolation"),
        )
        .here(format!("a brace is written `{brace}{brace}`"))
        .fix(
            "double the brace",
            span,
            format!("{brace}{brace}"),
            Applicability::Certain,
        );
        self.report_always(diagnostic);
    }

    pub(crate) fn report_empty_interpolation(&mut self, span: Span) {
        let diagnostic = Diagnostic::new(
            &codes::TEMPLATE_BRACES,
            span,
            "there is no expression between the braces",
        )
        .here("expected an expression")
        .help("braces as text are doubled: `{{` and `}}`");
        self.report(diagnostic);
    }

    pub(crate) fn report_string_prefix(&mut self, span: Span) {
        let written = self.source(span);
        let prefix = written.split('"').next().unwrap_or("");
        let mut diagnostic = Diagnostic::new(
            &codes::QUOTES,
            span,
            format!("`{prefix}\"…\"` is no kind of string"),
        )
        .here("unknown prefix")
        .help("there are `\"…\"`, `f\"…{x}…\"`, `r\"…\"` without escapes, `b\"…\"` for bytes and `sh\"…\"` for a shell command");
        let small = prefix.to_ascii_lowercase();
        let near = ["f", "r", "b", "sh"]
            .into_iter()
            .find(|known| *known == small);
        let near = near.or_else(|| nearest(prefix, ["f", "sh"]).filter(|_| prefix.len() == 2));
        if let Some(near) = near {
            let place = Span::new(
                self.file,
                span.start as usize,
                span.start as usize + prefix.len(),
            );
            diagnostic = diagnostic.fix(
                format!("write `{near}\"…\"`"),
                place,
                near,
                Applicability::Maybe,
            );
        }
        self.report_always(diagnostic);
    }
}

/// What to write in place of a number beyond 64 bits.
fn too_big(written: &str) -> String {
    let decimal = written
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'_');
    if decimal && written.len() <= 40 {
        format!("as a `Float`, with about 16 digits, it is `{written}.0`")
    } else {
        "an `Int` goes to 9223372036854775807; a `Float` is larger, with about 16 digits: `1e30`"
            .to_string()
    }
}

/// What to write in place of a number with a digit that its base does not have.
fn other_base(written: &str, base: u32) -> String {
    let digits = match base {
        2 => "`0` and `1`",
        8 => "`0` to `7`",
        16 => "`0` to `9` and `a` to `f`",
        _ => "`0` to `9`",
    };
    let plain = written.get(2..).unwrap_or("");
    if base < 10
        && !plain.is_empty()
        && plain
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
    {
        format!("its digits are {digits}; the decimal number is written without prefix: `{plain}`")
    } else if base < 16
        && !plain.is_empty()
        && plain
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'_')
    {
        format!("its digits are {digits}; a number in base 16 is written `0x{plain}`")
    } else {
        format!("its digits are {digits}")
    }
}

fn unknown_unit(span: Span, suffix: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new(&codes::BAD_NUMBER, span, format!("`{suffix}` is no unit"))
        .here("a number goes on with digits or a unit")
        .help("durations end in `ns`, `us`, `ms`, `s`, `m` or `h`, sizes in `KiB`, `MiB`, `GiB` or `TiB`");
    let meant = match suffix.to_ascii_lowercase().as_str() {
        "k" | "kb" | "kib" => "KiB",
        "mb" | "mib" => "MiB",
        "g" | "gb" | "gib" => "GiB",
        "t" | "tb" | "tib" => "TiB",
        "sec" | "secs" | "second" | "seconds" => "s",
        "min" | "mins" | "minute" | "minutes" => "m",
        "hr" | "hour" | "hours" => "h",
        "msec" | "millis" => "ms",
        _ => return diagnostic,
    };
    let place = Span {
        start: span.end - suffix.len() as u32,
        ..span
    };
    diagnostic.fix(
        format!("write `{meant}`"),
        place,
        meant,
        Applicability::Maybe,
    )
}
