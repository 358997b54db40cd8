//! Files that the client may want to open and that are inside this program: the pages of the diagnostic codes and the
//! sources of the standard library.
//!
//! They are laid into the user's cache folder when they are first asked for, each in a folder named after its text, so that
//! two versions do not disturb each other. Where there is no such folder, codes link to the pages on the web, and the
//! library can't be gone into.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use gen_lsp_types::Uri;

use crate::uri;

/// Where the pages are on the web.
const WEB: &str = "https://github.com/dynop/dynop/blob/main/docs/errors";

/// Gives the text of the page of a code.
pub type Page = fn(&str) -> Option<&'static str>;

/// The pages, and what was laid out so far.
#[derive(Debug)]
pub struct Pages {
    page: Page,
    root: Option<PathBuf>,
    laid: Mutex<HashMap<String, Option<Uri>>>,
}

impl Pages {
    /// These pages, laid into the user's cache folder.
    pub fn new(page: Page) -> Self {
        Self::below(cache(), page)
    }

    /// These pages, laid into a folder.
    pub fn below(root: Option<PathBuf>, page: Page) -> Self {
        Self {
            page,
            root,
            laid: Mutex::default(),
        }
    }

    /// The page of a diagnostic code.
    pub fn of_code(&self, code: &str) -> Uri {
        let page = (self.page)(code);
        let laid = page.and_then(|text| self.lay(&format!("{code}.md"), text));
        laid.unwrap_or_else(|| Uri(format!("{WEB}/{code}.md")))
    }

    /// A file of the standard library by its name, `std/list.dyn`.
    pub fn library(&self, name: &str, text: &str) -> Option<Uri> {
        self.lay(name, text)
    }

    /// The name in a program of a file of the standard library that was laid out, by its path.
    pub fn library_name(&self, path: &Path) -> Option<String> {
        let name = path.strip_prefix(self.root.as_deref()?).ok()?;
        let (_, name) = name.to_str()?.split_once('/')?;
        name.starts_with("std/").then(|| name.to_owned())
    }

    fn lay(&self, name: &str, text: &str) -> Option<Uri> {
        let mut laid = self.laid.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = laid.get(name) {
            return known.clone();
        }
        let made = self.root.as_deref().and_then(|root| {
            let mut hash = DefaultHasher::new();
            hash.write(text.as_bytes());
            let path = root.join(format!("{:016x}", hash.finish())).join(name);
            write(&path, text).ok()?;
            Some(uri::from_path(&path))
        });
        laid.insert(name.to_owned(), made.clone());
        made
    }
}

/// The user's cache folder for these files, by the rules of the desktop.
fn cache() -> Option<PathBuf> {
    let variable = |name| {
        let value = PathBuf::from(std::env::var_os(name)?);
        value.is_absolute().then_some(value)
    };
    let folder = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")))?;
    Some(folder.join("dynop"))
}

/// Writes a file that nobody shall edit, so that it is there whole or not at all.
fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if std::fs::read(path).is_ok_and(|found| found == text.as_bytes()) {
        return Ok(());
    }
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
    let beside = path.with_extension(format!("{}.tmp", std::process::id()));
    std::fs::write(&beside, text)?;
    let mut permissions = std::fs::metadata(&beside)?.permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&beside, permissions)?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(code: &str) -> Option<&'static str> {
        (code == "E0001").then_some("# E0001: no file\n")
    }

    #[test]
    fn pages_are_laid_out_and_the_library_is_known_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = folder.path().to_path_buf();
        let pages = Pages::below(Some(root), page);
        let page = uri::to_path(&pages.of_code("E0001"));
        let text = std::fs::read_to_string(&page).expect("it was laid out");
        assert_eq!(text, "# E0001: no file\n");
        assert_eq!(pages.of_code("E0001"), uri::from_path(&page));
        assert!(pages.of_code("E0002").0.starts_with("https://"));
        let list = pages.library("std/list.dyn", "x").expect("it is laid out");
        let name = pages.library_name(&uri::to_path(&list));
        assert_eq!(name.as_deref(), Some("std/list.dyn"));
        assert_eq!(pages.library_name(&page), None);
        assert_eq!(pages.library_name(Path::new("/std/list.dyn")), None);
    }

    #[test]
    fn without_a_folder_pages_are_on_the_web() {
        let pages = Pages::below(None, page);
        assert_eq!(pages.of_code("E0001").0, format!("{WEB}/E0001.md"));
        assert_eq!(pages.library("std/list.dyn", "x"), None);
    }
}
