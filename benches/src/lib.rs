//! What is measured, how, and beside whom.
