//! Keeps every entry point in the archive, since only the compiled program calls them.
