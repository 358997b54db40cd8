//! What the standard library asks of types.

codes! {
    /// A type that JSON can't write, where a function of `json` is to.
    NO_JSON = "E0520" Error "has no form in JSON";
    /// A type that no record of a table fits.
    NO_ROW = "E0521" Error "not a row";
    /// A type that has no digest.
    NO_DATA = "E0522" Error "has no digest";
    /// A constant pattern that is no regular expression, or lacks a group.
    PATTERN = "E0523" Error "wrong pattern of a regular expression";
}
