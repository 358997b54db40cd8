//! Names.

codes! {
    /// No such name in scope.
    UNKNOWN = "E0201" Error "unknown name";
    /// Two definitions of one name in one scope.
    TWICE = "E0202" Error "defined twice";
}
