//! The text of CSV cut into records and cells, by RFC 4180. A line may end in `\n`, `\r\n` or `\r`; empty lines are no
//! records. What the RFC has no meaning for (a quote that does not end, text behind one that does) is an error.

use std::ops::Range;

/// What the front of a text holds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Scan {
    /// A record, which is so many bytes long with its end.
    Record(usize),
    /// An empty line, so many bytes long.
    Empty(usize),
    /// Perhaps a record, whose end is not there yet.
    More,
    /// Nothing: the text is at its end.
    End,
    /// What is wrong, so many lines below the first of the record, in the cell behind those that were read.
    Wrong(&'static str, usize),
}

/// The cells of one record. Kept from record to record, so that reading allocates nothing.
#[derive(Default)]
pub(super) struct Record {
    text: Vec<u8>,
    cells: Vec<Range<usize>>,
}

/// Where a cell has ended.
enum Ended {
    Cell(usize),
    Record(usize),
    More,
}

impl Record {
    /// How many cells there are.
    pub(super) fn len(&self) -> usize {
        self.cells.len()
    }

    /// A cell's bytes; none where there is no such cell.
    pub(super) fn cell(&self, index: usize) -> &[u8] {
        let range = self.cells.get(index).cloned().unwrap_or(0..0);
        &self.text[range]
    }

    /// Reads the record that `input` begins with; `last` is whether nothing follows `input`.
    pub(super) fn scan(&mut self, input: &[u8], last: bool, separator: u8) -> Scan {
        self.text.clear();
        self.cells.clear();
        match input {
            [] => return if last { Scan::End } else { Scan::More },
            [b'\n', ..] => return Scan::Empty(1),
            [b'\r', b'\n', ..] => return Scan::Empty(2),
            [b'\r'] if !last => return Scan::More,
            [b'\r', ..] => return Scan::Empty(1),
            _ => {}
        }
        let mut at = 0;
        loop {
            let begin = self.text.len();
            let ended = if input.get(at) == Some(&b'"') {
                match self.quoted(input, at + 1, last, separator) {
                    Ok(ended) => ended,
                    Err(wrong) => return wrong,
                }
            } else {
                self.plain(input, at, last, separator)
            };
            self.cells.push(begin..self.text.len());
            match ended {
                Ended::Cell(next) => at = next,
                Ended::Record(next) => return Scan::Record(next),
                Ended::More => return Scan::More,
            }
        }
    }

    fn plain(&mut self, input: &[u8], at: usize, last: bool, separator: u8) -> Ended {
        let rest = &input[at..];
        let length = rest
            .iter()
            .position(|&b| b == separator || b == b'\n' || b == b'\r')
            .unwrap_or(rest.len());
        self.text.extend_from_slice(&rest[..length]);
        // The cell ends at a separator or a line's end, wherever it stands: there is no other byte here.
        ended(input, at + length, last, separator).unwrap_or(Ended::More)
    }

    /// A cell whose opening quote stands before `at`.
    fn quoted(
        &mut self,
        input: &[u8],
        mut at: usize,
        last: bool,
        separator: u8,
    ) -> Result<Ended, Scan> {
        let lines = |to: usize| input[..to].iter().filter(|&&b| b == b'\n').count();
        let opening = at - 1;
        loop {
            let rest = &input[at..];
            let Some(length) = rest.iter().position(|&b| b == b'"') else {
                return if last {
                    Err(Scan::Wrong(
                        "the quote that a cell begins with is never closed",
                        lines(opening),
                    ))
                } else {
                    Ok(Ended::More)
                };
            };
            self.text.extend_from_slice(&rest[..length]);
            at += length + 1;
            match input.get(at) {
                Some(b'"') => {
                    self.text.push(b'"');
                    at += 1;
                }
                None if !last => return Ok(Ended::More),
                _ => {
                    let text_behind = "text follows the quote that closes a cell; a quote within a quoted cell is doubled";
                    return ended(input, at, last, separator)
                        .ok_or_else(|| Scan::Wrong(text_behind, lines(at)));
                }
            }
        }
    }
}

/// What ends a cell at `at`; `None` if it goes on.
fn ended(input: &[u8], at: usize, last: bool, separator: u8) -> Option<Ended> {
    Some(match &input[at..] {
        [] if last => Ended::Record(at),
        [] => Ended::More,
        [byte, ..] if *byte == separator => Ended::Cell(at + 1),
        [b'\n', ..] => Ended::Record(at + 1),
        [b'\r', b'\n', ..] => Ended::Record(at + 2),
        [b'\r'] if !last => Ended::More,
        [b'\r', ..] => Ended::Record(at + 1),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{Record, Scan};

    fn all(mut input: &str) -> Result<Vec<Vec<String>>, (String, usize)> {
        let mut record = Record::default();
        let mut found = Vec::new();
        loop {
            let size = match record.scan(input.as_bytes(), true, b',') {
                Scan::Record(size) => {
                    let cell = |at| String::from_utf8(record.cell(at).to_vec()).unwrap();
                    found.push((0..record.len()).map(cell).collect());
                    size
                }
                Scan::Empty(size) => size,
                Scan::End => return Ok(found),
                Scan::Wrong(what, line) => return Err((what.to_owned(), line)),
                Scan::More => unreachable!("nothing follows"),
            };
            input = &input[size..];
        }
    }

    #[test]
    fn records_are_cut_as_the_rfc_says() {
        let rows = |text: &str| all(text).unwrap();
        assert_eq!(rows("a,b\n1,2\n"), rows("a,b\r\n\r\n1,2"));
        assert_eq!(rows("a,b\n1,2\n"), [["a", "b"], ["1", "2"]]);
        assert_eq!(rows("a\r1\r"), [["a"], ["1"]]);
        assert_eq!(rows("\"x \"\"y\"\", z\n\",\"\"\n"), [["x \"y\", z\n", ""]]);
        assert_eq!(rows(","), [["", ""]]);
        assert_eq!(rows("\"\"\n"), [[""]]);
        assert_eq!(rows("a \"b\" c"), [["a \"b\" c"]]);
        assert_eq!(rows(""), Vec::<Vec<String>>::new());
    }

    #[test]
    fn what_has_no_meaning_is_an_error() {
        let (what, line) = all("a,\"b\nc").unwrap_err();
        assert!(what.contains("never closed"), "{what}");
        assert_eq!(line, 0);
        let (what, line) = all("a,\"b\n\"c").unwrap_err();
        assert!(what.contains("text follows"), "{what}");
        assert_eq!(line, 1);
    }

    #[test]
    fn a_cut_text_is_never_a_record() {
        let whole = "ab,\"c\"\"d\r\n\",e\r\n";
        let mut record = Record::default();
        for cut in 0..whole.len() {
            let scan = record.scan(&whole.as_bytes()[..cut], false, b',');
            assert_eq!(scan, Scan::More, "{:?}", &whole[..cut]);
        }
        let scan = record.scan(whole.as_bytes(), false, b',');
        assert_eq!(scan, Scan::Record(whole.len()));
    }
}
