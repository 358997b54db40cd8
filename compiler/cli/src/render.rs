//! How diagnostics look: for people (drawn by miette), in one line, or as JSON.

use std::borrow::Cow;
use std::fmt;
use std::io::IsTerminal;

use dynop_base::{Applicability, Diagnostic, Label, Preview, Severity, SourceMap, Span};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, ThemeStyles};
use serde_json::json;

use crate::excerpt::Excerpt;

/// How diagnostics are printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum MessageFormat {
    /// Source, caret, reason and repair
    Human,
    /// One line each: file:line:column: error[code]: message
    Short,
    /// One JSON object a line
    Json,
}

/// How a drawing looks.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Whether colours are used.
    pub colour: bool,
    /// Whether line art may use more than ASCII.
    pub unicode: bool,
    /// Columns.
    pub width: usize,
}

impl Style {
    /// For files, pipes and tests.
    pub const PLAIN: Style = Style {
        colour: false,
        unicode: true,
        width: 100,
    };

    /// What suits standard error as it is now: colours on a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`.
    pub fn of_stderr() -> Self {
        let variable = |name| {
            std::env::var_os(name).is_some_and(|value: std::ffi::OsString| !value.is_empty())
        };
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let colour = std::io::stderr().is_terminal() && !variable("NO_COLOR") && !dumb;
        Self {
            colour,
            ..Self::PLAIN
        }
    }
}

/// Of more diagnostics than this the first are drawn: whoever reads them begins at the top anyway, and what a generated
/// file gets wrong it gets wrong everywhere. Formats for programs have all of them.
pub const MOST_DRAWN: usize = 200;

/// Diagnostics in the order of their places, as text in the given format, each ending in a newline. For people the first
/// [`MOST_DRAWN`].
pub fn render(
    diagnostics: &[Diagnostic],
    sources: &SourceMap,
    format: MessageFormat,
    style: Style,
) -> String {
    let mut sorted: Vec<&Diagnostic> = diagnostics.iter().collect();
    sorted.sort_by_key(|d| (d.primary.span, d.code.id));
    if format == MessageFormat::Human {
        sorted.truncate(MOST_DRAWN);
    }
    let mut text = String::new();
    for diagnostic in sorted {
        match format {
            MessageFormat::Human => {
                text.push_str(&human(diagnostic, sources, style));
                text.push('\n');
            }
            MessageFormat::Short => text.push_str(&short(diagnostic, sources)),
            MessageFormat::Json => {
                text.push_str(&to_json(diagnostic, sources).to_string());
                text.push('\n');
            }
        }
    }
    text
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn short(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    format!(
        "{}: {}[{}]: {}\n",
        sources.locate(diagnostic.primary.span),
        word(diagnostic.severity()),
        diagnostic.code.id,
        one_line(&diagnostic.message)
    )
}

fn one_line(text: &str) -> String {
    readable(text).replace('\n', " ")
}

/// Words longer than this, in characters, are names that a generator made: what stands between their ends says nothing.
const LONGEST_WORD: usize = 200;

/// A text with the middle of its longest words left out.
fn readable(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST_WORD {
        return Cow::Borrowed(text);
    }
    let words = text.split_inclusive(char::is_whitespace).map(|word| {
        let ends = || {
            Some((
                word.char_indices().nth(80)?.0,
                word.char_indices().rev().nth(40)?.0,
            ))
        };
        match ends().filter(|_| word.chars().nth(LONGEST_WORD).is_some()) {
            Some((start, end)) => Cow::Owned(format!("{}…{}", &word[..start], &word[end..])),
            None => Cow::Borrowed(word),
        }
    });
    words.collect::<String>().into()
}

fn human(diagnostic: &Diagnostic, sources: &SourceMap, style: Style) -> String {
    let mut theme = if style.unicode {
        GraphicalTheme::unicode_nocolor()
    } else {
        GraphicalTheme::none()
    };
    if style.colour {
        theme.styles = ThemeStyles::ansi();
    }
    // A link or escape that no terminal asked for is noise in a log, hence no hyperlinks; the page is one command away.
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(style.width)
        .with_links(false)
        .with_context_lines(1)
        .with_cause_chain()
        .with_break_words(false);
    let mut text = String::new();
    let drawn = Drawn::new(diagnostic, sources, style);
    if handler.render_report(&mut text, &drawn).is_err() {
        return short(diagnostic, sources);
    }
    for (word, said, preview) in footer(diagnostic, sources) {
        let label = if style.colour {
            format!("  \u{1b}[36m{word}: \u{1b}[0m")
        } else {
            format!("  {word}: ")
        };
        let indent = " ".repeat(word.len() + 4);
        let options = textwrap::Options::new(style.width.saturating_sub(2))
            .initial_indent(&label)
            .subsequent_indent(&indent)
            .break_words(false);
        text.push_str(&textwrap::fill(&readable(&said), options));
        text.push('\n');
        if let Some(preview) = preview {
            text.push_str(&lines_of(&preview, diagnostic, sources, style));
        }
    }
    text
}

/// The lines that a repair would change, as they would be.
fn lines_of(
    preview: &Preview,
    diagnostic: &Diagnostic,
    sources: &SourceMap,
    style: Style,
) -> String {
    let (bar, ellipsis) = if style.unicode {
        ('│', "…")
    } else {
        ('|', "...")
    };
    let place = if preview.file == diagnostic.primary.span.file {
        String::new()
    } else {
        format!("{}:", sources.file(preview.file).name)
    };
    let most = style.width.saturating_sub(16 + place.len());
    let mut text = String::new();
    for (number, line) in (preview.line..).zip(&preview.lines) {
        let line = line.replace('\t', "    ");
        let long = line.chars().count() > most;
        let shown: String = line.chars().take(most).collect();
        let shown = if long { shown + ellipsis } else { shown };
        text.push_str(&format!("      {place}{number} {bar} {shown}\n"));
    }
    text
}

/// What stands below the picture: the notes, then the ways out; a repair that no words tell is told by its title and the
/// line that it makes.
fn footer(
    diagnostic: &Diagnostic,
    sources: &SourceMap,
) -> Vec<(&'static str, String, Option<Preview>)> {
    let file = diagnostic.primary.span.file;
    // miette draws one file a diagnostic: what lies elsewhere is told in words.
    let elsewhere = diagnostic.labels.iter().filter(|l| l.span.file != file);
    let repairs = diagnostic
        .fixes
        .iter()
        .filter(|_| diagnostic.helps.is_empty())
        .map(|fix| ("help", fix.title.clone(), fix.preview(sources)));
    elsewhere
        .map(|label| {
            let place = sources.locate(label.span);
            ("note", format!("{place}: {}", label.text), None)
        })
        .chain(
            diagnostic
                .notes
                .iter()
                .map(|note| ("note", note.clone(), None)),
        )
        .chain(
            diagnostic
                .helps
                .iter()
                .map(|help| ("help", help.clone(), None)),
        )
        .chain(repairs)
        .collect()
}

fn to_json(diagnostic: &Diagnostic, sources: &SourceMap) -> serde_json::Value {
    let place = |span: Span| {
        let file = sources.file(span.file);
        let (start, end) = (file.line_column(span.start), file.line_column(span.end));
        json!({
            "file": file.name, "start": span.start, "end": span.end,
            "line": start.line, "column": start.column, "end_line": end.line, "end_column": end.column,
        })
    };
    let fixes: Vec<_> = diagnostic
        .fixes
        .iter()
        .map(|fix| {
            let edits: Vec<_> = fix
                .edits
                .iter()
                .map(|e| json!({ "place": place(e.span), "text": e.text }))
                .collect();
            let applicability = match fix.applicability {
                Applicability::Certain => "certain",
                Applicability::Maybe => "maybe",
                Applicability::Placeholder => "placeholder",
            };
            json!({ "title": fix.title, "applicability": applicability, "edits": edits })
        })
        .collect();
    let labels: Vec<_> = diagnostic
        .labels
        .iter()
        .map(|l| json!({ "place": place(l.span), "text": l.text }))
        .collect();
    json!({
        "code": diagnostic.code.id,
        "title": diagnostic.code.title,
        "severity": word(diagnostic.severity()),
        "message": diagnostic.message,
        "place": place(diagnostic.primary.span),
        "text": diagnostic.primary.text,
        "labels": labels,
        "notes": diagnostic.notes,
        "helps": diagnostic.helps,
        "fixes": fixes,
    })
}

/// A diagnostic as miette wants it.
struct Drawn<'a> {
    diagnostic: &'a Diagnostic,
    source: Option<Excerpt>,
}

impl<'a> Drawn<'a> {
    fn new(diagnostic: &'a Diagnostic, sources: &'a SourceMap, style: Style) -> Self {
        let primary = diagnostic.primary.span;
        let file = sources.file(primary.file);
        let ellipsis = if style.unicode { "…" } else { "..." };
        let source = (!file.text.is_empty()).then(|| {
            let labels: Vec<_> = in_one_file(diagnostic).map(|l| l.span.range()).collect();
            Excerpt::new(file, &labels, ellipsis)
        });
        Self { diagnostic, source }
    }
}

impl fmt::Display for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&readable(&self.diagnostic.message))
    }
}

impl fmt::Debug for Drawn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.diagnostic, f)
    }
}

impl std::error::Error for Drawn<'_> {}

impl miette::Diagnostic for Drawn<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.diagnostic.code.id))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity() {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.source
            .as_ref()
            .map(|source| source as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let places = self.source.as_ref()?.labels();
        let labels = in_one_file(self.diagnostic).zip(places).enumerate();
        Some(Box::new(labels.map(|(index, (label, place))| {
            let text = (!label.text.is_empty()).then(|| readable(&label.text).into_owned());
            if index == 0 {
                LabeledSpan::new_primary_with_span(text, place)
            } else {
                LabeledSpan::new_with_span(text, place)
            }
        })))
    }
}

/// The primary label and those that are in its file.
fn in_one_file(diagnostic: &Diagnostic) -> impl Iterator<Item = &Label> {
    let primary = &diagnostic.primary;
    let others = diagnostic
        .labels
        .iter()
        .filter(|label| label.span.file == primary.span.file);
    std::iter::once(primary).chain(others)
}
