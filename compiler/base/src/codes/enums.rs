//! Enums and their cases.

codes! {
    /// A case that the enum does not have.
    UNKNOWN_CASE = "E0430" Error "unknown case of an enum";
    /// A case in a pattern without its enum, which would be a new name.
    BARE_CASE = "E0431" Error "a case is named with its enum";
}
