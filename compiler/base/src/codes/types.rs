//! Types.

codes! {
    /// Found one type where another is wanted.
    MISMATCH = "E0401" Error "mismatched types";
}
