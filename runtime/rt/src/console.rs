//! Everything that is printed. Nothing here panics: a stream that is closed or full is no reason to break off a run.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use dynop_std::log::Level;
use dynop_values::json;

use crate::{BROKEN_PIPE, FAILURE, SUCCESS};

/// How the log on standard error is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Writes a text that is all the command gives to standard output, and makes an exit code of how that went.
pub fn finish(text: &str) -> u8 {
    let mut stream = io::stdout().lock();
    let written = stream
        .write_all(text.as_bytes())
        .and_then(|()| stream.flush());
    match written {
        Ok(()) => SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => BROKEN_PIPE,
        Err(error) => {
            error_line(&format!("can't write to standard output: {error}"));
            FAILURE
        }
    }
}

/// A line on standard error, after `error: `.
pub fn error_line(message: &str) {
    let paint = Paint::detect();
    plain_error_line(&format!("{} {message}", paint.error("error:")));
}

/// A line on standard error.
pub fn plain_error_line(line: &str) {
    // Where standard error is gone there is nobody to tell.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Colours, or none.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    colours: bool,
}

impl Paint {
    /// Colours on a terminal, unless `NO_COLOR` is set or the terminal is a dumb one.
    pub fn detect() -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
            || std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self {
            colours: !unwanted && io::stderr().is_terminal(),
        }
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.colours {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    /// Something went wrong.
    pub fn error(self, text: &str) -> String {
        self.with("1;31", text)
    }

    /// Something may be wrong.
    pub fn warning(self, text: &str) -> String {
        self.with("1;33", text)
    }

    /// Something went well.
    pub fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// What the line is about.
    pub fn strong(self, text: &str) -> String {
        self.with("1", text)
    }

    /// Less important.
    pub fn faint(self, text: &str) -> String {
        self.with("2", text)
    }
}

/// Standard error during a run, shared by log lines and the progress line.
pub struct Console {
    format: LogFormat,
    level: Level,
    quiet: bool,
    terminal: bool,
    paint: Paint,
    /// Whether the progress line is on the screen.
    drawn: Mutex<bool>,
}

/// The console of the process's one run: log lines of steps come by a plain function.
static CONSOLE: OnceLock<Console> = OnceLock::new();

/// The console of the run, if it has begun.
pub fn current() -> Option<&'static Console> {
    CONSOLE.get()
}

impl Console {
    /// Makes it the run's.
    pub fn install(self) -> &'static Self {
        CONSOLE.get_or_init(|| self)
    }

    /// For a run.
    pub fn new(format: LogFormat, level: Level, quiet: bool) -> Self {
        Self {
            format,
            level,
            quiet,
            terminal: io::stderr().is_terminal(),
            paint: Paint::detect(),
            drawn: Mutex::new(false),
        }
    }

    /// How the log is written.
    pub fn format(&self) -> LogFormat {
        self.format
    }

    /// Whether lines of a level that steps log are wanted.
    pub fn shows(&self, level: Level) -> bool {
        !self.quiet && level >= self.level
    }

    /// Whether only failures are wanted.
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether a progress line makes sense.
    pub fn shows_progress(&self) -> bool {
        self.terminal && !self.quiet && self.format == LogFormat::Text
    }

    /// Whether a person looks on.
    pub fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Colours.
    pub fn paint(&self) -> Paint {
        self.paint
    }

    fn drawn(&self) -> MutexGuard<'_, bool> {
        self.drawn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes lines; the progress line makes room for them.
    pub fn lines(&self, text: &str) {
        let mut drawn = self.drawn();
        let clear = if std::mem::take(&mut *drawn) {
            "\r\x1b[K"
        } else {
            ""
        };
        let end = if text.ends_with('\n') { "" } else { "\n" };
        let _ = io::stderr()
            .lock()
            .write_all(format!("{clear}{text}{end}").as_bytes());
    }

    /// Draws the progress line anew.
    pub fn draw(&self, line: &str) {
        let mut drawn = self.drawn();
        *drawn = true;
        let _ = io::stderr()
            .lock()
            .write_all(format!("\r\x1b[K{line}").as_bytes());
    }

    /// Takes the progress line away.
    pub fn clear(&self) {
        let mut drawn = self.drawn();
        if std::mem::take(&mut *drawn) {
            let _ = io::stderr().lock().write_all(b"\r\x1b[K");
        }
    }
}

/// The lines of a message that a step logs, at least one. Of a line that was drawn again and again behind a `\r`, as programs show
/// their progress, the last state is left; other control characters are written out, so that they can't act on the terminal.
pub fn log_lines(message: &str) -> Vec<String> {
    let mut lines: Vec<String> = message
        .lines()
        .map(|line| {
            printable(
                line.rsplit('\r')
                    .find(|state| !state.is_empty())
                    .unwrap_or(""),
            )
        })
        .collect();
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

/// A line as a terminal may get it.
pub fn printable(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    for c in line.chars() {
        if c.is_control() && c != '\t' {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// An object of the JSON log, built field by field.
pub struct LogObject(String);

impl LogObject {
    /// With the field `event`.
    pub fn new(event: &str) -> Self {
        Self(String::from("{")).text("event", event)
    }

    /// An object within another.
    pub fn inner() -> Self {
        Self(String::from("{"))
    }

    fn key(&mut self, key: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        json::quote(&mut self.0, key);
        self.0.push(':');
    }

    /// A text.
    pub fn text(mut self, key: &str, value: &str) -> Self {
        self.key(key);
        json::quote(&mut self.0, value);
        self
    }

    /// What is JSON already.
    pub fn raw(mut self, key: &str, value: &str) -> Self {
        self.key(key);
        self.0.push_str(value);
        self
    }

    /// The object.
    pub fn finish(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::log_lines;

    #[test]
    fn messages_can_not_act_on_the_terminal() {
        assert_eq!(log_lines("one\ntwo\n"), ["one", "two"]);
        assert_eq!(log_lines(""), [""]);
        assert_eq!(log_lines(" 10%\r 50%\r100%\r\n"), ["100%"]);
        assert_eq!(
            log_lines("\u{1b}[2Jgone\tor not"),
            ["\\u{1b}[2Jgone\tor not"]
        );
    }
}
