//! A small printer of symbolic expressions.

/// How long a line may become before it is broken.
const WIDTH: usize = 110;

/// A word, or a list of such.
pub(super) enum Sexp {
    /// A word as it is.
    Word(String),
    /// `(head part part …)`; broken before its parts where it does not fit.
    List(Vec<Sexp>),
}

impl Sexp {
    pub(super) fn word(word: impl Into<String>) -> Self {
        Self::Word(word.into())
    }

    /// A text in quotes, with what can't be seen escaped.
    pub(super) fn text(text: &str) -> Self {
        Self::Word(format!("{text:?}"))
    }

    pub(super) fn list(head: &str, parts: impl IntoIterator<Item = Sexp>) -> Self {
        Self::List(std::iter::once(Self::word(head)).chain(parts).collect())
    }

    /// Adds `part` to a list.
    #[must_use]
    pub(super) fn with(mut self, part: impl IntoIterator<Item = Sexp>) -> Self {
        if let Self::List(parts) = &mut self {
            parts.extend(part);
        }
        self
    }

    /// Writes it with a newline at its end.
    pub(super) fn write(&self, out: &mut String) {
        self.write_at(0, out);
        out.push('\n');
    }

    fn write_at(&self, indentation: usize, out: &mut String) {
        match self {
            Self::Word(word) => out.push_str(word),
            Self::List(parts) => match self.line(WIDTH.saturating_sub(indentation)) {
                Some(line) => out.push_str(&line),
                None => Self::write_broken(parts, indentation + 2, out),
            },
        }
    }

    fn write_broken(parts: &[Sexp], indentation: usize, out: &mut String) {
        out.push('(');
        let mut words = true;
        for (index, part) in parts.iter().enumerate() {
            // Leading words stay beside the head.
            words &= matches!(part, Self::Word(_));
            if index > 0 && words {
                out.push(' ');
            } else if index > 0 {
                out.push('\n');
                out.extend(std::iter::repeat_n(' ', indentation));
            }
            part.write_at(indentation, out);
        }
        out.push(')');
    }

    /// The whole on one line, if it has no more than `width` characters.
    fn line(&self, width: usize) -> Option<String> {
        let mut line = String::new();
        self.push_line(width, &mut line).then_some(line)
    }

    fn push_line(&self, width: usize, line: &mut String) -> bool {
        match self {
            Self::Word(word) => line.push_str(word),
            Self::List(parts) => {
                line.push('(');
                for (index, part) in parts.iter().enumerate() {
                    if index > 0 {
                        line.push(' ');
                    }
                    if !part.push_line(width, line) {
                        return false;
                    }
                }
                line.push(')');
            }
        }
        line.len() <= width
    }
}
