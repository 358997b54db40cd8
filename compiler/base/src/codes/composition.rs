//! Composition.

codes! {
    /// A dynamic output where a value is wanted.
    DIRECT_PASSING = "E0301" Error "a dynamic output is passed where a value is wanted";
}
