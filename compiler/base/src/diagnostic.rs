//! Diagnostics as data: what is wrong, where, and how to mend it. Rendering is for others.

use crate::codes::{Code, Severity};
use crate::source::Span;

/// One finding about a program.
///
/// Reads like a sentence in three parts: the message says what is wrong, the labels say where and what was found and
/// expected there, the helps say what to do. A repair that a machine can apply is also a [`Fix`].
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// The stable code, whose registry entry gives severity and title.
    pub code: &'static Code,
    /// What is wrong, in one line without a full stop, naming the things involved.
    pub message: String,
    /// Where; the place at which the user should look first.
    pub primary: Label,
    /// Other places that matter: a declaration, an earlier use.
    pub labels: Vec<Label>,
    /// Why it is so; facts, not advice.
    pub notes: Vec<String>,
    /// The ways out, each a sentence.
    pub helps: Vec<String>,
    /// Repairs as edits, in the order of likelihood.
    pub fixes: Vec<Fix>,
}

/// A place with what is to be said of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// Some words; may be empty.
    pub text: String,
}

/// A repair.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// What it does, as an editor's menu would say it: "collect the items into a list".
    pub title: String,
    /// Edits that do not overlap.
    pub edits: Vec<Edit>,
    /// How sure it is.
    pub applicability: Applicability,
}

/// Replacement of a span by a text.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// What is replaced; empty for an insertion.
    pub span: Span,
    /// By what.
    pub text: String,
}

/// Whether a fix may be applied unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applicability {
    /// The result means what the user meant.
    Certain,
    /// One of several meanings.
    Maybe,
    /// Holds a placeholder that the user fills in.
    Placeholder,
}

impl Diagnostic {
    /// A diagnostic of `code` at `span`; `message` says what is wrong.
    pub fn new(code: &'static Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            message: harmless(message.into(), false),
            primary: Label {
                span,
                text: String::new(),
            },
            labels: Vec::new(),
            notes: Vec::new(),
            helps: Vec::new(),
            fixes: Vec::new(),
        }
    }

    /// The words at the primary place.
    #[must_use]
    pub fn here(mut self, text: impl Into<String>) -> Self {
        self.primary.text = harmless(text.into(), true);
        self
    }

    /// One more place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: harmless(text.into(), true),
        });
        self
    }

    /// A fact that explains.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(harmless(text.into(), true));
        self
    }

    /// A way out.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.helps.push(harmless(text.into(), true));
        self
    }

    /// A repair of one edit.
    #[must_use]
    pub fn fix(
        self,
        title: impl Into<String>,
        span: Span,
        text: impl Into<String>,
        how: Applicability,
    ) -> Self {
        self.fix_all(
            title,
            vec![Edit {
                span,
                text: text.into(),
            }],
            how,
        )
    }

    /// A repair of several edits.
    #[must_use]
    pub fn fix_all(
        mut self,
        title: impl Into<String>,
        edits: Vec<Edit>,
        applicability: Applicability,
    ) -> Self {
        self.fixes.push(Fix {
            title: title.into(),
            edits,
            applicability,
        });
        self
    }

    /// The registry's severity.
    pub fn severity(&self) -> Severity {
        self.code.severity
    }

    /// Whether the primary place is of what nobody needs: an unused name, code that is never reached.
    pub fn is_unnecessary(&self) -> bool {
        crate::codes::UNNECESSARY
            .iter()
            .any(|code| code.id == self.code.id)
    }

    /// Whether it stops the build.
    pub fn is_error(&self) -> bool {
        self.severity() == Severity::Error
    }
}

/// Words with control characters written out. Messages quote the program, which may hold anything; what comes of it is for
/// terminals, whose cursor it shall not move, and for logs, where a message is one line.
fn harmless(text: String, lines: bool) -> String {
    let harmful = |c: char| c.is_control() && !(lines && c == '\n');
    if !text.contains(harmful) {
        return text;
    }
    text.chars().fold(String::new(), |mut words, c| {
        if harmful(c) {
            words.extend(c.escape_debug());
        } else {
            words.push(c);
        }
        words
    })
}

/// The candidate nearest to `name` by edit distance, if one is near enough to be what was meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    let limit = (length / 3).max(1);
    candidates
        .into_iter()
        // A difference in length is at least so large a distance: most candidates are done with here.
        .filter(|c| c.chars().count().abs_diff(length) <= limit)
        .map(|c| (edit_distance(name, c), c))
        // With every character changed it is another name: `f` was not meant by `x`.
        .filter(|&(d, c)| d < length.max(c.chars().count()) || length == 0)
        .filter(|&(d, c)| d <= limit && c != name)
        .min()
        .map(|(_, c)| c)
}

/// Levenshtein distance with transpositions of neighbours (Damerau, restricted), in characters.
fn edit_distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = [
        vec![0; b.len() + 1],
        (0..=b.len()).collect::<Vec<_>>(),
        vec![0; b.len() + 1],
    ];
    for i in 1..=a.len() {
        rows[2][0] = i;
        for j in 1..=b.len() {
            let change = rows[1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(rows[1][j] + 1).min(rows[2][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[0][j - 2] + 1);
            }
            rows[2][j] = best;
        }
        rows.rotate_left(1);
    }
    rows[1][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_program_do_no_harm() {
        let span = Span::new(crate::FileId(0), 0, 0);
        let found = Diagnostic::new(&crate::codes::names::UNKNOWN, span, "no `a\n\u{1b}[2J`")
            .help("one\ntwo\u{0}");
        assert_eq!(found.message, "no `a\\n\\u{1b}[2J`");
        assert_eq!(found.helps, ["one\ntwo\\0"]);
    }

    #[test]
    fn the_nearest_name_is_near() {
        assert_eq!(nearest("lenght", ["len", "length", "left"]), Some("length"));
        assert_eq!(nearest("valeus", ["values", "negatives"]), Some("values"));
        assert_eq!(nearest("abc", ["xyz", "q"]), None);
        assert_eq!(nearest("", ["a"]), Some("a"));
        assert_eq!(nearest("x", ["f"]), None);
    }
}
