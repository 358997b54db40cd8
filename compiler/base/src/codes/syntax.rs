//! The text itself.

codes! {
    /// What stands here fits no rule of the grammar.
    SYNTAX = "E0101" Error "syntax error";
    /// Brackets do not match.
    BRACKETS = "E0102" Error "unbalanced brackets";
    /// More than 256 brackets deep.
    TOO_DEEP = "E0103" Error "nested too deeply";
}
