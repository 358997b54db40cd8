//! Which command of a shell text stands where, as far as is needed to find words that the shell would evaluate.
//!
//! `eval` and `let` read their words as commands and expressions, `[[ … -gt … ]]` its operands, `test -v` a name with a
//! subscript, and expressions may hold `a[$(…)]`. Told by [`super::shell_text`] of words, values and the ends of commands.

/// A command that is being read.
#[derive(Clone, Debug, Default)]
struct Running {
    kind: Kind,
    /// Values in a test of which it is not known yet whether it evaluates them.
    values: Vec<usize>,
    /// Whether it does.
    evaluates: bool,
    /// Whether a word has just begun with a name and a subscript.
    subscript: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Kind {
    /// Its first word is still to come.
    #[default]
    Expected,
    /// `[[ … ]]`
    Test,
    /// `[` or `test`, which compares numbers without evaluating them.
    OldTest,
    /// `eval`, `let`
    Evaluates,
    Other,
}

/// The commands that are open, the innermost last.
#[derive(Debug, Default)]
pub(super) struct Commands {
    outer: Vec<Running>,
    here: Running,
}

impl Commands {
    /// Begins a command within one.
    pub(super) fn enter(&mut self) {
        let within = match self.here.kind {
            // A parenthesis of its expression.
            Kind::Test => Running {
                kind: Kind::Test,
                evaluates: self.here.evaluates,
                ..Running::default()
            },
            _ => Running::default(),
        };
        self.outer.push(std::mem::replace(&mut self.here, within));
    }

    /// Ends what [`Commands::enter`] began.
    pub(super) fn leave(&mut self) {
        if let Some(outer) = self.outer.pop() {
            self.here = outer;
        }
    }

    /// Ends a command: another one may follow.
    pub(super) fn end(&mut self) {
        // `&&`, `||` and new lines are parts of a test.
        if self.here.kind != Kind::Test {
            self.here = Running::default();
        }
    }

    /// Whether the word that has just begun has a subscript where an assignment may stand.
    pub(super) fn is_subscript(&mut self) -> bool {
        std::mem::take(&mut self.here.subscript)
    }

    /// A value, by its number, and whether a word begins with it; gives whether it is evaluated.
    pub(super) fn value(&mut self, value: usize, starts_word: bool) -> bool {
        match self.here.kind {
            // Else it is a part of an assignment.
            Kind::Expected if starts_word => self.here.kind = Kind::Other,
            Kind::Test | Kind::OldTest if !self.here.evaluates => self.here.values.push(value),
            _ => {}
        }
        self.here.evaluates || self.here.kind == Kind::Evaluates
    }

    /// The beginning of a word; gives the values before it that it makes evaluated.
    pub(super) fn word(&mut self, word: &str) -> Vec<usize> {
        let here = &mut self.here;
        match here.kind {
            Kind::Expected => here.first_word(word),
            Kind::Test if word == "]]" => *here = Running::other(),
            Kind::Test | Kind::OldTest => {
                let compares = here.kind == Kind::Test
                    && matches!(word, "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge");
                if compares || matches!(word, "-v" | "-R") {
                    here.evaluates = true;
                    return std::mem::take(&mut here.values);
                }
            }
            Kind::Evaluates | Kind::Other => {}
        }
        Vec::new()
    }
}

impl Running {
    fn other() -> Self {
        Self {
            kind: Kind::Other,
            ..Self::default()
        }
    }

    fn first_word(&mut self, word: &str) {
        self.kind = match word {
            "[[" => Kind::Test,
            "[" | "test" => Kind::OldTest,
            "eval" | "let" => Kind::Evaluates,
            "if" | "then" | "elif" | "else" | "while" | "until" | "do" | "time" | "!" | "{"
            | "command" | "builtin" | "exec" => Kind::Expected,
            _ => {
                let name = word.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
                let has_name = name.len() < word.len();
                self.subscript = has_name && name.starts_with('[');
                let assigns = name.starts_with('=') || name.starts_with("+=");
                if has_name && (self.subscript || assigns) {
                    Kind::Expected
                } else {
                    Kind::Other
                }
            }
        };
    }
}
