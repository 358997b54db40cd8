//! The state at one moment, which does not change, and the programs as they were then.
//!
//! The main thread makes a snapshot for each check and each question and keeps nothing of it. Two that want the same program
//! of the same moment share the work; what did not change since the moment before is not done again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use dynop_base::{FileId, Span};
use dynop_ide::Analysis;
use gen_lsp_types::{Location, Position, Range, Uri};

use crate::disk::{Disk, Overlay};
use crate::documents::Documents;
use crate::pages::Pages;
use crate::positions::{Encoding, Lines};
use crate::uri;

/// What the client can do, as far as the server asks.
#[derive(Clone, Debug)]
pub struct Client {
    /// How columns are counted.
    pub encoding: Encoding,
    /// Edits may name the version they are for.
    pub has_document_changes: bool,
    /// Related places of diagnostics are shown.
    pub has_related: bool,
    /// Changed files on disk are told if asked for.
    pub has_watching: bool,
    /// Hover may be Markdown.
    pub has_markdown: bool,
    /// What is said of a completion may be Markdown.
    pub has_markdown_items: bool,
    /// Outlines may be trees.
    pub has_nested_symbols: bool,
    /// Quick fixes may be edits, not only commands.
    pub has_code_action_literals: bool,
}

/// One program of a moment, made when it is first asked for.
type Cell = Arc<OnceLock<Arc<Analysis>>>;

/// Programs as they were last seen, by main file: the next moment begins there.
pub type Latest = Arc<Mutex<HashMap<PathBuf, Arc<Analysis>>>>;

/// A moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Numbers moments; a later one has a higher number.
    pub number: u64,
    /// The client.
    pub client: Arc<Client>,
    /// Buffers and disk.
    pub files: Overlay,
    /// The folders that the client has open.
    pub roots: Arc<Vec<PathBuf>>,
    /// Where pages and library files lie for the client to open.
    pub pages: Arc<Pages>,
    cells: Arc<Mutex<HashMap<PathBuf, Cell>>>,
    latest: Latest,
    current: Arc<AtomicU64>,
}

/// The file of the standard library with this name.
pub fn library_file(analysis: &Analysis, name: &str) -> Option<FileId> {
    let mut sources = analysis.sources().iter();
    let found = sources.find(|(file, source)| analysis.is_library(*file) && source.name == name);
    found.map(|(file, _)| file)
}

/// Makes snapshots: the part of the main thread's state that they share.
#[derive(Debug)]
pub struct Moments {
    client: Arc<Client>,
    roots: Arc<Vec<PathBuf>>,
    disk: Arc<Disk>,
    pages: Arc<Pages>,
    latest: Latest,
    current: Arc<AtomicU64>,
    cells: Arc<Mutex<HashMap<PathBuf, Cell>>>,
}

impl Moments {
    /// Before anything is open.
    pub fn new(client: Arc<Client>, roots: Vec<PathBuf>, pages: Arc<Pages>) -> Self {
        Self {
            client,
            roots: Arc::new(roots),
            disk: Arc::default(),
            pages,
            latest: Latest::default(),
            current: Arc::default(),
            cells: Arc::default(),
        }
    }

    /// Something has changed: what is under way for the moment before is stale.
    pub fn advance(&mut self) {
        self.current.fetch_add(1, Ordering::Relaxed);
        self.cells = Arc::default();
    }

    /// Other folders are open.
    pub fn change_roots(&mut self, opened: Vec<PathBuf>, closed: &[PathBuf]) {
        let roots = Arc::make_mut(&mut self.roots);
        roots.retain(|root| !closed.contains(root) && !opened.contains(root));
        roots.extend(opened);
    }

    /// How columns are counted.
    pub fn encoding(&self) -> Encoding {
        self.client.encoding
    }

    /// Whether a moment is the latest.
    pub fn is_current(&self, number: u64) -> bool {
        self.current.load(Ordering::Relaxed) == number
    }

    /// A file on disk has changed.
    pub fn forget(&self, path: &Path) {
        self.disk.forget(path);
    }

    /// A program is not open any more: its state need not be kept.
    pub fn drop_program(&self, main: &Path) {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        latest.remove(main);
    }

    /// The moment as it is now.
    pub fn snapshot(&self, documents: &Documents) -> Snapshot {
        Snapshot {
            number: self.current.load(Ordering::Relaxed),
            client: self.client.clone(),
            files: Overlay {
                documents: documents.clone(),
                disk: self.disk.clone(),
            },
            roots: self.roots.clone(),
            pages: self.pages.clone(),
            cells: self.cells.clone(),
            latest: self.latest.clone(),
            current: self.current.clone(),
        }
    }
}

impl Snapshot {
    /// Whether something has changed since: an answer would be about the past.
    pub fn is_stale(&self) -> bool {
        self.current.load(Ordering::Relaxed) != self.number
    }

    /// The program of a main file at this moment.
    pub fn analysis(&self, main: &Path) -> Arc<Analysis> {
        let cell = {
            let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
            cells.entry(main.to_path_buf()).or_default().clone()
        };
        cell.get_or_init(|| self.analyse(main)).clone()
    }

    fn analyse(&self, main: &Path) -> Arc<Analysis> {
        let lock = || self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let before = lock().get(main).cloned();
        let analysis = match &before {
            Some(before) => before.again_or_same(&self.files),
            None => Arc::new(Analysis::new(main, &self.files)),
        };
        // What is not open is not kept; and of two moments the later one is the better beginning for the next.
        if !self.is_stale() && self.files.documents.get(main).is_some() {
            lock().insert(main.to_path_buf(), analysis.clone());
        }
        analysis
    }

    /// The main files of this moment: the open buffers.
    pub fn mains(&self) -> Vec<PathBuf> {
        let open = self.files.documents.iter();
        open.filter(|(path, document)| !document.is_gone && self.pages.library_name(path).is_none())
            .map(|(path, _)| path.to_path_buf())
            .collect()
    }

    /// A file of a request in a program: its own, whose main file the document is, or for a file of the standard library
    /// the first of all.
    pub fn file(&self, uri: &Uri) -> Option<(Arc<Analysis>, FileId)> {
        let path = uri::to_path(uri);
        if let Some(name) = self.pages.library_name(&path) {
            let analysis = self.analysis(self.mains().first()?);
            let file = library_file(&analysis, &name)?;
            return Some((analysis, file));
        }
        let analysis = self.analysis(&path);
        let file = analysis.file(&path)?;
        Some((analysis, file))
    }

    /// A place of a request in such a program.
    pub fn place(&self, uri: &Uri, position: Position) -> Option<(Arc<Analysis>, FileId, u32)> {
        let (analysis, file) = self.file(uri)?;
        let offset = self.offset(&analysis, file, position);
        Some((analysis, file, offset))
    }

    /// The byte offset of a position in a file of a program.
    pub fn offset(&self, analysis: &Analysis, file: FileId, position: Position) -> u32 {
        let text = &analysis.sources().file(file).text;
        let lines = self.lines(analysis, file);
        lines.offset(text, position, self.client.encoding) as u32
    }

    /// The lines of a file of a program; those of an open buffer are known.
    pub fn lines(&self, analysis: &Analysis, file: FileId) -> Arc<Lines> {
        let source = analysis.sources().file(file);
        let open = self.files.documents.get(Path::new(&source.name));
        match open {
            Some(document) if Arc::ptr_eq(&document.text, &source.text) => document.lines.clone(),
            _ => Arc::new(Lines::new(&source.text)),
        }
    }

    /// The range of a span.
    pub fn range(&self, analysis: &Analysis, span: Span) -> Range {
        let text = &analysis.sources().file(span.file).text;
        let lines = self.lines(analysis, span.file);
        let (start, end) = (span.start as usize, span.end as usize);
        lines.range(text, start, end, self.client.encoding)
    }

    /// The address of a file of a program: as the client wrote it if it is open. A file of the standard library is laid
    /// where the client can open it; `None` if it can't be.
    pub fn uri(&self, analysis: &Analysis, file: FileId) -> Option<Uri> {
        let source = analysis.sources().file(file);
        if analysis.is_library(file) {
            return self.pages.library(&source.name, &source.text);
        }
        let path = Path::new(&source.name);
        let open = self.files.documents.get(path);
        Some(open.map_or_else(|| uri::from_path(path), |document| document.uri.clone()))
    }

    /// The place of a span.
    pub fn location(&self, analysis: &Analysis, span: Span) -> Option<Location> {
        Some(Location {
            uri: self.uri(analysis, span.file)?,
            range: self.range(analysis, span),
        })
    }
}

impl Snapshot {
    /// The version of the open buffer with this address.
    pub fn version(&self, uri: &str) -> Option<i32> {
        let path = uri::to_path(&Uri(uri.to_owned()));
        self.files.documents.get(&path).map(|open| open.version)
    }
}
