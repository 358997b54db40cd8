//! The standard library's native functions: what needs the system or must be fast.
