//! Nothing makes the checker panic.
