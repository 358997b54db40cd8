//! Reads the text of a shell command as far as is needed to say where a value may stand.
//!
//! A value is given to the shell as a parameter, quoted, which is one word where a word may stand. Between quotes of the
//! user's own it would end them, and in arithmetic its text would be read as an expression, which can run commands. Where
//! this reading errs (it does not know `case`) the shell still takes a value for a value: at worst it splits it at blanks.

use super::shell_commands::Commands;

/// Why a value may not stand in a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Misplaced {
    /// Between quotes.
    Quotes,
    /// Within a here-document, or as the word that ends one.
    HereDocument,
    /// In `$((…))`.
    Arithmetic,
    /// In `${…}`.
    Parameter,
    /// Behind a backslash.
    Backslash,
    /// Behind a dollar sign.
    Dollar,
    /// In a command that reads its words as expressions; a whole number is the same there.
    Evaluated,
}

/// What ends a word, besides blanks.
const ENDS_WORD: &str = ";|&()<>`";

/// A character of the command, or one of its values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Item {
    Char(char),
    Value,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The misplaced ones among the values, by number.
    pub misplaced: Vec<(usize, Misplaced)>,
    /// Whether there is a pipe.
    pub pipes: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// `'…'`
    Single,
    /// `$'…'`
    Escaped,
    /// `"…"`
    Double,
    /// `$(…)`, and parentheses in it.
    Command,
    /// Backquotes.
    Backquote,
    /// `${…}`
    Parameter,
    /// A parenthesis of `$((…))`.
    Arithmetic,
    /// `$[…]`
    Bracket,
    /// `name[…]` where an assignment may stand.
    Subscript,
}

/// Whether a whole command has a pipe in it.
pub(crate) fn pipes_in(command: &str) -> bool {
    read(&command.chars().map(Item::Char).collect::<Vec<_>>()).pipes
}

/// Reads a command.
pub(super) fn read(items: &[Item]) -> Reading {
    let mut reader = Reader {
        items,
        at: 0,
        values: 0,
        within: Vec::new(),
        commands: Commands::default(),
        here_documents: Vec::new(),
        found: Reading::default(),
    };
    while let Some(item) = reader.next() {
        match item {
            Item::Value => reader.value(),
            Item::Char(c) => reader.character(c),
        }
    }
    reader.found.misplaced.sort_by_key(|(value, _)| *value);
    reader.found
}

struct Reader<'i> {
    items: &'i [Item],
    at: usize,
    values: usize,
    within: Vec<Within>,
    commands: Commands,
    /// The words that end the here-documents that begin with the next line; whether tabs before them do not count.
    here_documents: Vec<(String, bool)>,
    found: Reading,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<Item> {
        let item = self.items.get(self.at).copied()?;
        self.at += 1;
        Some(item)
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        match self.items.get(self.at + ahead) {
            Some(Item::Char(c)) => Some(*c),
            _ => None,
        }
    }

    fn is_value_next(&self) -> bool {
        self.items.get(self.at) == Some(&Item::Value)
    }

    /// The character before the one that was just read.
    fn previous(&self) -> Option<char> {
        match self.at.checked_sub(2).and_then(|at| self.items.get(at)) {
            Some(Item::Char(c)) => Some(*c),
            // A value is a part of a word.
            Some(Item::Value) => Some('x'),
            None => None,
        }
    }

    /// Whether a word begins with what was just read.
    fn starts_word(&self) -> bool {
        self.previous()
            .is_none_or(|c| c.is_whitespace() || ENDS_WORD.contains(c))
    }

    fn misplaced(&mut self, why: Misplaced) {
        self.found.misplaced.push((self.values, why));
        self.values += 1;
    }

    fn value(&mut self) {
        match self.within.last() {
            Some(Within::Single | Within::Escaped | Within::Double) => {
                self.misplaced(Misplaced::Quotes);
            }
            Some(Within::Parameter) => self.misplaced(Misplaced::Parameter),
            Some(Within::Arithmetic | Within::Bracket) => self.misplaced(Misplaced::Arithmetic),
            Some(Within::Subscript) => self.misplaced(Misplaced::Evaluated),
            None | Some(Within::Command | Within::Backquote) => {
                if self.commands.value(self.values, self.starts_word()) {
                    self.misplaced(Misplaced::Evaluated);
                } else {
                    self.values += 1;
                }
            }
        }
    }

    /// Passes over an escaped character.
    fn escaped(&mut self) {
        if self.is_value_next() {
            self.at += 1;
            self.misplaced(Misplaced::Backslash);
        } else {
            self.at += 1;
        }
    }

    fn character(&mut self, c: char) {
        let within = self.within.last().copied();
        match (within, c) {
            (Some(Within::Single), '\'') | (Some(Within::Escaped), '\'') => self.leave(),
            (Some(Within::Single), _) => {}
            (_, '\\') => self.escaped(),
            (Some(Within::Escaped), _) => {}
            (Some(Within::Double), '"')
            | (Some(Within::Parameter), '}')
            | (Some(Within::Arithmetic | Within::Command), ')')
            | (Some(Within::Bracket | Within::Subscript), ']')
            | (Some(Within::Backquote), '`') => self.leave(),
            (_, '`') => self.enter(Within::Backquote),
            (_, '$') => self.dollar(within),
            (Some(Within::Double), _) => {}
            (_, '"') => self.within.push(Within::Double),
            (_, '\'') => self.within.push(Within::Single),
            (Some(Within::Arithmetic), '(') => self.within.push(Within::Arithmetic),
            (Some(inner @ (Within::Bracket | Within::Subscript)), '[') => self.within.push(inner),
            (
                Some(Within::Parameter | Within::Arithmetic | Within::Bracket | Within::Subscript),
                _,
            ) => {}
            (None | Some(Within::Command | Within::Backquote), _) => self.plain(c),
        }
    }

    /// Begins commands within another one.
    fn enter(&mut self, within: Within) {
        self.within.push(within);
        self.commands.enter();
    }

    fn leave(&mut self) {
        if let Some(Within::Command | Within::Backquote) = self.within.pop() {
            self.commands.leave();
        }
    }

    fn dollar(&mut self, within: Option<Within>) {
        let in_text = within == Some(Within::Double);
        match self.peek(0) {
            Some('(') if self.peek(1) == Some('(') => {
                self.at += 2;
                self.within.extend([Within::Arithmetic; 2]);
            }
            Some('(') => {
                self.at += 1;
                self.enter(Within::Command);
            }
            Some('[') => {
                self.at += 1;
                self.within.push(Within::Bracket);
            }
            Some('{') => {
                self.at += 1;
                self.within.push(Within::Parameter);
            }
            Some('\'') if !in_text => {
                self.at += 1;
                self.within.push(Within::Escaped);
            }
            None if self.is_value_next() && !in_text => {
                self.at += 1;
                self.misplaced(Misplaced::Dollar);
            }
            // A dollar sign by itself, or a parameter: `$1`, `$#`, `$name`.
            Some('#' | '$') => self.at += 1,
            _ => {}
        }
    }

    /// A character where commands stand.
    fn plain(&mut self, c: char) {
        let starts_word = self.starts_word();
        if starts_word && !c.is_whitespace() && !ENDS_WORD.contains(c) {
            let word = self.word(c);
            for value in self.commands.word(&word) {
                self.found.misplaced.push((value, Misplaced::Evaluated));
            }
        }
        match c {
            '(' if starts_word && self.peek(0) == Some('(') => {
                self.at += 1;
                self.within.extend([Within::Arithmetic; 2]);
            }
            '(' => self.enter(Within::Command),
            '[' if self.commands.is_subscript() => self.within.push(Within::Subscript),
            '#' if starts_word => {
                while self
                    .items
                    .get(self.at)
                    .is_some_and(|&item| item != Item::Char('\n'))
                {
                    self.values += usize::from(self.is_value_next());
                    self.at += 1;
                }
            }
            '<' if self.peek(0) == Some('<') && self.peek(1) == Some('<') => self.at += 2,
            '<' if self.peek(0) == Some('<') => {
                self.at += 1;
                self.here_document();
            }
            '|' if self.peek(0) == Some('|') => {
                self.at += 1;
                self.commands.end();
            }
            '|' => {
                self.found.pipes |= self.previous() != Some('>');
                self.commands.end();
            }
            '\n' => {
                self.commands.end();
                self.skip_here_documents();
            }
            // Not the one of `2>&1`.
            '&' if self.previous() == Some('>') => {}
            ';' | '&' | ')' => self.commands.end(),
            _ => {}
        }
    }

    /// The word that begins with `first`, as far as it is written out.
    fn word(&self, first: char) -> String {
        let ends = |c: &char| c.is_whitespace() || ENDS_WORD.contains(*c) || "'\"$\\".contains(*c);
        let rest = (0..).map_while(|ahead| self.peek(ahead).filter(|c| !ends(c)));
        std::iter::once(first).chain(rest).collect()
    }

    /// Reads the word behind `<<`.
    fn here_document(&mut self) {
        let tabs = self.peek(0) == Some('-');
        self.at += usize::from(tabs);
        while matches!(self.peek(0), Some(' ' | '\t')) {
            self.at += 1;
        }
        let mut word = String::new();
        loop {
            if self.is_value_next() {
                self.at += 1;
                self.misplaced(Misplaced::HereDocument);
                continue;
            }
            match self.peek(0) {
                Some(c) if !c.is_whitespace() && !";|&()<>".contains(c) => {
                    self.at += 1;
                    if !"\"'\\".contains(c) {
                        word.push(c);
                    }
                }
                _ => break,
            }
        }
        self.here_documents.push((word, tabs));
    }

    fn skip_here_documents(&mut self) {
        for (end, tabs) in std::mem::take(&mut self.here_documents) {
            loop {
                let mut line = String::new();
                let mut ended = true;
                while let Some(item) = self.next() {
                    match item {
                        Item::Char('\n') => {
                            ended = false;
                            break;
                        }
                        Item::Char(c) => line.push(c),
                        Item::Value => {
                            line.push('\0');
                            self.misplaced(Misplaced::HereDocument);
                        }
                    }
                }
                let text = line.as_str();
                let text = if tabs {
                    text.trim_start_matches('\t')
                } else {
                    text
                };
                if ended || text == end {
                    break;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `@` stands for a value.
    fn reading(text: &str) -> Reading {
        let item = |c| if c == '@' { Item::Value } else { Item::Char(c) };
        read(&text.chars().map(item).collect::<Vec<_>>())
    }

    fn why(text: &str) -> Vec<Misplaced> {
        let found = reading(text).misplaced;
        found.into_iter().map(|(_, why)| why).collect()
    }

    #[test]
    fn places_for_values() {
        for text in [
            "sort @ | uniq -c > @",
            "echo a@b '$x' \"$(cat @)\" `cat @`",
            "awk '{print $1}' @ # it's @",
            "cat <<EOF > @\nit's\nEOF\necho @",
            "cat <<-'END' @\n\tEND\ngrep @ <<< @",
            "echo \\' @ \\\\@",
            "x=$((1 << 2)); echo $x $$ $# @",
            "(cd @; ls) && echo \"a\"@'b'",
            "echo $'it\\'s' @",
            "grep -v @ file[@] && echo let @ eval",
            "[[ @ == @ && -f @ ]]; [ @ -gt 3 ]; test @ -eq @",
            "if [[ -n @ ]]; then x=@; fi; echo -eq @",
            "x=1 y=@ eval z",
            "a=(@ @); for x in @; do echo $x; done",
        ] {
            assert_eq!(why(text), [], "{text}");
        }
        for (text, wanted) in [
            ("echo \"@\"", Misplaced::Quotes),
            ("echo 'a @'", Misplaced::Quotes),
            ("echo $'\\'@'", Misplaced::Quotes),
            ("echo \"$(echo \"@\")\"", Misplaced::Quotes),
            ("cat <<EOF\n@\nEOF", Misplaced::HereDocument),
            ("cat <<@", Misplaced::HereDocument),
            ("echo $((@ + 1))", Misplaced::Arithmetic),
            ("((@ > 1))", Misplaced::Arithmetic),
            ("echo ${x:-@}", Misplaced::Parameter),
            ("echo \\@", Misplaced::Backslash),
            ("echo $@", Misplaced::Dollar),
            ("echo $[@ + 1]", Misplaced::Arithmetic),
            ("echo \"$[a[1] + @]\"", Misplaced::Arithmetic),
            ("let x=@", Misplaced::Evaluated),
            ("true && eval echo @", Misplaced::Evaluated),
            ("x=1 y=2 eval @", Misplaced::Evaluated),
            ("[[ @ -gt 3 ]]", Misplaced::Evaluated),
            ("if [[ 3 -le @ ]]; then true; fi", Misplaced::Evaluated),
            ("[[ ( x && 1 -eq @ ) ]]", Misplaced::Evaluated),
            ("test -v @", Misplaced::Evaluated),
            ("a[@]=1", Misplaced::Evaluated),
            ("echo \"$(let y=@)\"", Misplaced::Evaluated),
        ] {
            assert_eq!(why(text), [wanted], "{text}");
        }
        assert_eq!(
            reading("echo @ \"@\" @ '@'").misplaced,
            [(1, Misplaced::Quotes), (3, Misplaced::Quotes)]
        );
    }

    #[test]
    fn pipes() {
        for text in ["a | b", "a |& b", "x=$(a|b)"] {
            assert!(reading(text).pipes, "{text}");
        }
        for text in ["a || b", "a >| b", "echo '|' \"|\" \\|", "a # | b"] {
            assert!(!reading(text).pipes, "{text}");
        }
    }

    #[test]
    fn any_text_is_read() {
        let parts = [
            "'", "\"", "$(", "((", "))", "`", "\\", "@", "<<", "\n", "#", "$", "{", "}", "a ",
        ];
        let mut state = 1_u64;
        for _ in 0..20_000 {
            let mut text = String::new();
            for _ in 0..12 {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1);
                text.push_str(parts[(state >> 33) as usize % parts.len()]);
            }
            let values = text.matches('@').count();
            let found = reading(&text).misplaced;
            assert!(found.iter().all(|(value, _)| *value < values), "{text}");
        }
    }
}
