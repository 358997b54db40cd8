//! Where a name is declared.

use dynop_base::FileId;

use crate::{Analysis, Target};

impl Analysis {
    /// The declarations of the name at `offset`, in the program's own files or in the standard library's: none where
    /// there is no name or an unknown one, several for overloads.
    pub fn definition(&self, _file: FileId, _offset: u32) -> Vec<Target> {
        Vec::new()
    }
}
