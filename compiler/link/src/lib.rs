//! Links an object with the embedded runtime into a static executable, in process.
