//! Where a name is declared.

use dynop_base::FileId;

use crate::{Analysis, Target};

impl Analysis {
    /// The declarations of the name at `offset`, in the program's own files or in the standard library's: none where
    /// there is no name or an unknown one. Of the name of a file it is the start of the file.
    pub fn definition(&self, file: FileId, offset: u32) -> Vec<Target> {
        let found = self.name_at(file, offset);
        let found = found.map(|(_, name)| Target {
            span: self.declared(name).span(),
            name,
        });
        found.into_iter().collect()
    }
}
