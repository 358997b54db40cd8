//! Panics as problems: where they happened and what they said, and nothing on standard error.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

use crate::Property;

thread_local! {
    /// Whether panics of this thread are problems of a text, and the last of them.
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
    static QUIET: RefCell<bool> = const { RefCell::new(false) };
}

/// Replaces the panic hook once: threads that try a text keep what would have been printed.
fn keep_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if !QUIET.with_borrow(|quiet| *quiet) {
                return usual(panic);
            }
            let place = panic
                .location()
                .map(|at| format!("{}:{}", at.file(), at.line()));
            let message = panic.payload_as_str().unwrap_or("");
            let text = format!("panicked at {} {message}", place.unwrap_or_default());
            LAST.with_borrow_mut(|last| *last = Some(text));
        }));
    });
}

/// Whether `property` holds of `text`; a panic is a problem like others.
///
/// # Errors
/// What does not hold.
pub fn holds(property: Property, text: &str) -> Result<(), String> {
    keep_panics();
    QUIET.with_borrow_mut(|quiet| *quiet = true);
    let result = catch_unwind(AssertUnwindSafe(|| property(text)));
    QUIET.with_borrow_mut(|quiet| *quiet = false);
    result.unwrap_or_else(|_| {
        let last = LAST.with_borrow_mut(Option::take);
        Err(last.unwrap_or_else(|| "panicked".to_owned()))
    })
}
