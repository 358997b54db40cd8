//! Mutations of texts: of single bytes, of tokens and of lines, and crossings of two texts.

/// Words and signs that mean something in a program, to be put in anywhere.
pub const PROGRAM_TOKENS: [&str; 96] = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "<",
    ">",
    "|",
    "||",
    ",",
    ".",
    "..",
    "..=",
    "?.",
    "??",
    "?",
    ":",
    "=",
    "==",
    "!=",
    "=>",
    "->",
    "+",
    "-",
    "*",
    "**",
    "/",
    "%",
    "&",
    "^",
    "<<",
    ">>",
    "+=",
    ":=",
    "@",
    "!",
    "&&",
    ";",
    "#",
    "'",
    "`",
    "\\",
    "$",
    "\"",
    "\"\"\"",
    "f\"",
    "f\"\"\"",
    "sh\"",
    "r\"",
    "b\"",
    "{{",
    "}}",
    "{x",
    "\\u{",
    "//",
    "///",
    "//!",
    "/*",
    "*/",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\u{1}",
    "\u{2}",
    "\u{3}",
    "\u{4}",
    "\u{feff}",
    "\u{a0}",
    "é",
    "🙂",
    "0",
    "1.5",
    "0x",
    "1e",
    "10ms",
    "let ",
    "var ",
    "fn ",
    "op ",
    "if ",
    "else ",
    "match ",
    "for ",
    " in ",
    "return ",
    "fail ",
    "try ",
    "catch ",
    "run ",
    " with ",
    " as ",
    "yield ",
    "not ",
    "\nfn f() {",
];

/// A stream of mutated texts.
pub struct Mutator {
    seeds: Vec<String>,
    tokens: &'static [&'static str],
    most: usize,
    state: u64,
}

impl Mutator {
    /// A stream over `seeds`, with up to `most` mutations a text; the same seed gives the same stream.
    pub fn new(
        seeds: Vec<String>,
        tokens: &'static [&'static str],
        most: usize,
        seed: u64,
    ) -> Self {
        let seeds = if seeds.is_empty() {
            vec![String::new()]
        } else {
            seeds
        };
        Self {
            seeds,
            tokens,
            most,
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        }
    }

    fn random(&mut self) -> u64 {
        // xorshift64*
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.random() % limit.max(1) as u64) as usize
    }

    fn seed(&mut self) -> String {
        let index = self.below(self.seeds.len());
        self.seeds[index].clone()
    }

    /// The next text.
    pub fn next_text(&mut self) -> String {
        let mut text = self.seed();
        for _ in 0..1 + self.below(self.most) {
            text = self.mutate(text);
        }
        text
    }

    fn mutate(&mut self, text: String) -> String {
        match self.below(20) {
            0 => self.flip_byte(text),
            1 => self.remove(text),
            2 => self.cross(&text),
            3 => self.repeat(&text),
            4 => self.swap_lines(&text),
            5 => self.cut(text),
            6 => self.remove_token(text),
            7..=9 => self.insert_token(text),
            10..=12 => self.add_line(&text),
            _ => self.replace_word(text),
        }
    }

    fn place(&mut self, text: &str) -> usize {
        let mut at = self.below(text.len() + 1);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    fn range(&mut self, text: &str, longest: usize) -> std::ops::Range<usize> {
        let start = self.place(text);
        let mut end = (start + 1 + self.below(longest)).min(text.len());
        while !text.is_char_boundary(end) {
            end += 1;
        }
        start..end
    }

    fn flip_byte(&mut self, text: String) -> String {
        let mut bytes = text.into_bytes();
        if !bytes.is_empty() {
            let at = self.below(bytes.len());
            bytes[at] = self.random() as u8;
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn remove(&mut self, mut text: String) -> String {
        let range = self.range(&text, 30);
        text.replace_range(range, "");
        text
    }

    /// The beginning of one text and the end of another.
    fn cross(&mut self, text: &str) -> String {
        let other = self.seed();
        let (left, right) = (self.place(text), self.place(&other));
        [&text[..left], &other[right..]].concat()
    }

    fn repeat(&mut self, text: &str) -> String {
        let range = self.range(text, 12);
        let times = 1 << self.below(10);
        [
            &text[..range.start],
            &text[range.clone()].repeat(times),
            &text[range.start..],
        ]
        .concat()
    }

    fn swap_lines(&mut self, text: &str) -> String {
        let mut lines: Vec<&str> = text.split('\n').collect();
        let (a, b) = (self.below(lines.len()), self.below(lines.len()));
        lines.swap(a, b);
        lines.join("\n")
    }

    fn cut(&mut self, mut text: String) -> String {
        let at = self.place(&text);
        text.truncate(at);
        text
    }

    fn remove_token(&mut self, mut text: String) -> String {
        let start = self.place(&text);
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let first = text[start..].chars().next();
        let length = match first {
            Some(c) if word(c) => text[start..]
                .find(|c| !word(c))
                .unwrap_or(text.len() - start),
            Some(c) => c.len_utf8(),
            None => 0,
        };
        text.replace_range(start..start + length, "");
        text
    }

    fn insert_token(&mut self, mut text: String) -> String {
        let at = self.place(&text);
        let token = self.tokens[self.below(self.tokens.len())];
        text.insert_str(at, token);
        text
    }

    /// A line of some text, behind a line of this one: what is well formed by itself, and means another thing here.
    fn add_line(&mut self, text: &str) -> String {
        let other = self.seed();
        let from: Vec<&str> = other.split('\n').collect();
        let mut lines: Vec<&str> = text.split('\n').collect();
        let at = self.below(lines.len() + 1);
        lines.insert(at, from[self.below(from.len())]);
        lines.join("\n")
    }

    /// A word in the place of another: a name, type or number of this text, or now and then of any.
    fn replace_word(&mut self, mut text: String) -> String {
        let places = words(&text);
        let other = if self.below(4) == 0 {
            self.seed()
        } else {
            text.clone()
        };
        let others = words(&other);
        if places.is_empty() || others.is_empty() {
            return text;
        }
        let place = places[self.below(places.len())].clone();
        let word = &other[others[self.below(others.len())].clone()];
        text.replace_range(place, word);
        text
    }
}

/// Where the names, words and numbers of a text are.
fn words(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut words: Vec<std::ops::Range<usize>> = Vec::new();
    for (at, c) in text.char_indices() {
        if !c.is_alphanumeric() && c != '_' {
            continue;
        }
        match words.last_mut() {
            Some(word) if word.end == at => word.end += c.len_utf8(),
            _ => words.push(at..at + c.len_utf8()),
        }
    }
    words
}
