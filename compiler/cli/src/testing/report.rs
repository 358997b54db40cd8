//! How results of tests are written: for people, as JSON lines, as a JUnit report.

use std::fmt::Write;
use std::time::Duration;

use dynop_base::codes::tests::TEST_FAILED;
use dynop_base::{Diagnostic, SourceMap, Span};
use serde_json::json;

use super::{Case, Failure, Position, TestResult};
use crate::commands::test::Format;
use crate::commands::{print, say};
use crate::render::{self, MessageFormat, Style};

/// How much of a value a picture shows, in characters.
const LONGEST_VALUE: usize = 240;
/// How many calls of a trace are shown.
const TRACE: usize = 8;

/// As many tests at once as this, where the command line does not say.
pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Counts results and writes them.
#[derive(Debug)]
pub struct Summary {
    format: Format,
    passed: usize,
    failed: usize,
    /// Tests that no filter chose.
    pub left_out: usize,
    /// Tests that are run or listed.
    pub chosen: usize,
    pictures: String,
    junit: String,
}

impl Summary {
    /// Of nothing yet.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            passed: 0,
            failed: 0,
            left_out: 0,
            chosen: 0,
            pictures: String::new(),
            junit: String::new(),
        }
    }

    /// How many results there were.
    pub fn told(&self) -> usize {
        self.passed + self.failed
    }

    /// How many tests failed.
    pub fn failed(&self) -> usize {
        self.failed
    }

    /// Writes or keeps one result.
    pub fn tell(&mut self, sources: &SourceMap, case: &Case, result: &TestResult) {
        if result.failure.is_some() {
            self.failed += 1;
        } else {
            self.passed += 1;
        }
        match self.format {
            Format::Human => self.human(sources, case, result),
            Format::Json => self.write(&json_line(case, result)),
            Format::Junit => self.junit.push_str(&junit_case(case, result)),
        }
    }

    fn human(&mut self, sources: &SourceMap, case: &Case, result: &TestResult) {
        let state = if result.failure.is_some() {
            "FAILED"
        } else {
            "ok"
        };
        let seconds = result.elapsed.as_secs_f64();
        self.write(&format!("test {} … {state} ({seconds:.3}s)\n", case.name));
        if let Some(failure) = &result.failure {
            let found = [picture(sources, case, failure, result)];
            let style = Style::of_stderr();
            let text = render::render(&found, sources, MessageFormat::Human, style);
            self.pictures.push_str(&text);
        }
    }

    fn write(&self, text: &str) {
        let _ = print(text);
    }

    /// Writes what comes last: pictures of the failures, and how many there were.
    pub fn finish(&self, elapsed: Duration) {
        let (passed, failed, left_out) = (self.passed, self.failed, self.left_out);
        let seconds = elapsed.as_secs_f64();
        match self.format {
            Format::Human => {
                if !self.pictures.is_empty() {
                    say(&format!("\n{}", self.pictures.trim_end()));
                }
                let more = match left_out {
                    0 => String::new(),
                    count => format!(", {count} left out"),
                };
                self.write(&format!(
                    "\n{passed} passed, {failed} failed{more} in {seconds:.2}s\n"
                ));
            }
            Format::Json => self.write(&format!(
                "{}\n",
                json!({
                    "event": "tests_ended", "passed": passed, "failed": failed,
                    "left_out": left_out, "seconds": seconds,
                })
            )),
            Format::Junit => self.write(&format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
                 <testsuites tests=\"{tests}\" failures=\"{failed}\" time=\"{seconds:.3}\">\n\
                 <testsuite name=\"dynop\" tests=\"{tests}\" failures=\"{failed}\" time=\"{seconds:.3}\">\n\
                 {cases}</testsuite>\n</testsuites>\n",
                tests = passed + failed,
                cases = self.junit,
            )),
        }
    }
}

fn json_line(case: &Case, result: &TestResult) -> String {
    let place = |place: &Position| json!({ "file": place.file, "line": place.line, "column": place.column });
    let failure = result.failure.as_ref().map(|failure| {
        let calls = failure.trace.iter();
        let calls: Vec<_> = calls
            .map(|(function, at)| json!({ "function": function, "place": place(at) }))
            .collect();
        json!({
            "kind": failure.kind, "message": failure.message,
            "place": failure.place.as_ref().map(place), "trace": calls,
        })
    });
    let in_runs = result.in_runs.iter().map(|step| {
        json!({
            "job": step.job, "step": step.step, "kind": step.failure.kind,
            "message": step.failure.message, "place": step.failure.place.as_ref().map(place),
        })
    });
    let in_runs: Vec<_> = in_runs.collect();
    let line = json!({
        "event": "test_ended", "name": case.name, "file": case.file, "line": case.line,
        "passed": failure.is_none(), "seconds": result.elapsed.as_secs_f64(),
        "failure": failure, "failed_steps_of_runs": in_runs, "log": result.logged,
    });
    format!("{line}\n")
}

fn junit_case(case: &Case, result: &TestResult) -> String {
    let (name, file) = (escaped(&case.name), escaped(&case.file));
    let seconds = result.elapsed.as_secs_f64();
    let mut text = format!(
        "<testcase classname=\"{file}\" name=\"{name}\" file=\"{file}\" line=\"{}\" time=\"{seconds:.3}\"",
        case.line
    );
    let Some(failure) = &result.failure else {
        text.push_str("/>\n");
        return text;
    };
    let mut lines = failure.message.clone();
    if let Some(place) = &failure.place {
        let _ = write!(lines, "\nat {}", place_text(place));
    }
    for (function, place) in &failure.trace {
        let _ = write!(lines, "\nin {function} {}", place_text(place));
    }
    for step in &result.in_runs {
        let _ = write!(lines, "\n{}", step.text());
    }
    let first = failure.message.lines().next().unwrap_or_default();
    let (first, kind, lines) = (escaped(first), escaped(&failure.kind), escaped(&lines));
    let _ = writeln!(
        text,
        ">\n<failure message=\"{first}\" type=\"{kind}\">{lines}</failure>\n</testcase>"
    );
    text
}

/// A text for XML; characters that XML can't hold become `U+FFFD`.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(character),
            '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            character if character < ' ' => out.push('\u{FFFD}'),
            character => out.push(character),
        }
    }
    out
}

/// `file:line:column`.
pub fn place_text(place: &Position) -> String {
    format!("{}:{}:{}", place.file, place.line, place.column)
}

/// The lines of a message that show values. Long ones are cut; where two do not hold against each other, to where they begin to
/// differ.
fn shortened(lines: &[&str]) -> Vec<String> {
    let differ = match lines {
        [left, right] if left.starts_with("left: ") && right.starts_with("right: ") => {
            let [left, right] = [&left["left: ".len()..], &right["right: ".len()..]];
            let same = left.chars().zip(right.chars()).take_while(|(a, b)| a == b);
            same.count()
        }
        _ => 0,
    };
    lines
        .iter()
        .map(|line| shortened_line(line, differ))
        .collect()
}

fn shortened_line(line: &str, differ: usize) -> String {
    let count = line.chars().count();
    if count <= LONGEST_VALUE {
        return line.to_owned();
    }
    let (label, value) = match line.split_once(": ") {
        Some((label @ ("left" | "right"), value)) => (format!("{label}: "), value),
        _ => (String::new(), line),
    };
    let start = differ.saturating_sub(LONGEST_VALUE / 3);
    let shown: String = value.chars().skip(start).take(LONGEST_VALUE).collect();
    let before = if start > 0 { "…" } else { "" };
    let count = count - label.len();
    let after = if start + LONGEST_VALUE < count {
        "…"
    } else {
        ""
    };
    format!("{label}{before}{shown}{after} ({count} characters)")
}

/// A failure as a diagnostic: the place where it happened, with the values, and the calls that led there.
pub fn picture(
    sources: &SourceMap,
    case: &Case,
    failure: &Failure,
    result: &TestResult,
) -> Diagnostic {
    let mut lines = failure.message.lines();
    let first = lines.next().unwrap_or_default();
    let values = shortened(&lines.collect::<Vec<_>>());
    let message = format!("test {:?} failed: {first}", case.name);
    let found = failure
        .place
        .as_ref()
        .and_then(|place| span_of(sources, place));
    let mut picture = match found {
        Some(span) => {
            let label = if values.is_empty() {
                "failed here".to_owned()
            } else {
                values.join(", ")
            };
            Diagnostic::new(&TEST_FAILED, span, message).here(label)
        }
        None => values.iter().fold(
            Diagnostic::new(&TEST_FAILED, case.span, message),
            |picture, line| picture.note(line),
        ),
    };
    for (function, place) in failure.trace.iter().take(TRACE) {
        picture = picture.note(format!("called in {function} at {}", place_text(place)));
    }
    if failure.trace.len() > TRACE {
        picture = picture.note(format!("and {} more calls", failure.trace.len() - TRACE));
    }
    for step in &result.in_runs {
        picture = picture.note(step.text());
    }
    for line in &result.logged {
        picture = picture.note(format!("logged: {line}"));
    }
    picture
}

/// What stands at a place: from its column to the end of its line, without what closes blocks or is a comment.
fn span_of(sources: &SourceMap, place: &Position) -> Option<Span> {
    let (id, file) = sources.iter().find(|(_, file)| file.name == place.file)?;
    let line = file.line(place.line);
    let skip = (place.column as usize).checked_sub(1)?;
    let from = line.char_indices().nth(skip).map(|(at, _)| at)?;
    let rest = line.get(from..)?;
    let rest = rest.split(" //").next().unwrap_or(rest).trim_end();
    let start = file.line_start(place.line) + from;
    Some(Span::new(id, start, start + rest.len().max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_to_where_they_differ() {
        assert_eq!(shortened(&["left: 1", "right: 2"]), ["left: 1", "right: 2"]);
        let text = |middle: &str| format!("{}{middle}{}", "x".repeat(5000), "y".repeat(5000));
        let (left, right) = (text("a"), text("b"));
        let [left, right] = [format!("left: {left}"), format!("right: {right}")];
        let shown = shortened(&[&left, &right]);
        assert!(shown[0].starts_with("left: …xxx"), "{}", shown[0]);
        assert!(shown[0].contains("xxay"), "{}", shown[0]);
        assert!(shown[1].contains("xxby"), "{}", shown[1]);
        assert!(shown[1].ends_with("yy… (10001 characters)"), "{}", shown[1]);
        assert!(shown.iter().all(|line| line.len() < 300));
        let shown = shortened(&["left: 1", &right]);
        assert!(shown[1].starts_with("right: xxx"), "{}", shown[1]);
    }
}
