//! Source files held in memory and positions within them.

use std::fmt;
use std::sync::Arc;

/// Names one file of a [`SourceMap`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct FileId(pub u32);

/// A half-open range of bytes in one source file.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Byte offset of the first byte.
    pub start: u32,
    /// Byte offset past the last byte.
    pub end: u32,
}

impl Span {
    /// A span of `file` from `start` to `end`, both byte offsets.
    pub fn new(file: FileId, start: usize, end: usize) -> Self {
        Self {
            file,
            start: start as u32,
            end: end as u32,
        }
    }

    /// The smallest span that holds both; `self` where they are of different files.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span {
            file: self.file,
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// The empty span at this span's start.
    #[must_use]
    pub fn at_start(self) -> Span {
        Span {
            end: self.start,
            ..self
        }
    }

    /// The empty span at this span's end.
    #[must_use]
    pub fn at_end(self) -> Span {
        Span {
            start: self.end,
            ..self
        }
    }

    /// The bytes, as a range for slicing the file's text.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Whether `offset` lies within, ends included.
    pub fn contains(self, offset: u32) -> bool {
        self.start <= offset && offset <= self.end
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}..{}", self.file.0, self.start, self.end)
    }
}

/// A position for people: both count from 1, the column in characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LineColumn {
    /// Line, from 1.
    pub line: u32,
    /// Column in Unicode scalar values, from 1.
    pub column: u32,
}

/// One file's name and text, with the table of its line starts.
#[derive(Debug)]
pub struct SourceFile {
    /// How messages name it: the path as the user gave it, or `std/list.dyn`.
    pub name: String,
    /// The whole text. At most 4 GiB, see [`SourceMap::add`].
    pub text: Arc<str>,
    line_starts: Vec<u32>,
}

impl SourceFile {
    fn new(name: String, text: Arc<str>) -> Self {
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at as u32 + 1))
            .collect();
        Self {
            name,
            text,
            line_starts,
        }
    }

    /// Line and column of a byte offset; an offset past the end is the end.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let offset = offset.min(self.text.len() as u32);
        let line = self.line_starts.partition_point(|&start| start <= offset) - 1;
        let start = self.line_starts[line] as usize;
        let before = self.text.get(start..offset as usize).unwrap_or("");
        LineColumn {
            line: line as u32 + 1,
            column: before.chars().count() as u32 + 1,
        }
    }

    /// The byte offset of a line and column, both from 1; a column past the line's end is its end.
    pub fn offset(&self, line: u32, column: u32) -> u32 {
        let text = self.line(line);
        let before = text.char_indices().nth(column.saturating_sub(1) as usize);
        (self.line_start(line) + before.map_or(text.len(), |(at, _)| at)) as u32
    }

    /// How many lines there are to show: at least one, and none for the nothing behind a last line's end.
    pub fn line_count(&self) -> u32 {
        let behind_the_last = self.text.is_empty() || self.text.ends_with('\n');
        let count = self.line_starts.len() - usize::from(behind_the_last);
        count.max(1) as u32
    }

    /// Byte offset of the first byte of a line counted from 1; the text's length past the last line.
    pub fn line_start(&self, line: u32) -> usize {
        let index = (line as usize).saturating_sub(1);
        self.line_starts
            .get(index)
            .map_or(self.text.len(), |&start| start as usize)
    }

    /// The text of a line counted from 1, without its end; empty past the last.
    pub fn line(&self, line: u32) -> &str {
        let index = (line as usize).saturating_sub(1);
        let Some(&start) = self.line_starts.get(index) else {
            return "";
        };
        let end = self
            .line_starts
            .get(index + 1)
            .map_or(self.text.len(), |&next| next as usize);
        self.text[start as usize..end].trim_end_matches(['\n', '\r'])
    }
}

/// All source files of one compilation. Append-only, so ids and spans stay good. A clone shares its texts.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    // Shared, since an editor's analyses hold the same files again and again.
    files: Vec<Arc<SourceFile>>,
}

impl SourceMap {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file and names it. Offsets are 32 bits: the caller refuses texts of 4 GiB and more.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<Arc<str>>) -> FileId {
        let id = FileId(self.files.len() as u32);
        self.files
            .push(Arc::new(SourceFile::new(name.into(), text.into())));
        id
    }

    /// The file of an id that this map gave.
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The file of an id that this map may have given.
    pub fn get(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize).map(|file| &**file)
    }

    /// The text under a span; empty if the span does not fit the file.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file).text.get(span.range()).unwrap_or("")
    }

    /// `name:line:column` of a span's start.
    pub fn locate(&self, span: Span) -> String {
        let file = self.file(span.file);
        let at = file.line_column(span.start);
        format!("{}:{}:{}", file.name, at.line, at.column)
    }

    /// Every file with its id, in the order of adding.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files
            .iter()
            .enumerate()
            .map(|(i, f)| (FileId(i as u32), &**f))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let mut map = SourceMap::new();
        let id = map.add("a.dyn", "ab\nçd\r\n");
        let file = map.file(id);
        assert_eq!(file.line_column(0), LineColumn { line: 1, column: 1 });
        assert_eq!(file.line_column(5), LineColumn { line: 2, column: 2 });
        assert_eq!(file.line_column(99), LineColumn { line: 3, column: 1 });
        assert_eq!(
            (file.offset(2, 2), file.offset(2, 9), file.offset(1, 1)),
            (5, 6, 0)
        );
        assert_eq!(file.line(2), "çd");
        assert_eq!(file.line(9), "");
        assert_eq!((file.line_count(), file.line_start(2)), (2, 3));
        assert_eq!(map.locate(Span::new(id, 5, 6)), "a.dyn:2:2");
    }
}
