//! Interned names: a name is compared and copied as a number.

use std::collections::HashMap;
use std::fmt;
use std::sync::{OnceLock, RwLock};

/// An interned string. Equal texts are equal symbols; the order is that of first interning, so never sort output by it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(u32);

#[derive(Default)]
struct Interner {
    by_text: HashMap<&'static str, u32>,
    texts: Vec<&'static str>,
}

// One table a process: names are few and short-lived compilers exit, so the texts are leaked on purpose; what this buys
// is that a `Symbol` prints itself without a table being handed around.
fn table() -> &'static RwLock<Interner> {
    static TABLE: OnceLock<RwLock<Interner>> = OnceLock::new();
    TABLE.get_or_init(RwLock::default)
}

impl Symbol {
    /// The symbol of a text.
    pub fn new(text: &str) -> Self {
        if let Some(&id) = table()
            .read()
            .unwrap_or_else(|e| e.into_inner())
            .by_text
            .get(text)
        {
            return Self(id);
        }
        let mut table = table().write().unwrap_or_else(|e| e.into_inner());
        if let Some(&id) = table.by_text.get(text) {
            return Self(id);
        }
        let id = table.texts.len() as u32;
        let text: &'static str = Box::leak(text.into());
        table.texts.push(text);
        table.by_text.insert(text, id);
        Self(id)
    }

    /// The text.
    pub fn as_str(self) -> &'static str {
        table().read().unwrap_or_else(|e| e.into_inner()).texts[self.0 as usize]
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl From<&str> for Symbol {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl PartialEq<str> for Symbol {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Symbol {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}
