//! Heap values: layouts, reference counts, equality, hashing, order, and JSON by type descriptor.
