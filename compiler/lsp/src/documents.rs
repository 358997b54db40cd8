//! The buffers that the client has open: what the text of their files is, whatever the disk says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use gen_lsp_types::{Range, TextDocumentContentChangeEvent, Uri};

use crate::positions::{Encoding, Lines};

/// One open buffer. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Document {
    /// Its address as the client writes it.
    pub uri: Uri,
    /// Its version as the client counts.
    pub version: i32,
    /// Its text.
    pub text: Arc<str>,
    /// Its lines.
    pub lines: Arc<Lines>,
    /// Whether its file was deleted or renamed meanwhile. The buffer is then nobody's program, until it is written in again.
    pub is_gone: bool,
}

impl Document {
    /// A buffer as it was opened.
    pub fn new(uri: Uri, version: i32, text: String) -> Self {
        let lines = Arc::new(Lines::new(&text));
        Self {
            uri,
            version,
            text: text.into(),
            lines,
            is_gone: false,
        }
    }

    /// Takes the changes of one message, each seen from the text that the one before it left.
    pub fn change(
        &mut self,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) {
        for change in changes {
            let text = match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(change) => {
                    self.replaced(change.range, &change.text, encoding)
                }
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(change) => {
                    change.text
                }
            };
            self.lines = Arc::new(Lines::new(&text));
            self.text = text.into();
        }
        self.version = version;
        self.is_gone = false;
    }

    fn replaced(&self, range: Range, new: &str, encoding: Encoding) -> String {
        let start = self.lines.offset(&self.text, range.start, encoding);
        let end = self.lines.offset(&self.text, range.end, encoding);
        let (start, end) = (start.min(end), start.max(end));
        let mut text = String::with_capacity(self.text.len() - (end - start) + new.len());
        text.push_str(&self.text[..start]);
        text.push_str(new);
        text.push_str(&self.text[end..]);
        text
    }
}

/// All open buffers, by path. Cheap to clone: whoever works on a moment keeps it.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    open: Arc<BTreeMap<PathBuf, Document>>,
}

impl Documents {
    /// The buffer of a path.
    pub fn get(&self, path: &Path) -> Option<&Document> {
        self.open.get(path)
    }

    /// The buffer of a path, to change it.
    pub fn get_mut(&mut self, path: &Path) -> Option<&mut Document> {
        Arc::make_mut(&mut self.open).get_mut(path)
    }

    /// Opens a buffer; one that was open already begins anew.
    pub fn open(&mut self, path: PathBuf, document: Document) {
        Arc::make_mut(&mut self.open).insert(path, document);
    }

    /// Closes a buffer.
    pub fn close(&mut self, path: &Path) -> Option<Document> {
        Arc::make_mut(&mut self.open).remove(path)
    }

    /// All of them, in the order of their paths.
    pub fn iter(&self) -> impl Iterator<Item = (&Path, &Document)> {
        self.open
            .iter()
            .map(|(path, document)| (path.as_path(), document))
    }
}

#[cfg(test)]
mod tests {
    use gen_lsp_types::{Position, TextDocumentContentChangePartial};

    use super::*;

    fn partial(from: (u32, u32), to: (u32, u32), text: &str) -> TextDocumentContentChangeEvent {
        let at = |(line, character)| Position { line, character };
        #[allow(deprecated)] // `rangeLength`, which some clients still send
        TextDocumentContentChangeEvent::TextDocumentContentChangePartial(
            TextDocumentContentChangePartial {
                range: Range {
                    start: at(from),
                    end: at(to),
                },
                range_length: None,
                text: text.to_owned(),
            },
        )
    }

    #[test]
    fn changes_follow_each_other() {
        let mut document =
            Document::new(Uri("file:///a".to_owned()), 1, "a\u{1d11e}\r\nb".to_owned());
        let changes = vec![
            partial((0, 3), (0, 3), "!"),
            partial((1, 0), (1, 1), "c\nd"),
            partial((2, 1), (9, 9), "\n"),
            partial((0, 1), (0, 0), ""),
        ];
        document.change(2, changes, Encoding::Utf16);
        assert_eq!(&*document.text, "\u{1d11e}!\r\nc\nd\n");
        assert_eq!(document.version, 2);
        document.change(3, vec![partial((0, 4), (0, 5), "?")], Encoding::Utf8);
        assert_eq!(&*document.text, "\u{1d11e}?\r\nc\nd\n");
    }
}
