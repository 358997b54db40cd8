//! Whole-program tests, diagnostics, language pages and the house rules.
