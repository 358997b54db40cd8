//! The program of a moment later, which may be the same.

use std::sync::Arc;

use crate::Analysis;
use crate::files::Files;
use crate::program::Program;

impl Analysis {
    /// The program after some files may have changed: this very one if none of its own has. Editors have many programs
    /// open, and an edit touches few of them.
    #[must_use]
    pub fn again_or_same(self: &Arc<Self>, files: &dyn Files) -> Arc<Self> {
        let program = Program::load_again(self.main(), files, Some(&self.program));
        if is_same(&program, &self.program) {
            return self.clone();
        }
        Arc::new(Self::of(self.main(), program))
    }
}

/// Whether two states of a program, of which the later was loaded from the earlier one, are the same. Then they share their
/// trees; where imports lead and what could not be read is compared.
fn is_same(now: &Program, before: &Program) -> bool {
    let pairs = now.files.iter().zip(&before.files);
    now.files.len() == before.files.len()
        && now.diagnostics == before.diagnostics
        && pairs.into_iter().all(|(now, before)| {
            Arc::ptr_eq(&now.module, &before.module)
                && now.path == before.path
                && now.role == before.role
                && now.imports == before.imports
        })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::{Path, PathBuf};

    use super::*;

    #[test]
    fn what_has_not_changed_is_the_same() {
        let mut files: BTreeMap<PathBuf, Arc<str>> = BTreeMap::new();
        let write = |files: &mut BTreeMap<_, _>, name: &str, text: &str| {
            files.insert(PathBuf::from(name), Arc::from(text));
        };
        write(
            &mut files,
            "/main.dyn",
            "import tools\nimport missing\nfn g() -> Int { tools.f() }\n",
        );
        write(&mut files, "/tools.dyn", "pub fn f() -> Int { 1 }\n");
        let first = Arc::new(Analysis::new(Path::new("/main.dyn"), &files));
        let is_same = |files: &BTreeMap<_, _>| Arc::ptr_eq(&first, &first.again_or_same(files));
        assert!(is_same(&files));
        write(&mut files, "/elsewhere.dyn", "fn x( {");
        // Its name may be what was meant by the missing one, or not; here it is not.
        assert!(is_same(&files));
        write(&mut files, "/tools.dyn", "pub fn f() -> Int { 2 }\n");
        assert!(!is_same(&files));
        write(&mut files, "/tools.dyn", "pub fn f() -> Int { 1 }\n");
        assert!(is_same(&files));
        write(&mut files, "/missing.dyn", "");
        assert!(!is_same(&files));
        files.remove(Path::new("/missing.dyn"));
        files.remove(Path::new("/tools.dyn"));
        assert!(!is_same(&files));
    }
}
