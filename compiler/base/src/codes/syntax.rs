//! The text itself.

codes! {
    /// What stands here fits no rule of the grammar.
    SYNTAX = "E0101" Error "syntax error";
    /// Brackets do not match.
    BRACKETS = "E0102" Error "unbalanced brackets";
    /// More than 256 brackets deep.
    TOO_DEEP = "E0103" Error "nested too deeply";
    /// A string without its closing quote.
    UNTERMINATED_STRING = "E0104" Error "a string is not closed";
    /// A character that means nothing outside strings and comments.
    BAD_CHARACTER = "E0105" Error "unexpected character";
    /// `\q`
    BAD_ESCAPE = "E0106" Error "unknown escape sequence";
    /// A number, duration or size that can't be read.
    BAD_NUMBER = "E0107" Error "malformed number";
    /// A keyword where a name is wanted.
    RESERVED_WORD = "E0108" Error "a keyword can't be a name";
    /// Nothing, or a statement, where a value is wanted.
    EXPECTED_EXPRESSION = "E0109" Error "an expression is missing";
    /// `&&`, `||`, `!x`, `:=`, `x++`
    FOREIGN_OPERATOR = "E0110" Error "an operator of another language";
    /// `;`
    SEMICOLON = "E0111" Error "semicolons are not used";
    /// `#` and `/* */`
    FOREIGN_COMMENT = "E0112" Error "a comment of another language";
    /// `if a = b`
    ASSIGNMENT_IN_CONDITION = "E0113" Error "an assignment where a condition is wanted";
    /// `a < b < c`, `1..2..3`
    CHAINED_OPERATORS = "E0114" Error "these operators can't be chained";
    /// `def`, `elif`, `let mut`, …
    FOREIGN_WORD = "E0115" Error "a word of another language";
    /// A body that is missing or begins on the next line.
    MISSING_BLOCK = "E0116" Error "a block is missing";
    /// A statement outside of every body, or an item within one.
    MISPLACED = "E0117" Error "this can't stand here";
    /// A parameter or field without a type.
    MISSING_TYPE = "E0118" Error "a type is missing";
    /// `{` and `}` in f-strings and shell commands.
    TEMPLATE_BRACES = "E0119" Error "braces in a string with interpolations";
    /// `'…'`, `“…”` and unknown string prefixes.
    QUOTES = "E0120" Error "strings stand between double quotes";
    /// A doc comment before nothing.
    STRAY_DOCS = "W0101" Warning "a doc comment that documents nothing";
}
