//! Where a name is used, and renaming it.

use dynop_base::{Edit, FileId, Span};

use crate::Analysis;

/// A use of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reference {
    /// Its place.
    pub span: Span,
    /// Whether it is the declaration.
    pub declaration: bool,
}

/// Why a name is not renamed, in words for the user.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RenameRefused(pub String);

impl Analysis {
    /// The uses of the name at `offset` in all files of the program, in the order of files and text.
    pub fn references(
        &self,
        _file: FileId,
        _offset: u32,
        _include_declaration: bool,
    ) -> Vec<Reference> {
        Vec::new()
    }

    /// The place of the name at `offset` if it can be renamed.
    pub fn rename_range(&self, _file: FileId, _offset: u32) -> Option<Span> {
        None
    }

    /// The edits that rename what stands at `offset`.
    ///
    /// # Errors
    /// If nothing there can be renamed, or `name` is no name.
    pub fn rename(
        &self,
        file: FileId,
        offset: u32,
        _name: &str,
    ) -> Result<Vec<Edit>, RenameRefused> {
        match self.rename_range(file, offset) {
            Some(_) => Ok(Vec::new()),
            None => Err(RenameRefused(
                "there is no name here that can be changed".to_owned(),
            )),
        }
    }
}
