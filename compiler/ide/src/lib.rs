//! What an editor asks of a program: diagnostics, hover, definition, references, symbols, completion, repairs.
//!
//! [`Analysis`] is a program as it was at one moment: its main file and all that it imports, parsed and checked by the
//! same code as `dynopc check`. Questions are byte offsets and spans, answers are plain data; who speaks a protocol
//! converts them. The room does no IO (files come through [`files::Files`]), reads no clock and never panics, whatever
//! the text: half a program is the ordinary case here.

pub mod analysis;
pub mod completion;
mod declared;
pub mod definition;
pub mod files;
pub mod fixes;
pub mod hover;
mod imported;
pub mod imports;
mod index;
mod keywords;
mod library;
pub mod program;
pub mod references;
mod same;
pub mod symbols;
mod words;

pub use analysis::{Analysis, Target};
pub use completion::{Item, ItemKind};
pub use files::{Content, Entry, Files};
pub use fixes::QuickFix;
pub use hover::Hover;
pub use imported::ImportPlace;
pub use references::{Reference, RenameRefused};
pub use symbols::{DocumentSymbol, SymbolKind};
