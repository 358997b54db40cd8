//! Places as the protocol counts them: lines, and columns in UTF-8, UTF-16 or UTF-32 units, to byte offsets and back.
//!
//! Everything here is total: an editor may be one edit behind, so a place that is not in the text is moved to the nearest
//! one that is, never refused.

use gen_lsp_types::{Position, PositionEncodingKind, Range};
use line_index::{LineCol, LineIndex, TextSize, WideEncoding, WideLineCol};

/// What a column counts. Agreed when the client connects.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 units, what the protocol means if nothing was agreed.
    Utf16,
    /// Unicode scalar values.
    Utf32,
}

impl Encoding {
    /// The one that costs least of those that the client offers.
    pub fn among(offered: &[&str]) -> Self {
        let offers = |name| offered.contains(&name);
        if offers("utf-8") {
            Encoding::Utf8
        } else if offers("utf-16") || !offers("utf-32") {
            Encoding::Utf16
        } else {
            Encoding::Utf32
        }
    }

    /// Its name in the protocol.
    pub fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
            Encoding::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    fn wide(self) -> Option<WideEncoding> {
        match self {
            Encoding::Utf8 => None,
            Encoding::Utf16 => Some(WideEncoding::Utf16),
            Encoding::Utf32 => Some(WideEncoding::Utf32),
        }
    }
}

/// Where the lines of one text begin, and where its characters are wider than a byte.
#[derive(Clone, Debug)]
pub struct Lines {
    index: LineIndex,
}

impl Lines {
    /// The table of a text, which is below 4 GiB.
    pub fn new(text: &str) -> Self {
        // For the protocol a carriage return alone ends a line too. As a byte it is as long as the newline that the
        // index looks for.
        let index = if has_lone_return(text) {
            let mut bytes = text.as_bytes().to_vec();
            for at in 0..bytes.len() {
                if bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n') {
                    bytes[at] = b'\n';
                }
            }
            LineIndex::new(&String::from_utf8_lossy(&bytes))
        } else {
            LineIndex::new(text)
        };
        Self { index }
    }

    /// The byte offset of a place; behind the end of a line it is that end, behind the last line the end of the text.
    pub fn offset(&self, text: &str, position: Position, encoding: Encoding) -> usize {
        let Some(line) = self.index.line(position.line) else {
            return text.len();
        };
        let (start, end) = (usize::from(line.start()), usize::from(line.end()));
        let content = text.get(start..end).unwrap_or("");
        let content = content.strip_suffix('\n').unwrap_or(content);
        let content = content.strip_suffix('\r').unwrap_or(content);
        let column = match encoding.wide() {
            None => Some(position.character),
            Some(wide) => {
                let place = WideLineCol {
                    line: position.line,
                    col: position.character,
                };
                self.index.to_utf8(wide, place).map(|found| found.col)
            }
        };
        let column = column.map_or(content.len(), |column| content.len().min(column as usize));
        start + content.floor_char_boundary(column)
    }

    /// The place of a byte offset; one behind the end is the end.
    pub fn position(&self, text: &str, offset: usize, encoding: Encoding) -> Position {
        let offset = text.floor_char_boundary(offset.min(text.len())) as u32;
        let found = self.index.try_line_col(TextSize::from(offset));
        let LineCol { line, col } = found.unwrap_or(LineCol { line: 0, col: 0 });
        let wide = encoding
            .wide()
            .and_then(|wide| self.index.to_wide(wide, LineCol { line, col }));
        Position {
            line,
            character: wide.map_or(col, |wide| wide.col),
        }
    }

    /// The range of two byte offsets.
    pub fn range(&self, text: &str, start: usize, end: usize, encoding: Encoding) -> Range {
        Range {
            start: self.position(text, start, encoding),
            end: self.position(text, end.max(start), encoding),
        }
    }
}

fn has_lone_return(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut returns = text.match_indices('\r');
    returns.any(|(at, _)| bytes.get(at + 1) != Some(&b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn the_cheapest_encoding_on_offer_is_taken() {
        assert_eq!(Encoding::among(&[]), Encoding::Utf16);
        assert_eq!(Encoding::among(&["utf-32", "utf-16"]), Encoding::Utf16);
        assert_eq!(Encoding::among(&["utf-32"]), Encoding::Utf32);
        assert_eq!(Encoding::among(&["utf-16", "utf-8"]), Encoding::Utf8);
        assert_eq!(Encoding::among(&["ebcdic"]), Encoding::Utf16);
    }

    #[test]
    fn every_offset_comes_back() {
        let texts = [
            "",
            "a",
            "a\nb",
            "a\r\nb\r\n",
            "a\rb\r\rc\r\n\n",
            "ä\u{1d11e}x\n\u{1d11e}\u{1d11e}\r\né",
            "\n\n",
        ];
        for text in texts {
            let lines = Lines::new(text);
            for encoding in ALL {
                for (offset, _) in text.char_indices().chain([(text.len(), ' ')]) {
                    let position = lines.position(text, offset, encoding);
                    let back = lines.offset(text, position, encoding);
                    // The end of a line stands before its `\r\n`, wherever within that one was.
                    let within_an_end =
                        text[..offset].ends_with('\r') && text[offset..].starts_with('\n');
                    let expected = offset - usize::from(within_an_end);
                    assert_eq!(
                        back, expected,
                        "{text:?} {offset} {encoding:?} {position:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn columns_count_units() {
        let text = "x\u{1d11e}é!\n";
        let lines = Lines::new(text);
        let column = |encoding| lines.position(text, text.len() - 2, encoding).character;
        assert_eq!(ALL.map(column), [7, 4, 3]);
    }

    #[test]
    fn places_outside_the_text_are_moved_into_it() {
        let text = "a\u{1d11e}b\r\nc";
        let lines = Lines::new(text);
        // In the middle of a pair of surrogates.
        assert_eq!(lines.offset(text, at(0, 2), Encoding::Utf16), 1);
        // In the middle of a sequence of bytes.
        assert_eq!(lines.offset(text, at(0, 3), Encoding::Utf8), 1);
        for encoding in ALL {
            assert_eq!(lines.offset(text, at(0, 99), encoding), 6);
            assert_eq!(lines.offset(text, at(0, u32::MAX), encoding), 6);
            assert_eq!(lines.offset(text, at(1, 99), encoding), text.len());
            assert_eq!(lines.offset(text, at(9, 0), encoding), text.len());
            assert_eq!(
                lines.offset(text, at(u32::MAX, u32::MAX), encoding),
                text.len()
            );
            assert_eq!(lines.position(text, 999, encoding), at(1, 1));
        }
    }
}
