//! The registry of diagnostic codes: one file a hundred, so that who works on a subject finds its codes together.
//!
//! A code is for ever: it is never given another meaning and never used again after it was retired. Each has a page
//! `docs/errors/CODE.md`, a snapshot test and an example of its repair; a test walks [`all`] and checks that.

/// How grave a finding is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord)]
pub enum Severity {
    /// The program can't be built.
    Error,
    /// The program can be built but hardly means what was meant.
    Warning,
}

/// A registered diagnostic code.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `E` or `W` and four digits.
    pub id: &'static str,
    /// A few words that fit every instance.
    pub title: &'static str,
    /// Its severity.
    pub severity: Severity,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $id:literal $severity:ident $title:literal;)*) => {
        use super::{Code, Severity};
        $($(#[$doc])* pub static $name: Code = Code { id: $id, title: $title, severity: Severity::$severity };)*
        /// Every code of this file.
        pub(super) static ALL: &[&Code] = &[$(&$name),*];
    };
}

/// `E06xx`: what only the back end or the linker can see.
pub mod build;
/// `E03xx`: composition: jobs, graphs, dynamic outputs, `map` and `collect`.
pub mod composition;
/// `E043x`: enums and their cases.
pub mod enums;
/// `E00xx`: files and the command line.
pub mod files;
/// `E072x`: shell commands and `extern` declarations.
pub mod foreign;
/// `E052x`: values and functions of the standard library.
pub mod library;
/// `E02xx`: names: unknown, defined twice, not visible, imports.
pub mod names;
/// `E05xx`: ops: outputs, `yield`, `return`, attributes.
pub mod ops;
/// `E01xx`: the text itself: characters, literals, brackets, syntax.
pub mod syntax;
/// `E070x`: tests in the language.
pub mod tests;
/// `E04xx`: types, calls, patterns, statements in computation bodies.
pub mod types;
/// `E09xx`: constructs of the language that this version does not have yet.
pub mod unsupported;

/// Every registered code, by id.
pub fn all() -> impl Iterator<Item = &'static Code> {
    [
        files::ALL,
        syntax::ALL,
        names::ALL,
        composition::ALL,
        types::ALL,
        enums::ALL,
        ops::ALL,
        library::ALL,
        build::ALL,
        tests::ALL,
        foreign::ALL,
        unsupported::ALL,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// The codes of what can be taken away without changing what the program does: an editor shows it dimmed.
pub static UNNECESSARY: &[&Code] = &[
    &names::UNUSED_VARIABLE,
    &names::UNUSED_IMPORT,
    &names::UNUSED_ITEM,
    &composition::UNUSED_DYNAMIC,
    &types::UNREACHABLE,
];

/// The code of an id such as `E0301`, in any case.
pub fn find(id: &str) -> Option<&'static Code> {
    all().find(|code| code.id.eq_ignore_ascii_case(id))
}

#[cfg(test)]
mod registry_tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_well_formed() {
        let mut seen = std::collections::BTreeSet::new();
        for code in all() {
            assert!(seen.insert(code.id), "{} is registered twice", code.id);
            let letter = if code.severity == Severity::Error {
                'E'
            } else {
                'W'
            };
            assert!(
                code.id.starts_with(letter) && code.id.len() == 5,
                "{}",
                code.id
            );
            assert!(
                !code.title.ends_with('.'),
                "{}: a title is no sentence",
                code.id
            );
        }
    }
}
