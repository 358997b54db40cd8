//! Not there yet.

codes! {
    /// A construct of the language without a meaning in this version.
    UNSUPPORTED = "E0901" Error "not supported yet";
}
