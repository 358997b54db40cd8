//! Shell commands, extern ops and extern functions.

codes! {
    /// A value between the quotes of a shell command, or where else the shell would read it as something else.
    QUOTED_VALUE = "E0720" Error "a value that the shell would not take as a word";
    /// A value of a type that is no word of a command.
    NO_WORD = "E0721" Error "not a word of a command";
    /// A signature that an extern op or function can't have.
    FOREIGN_SIGNATURE = "E0722" Error "not a signature for an extern declaration";
    /// A symbol of an extern function that no library has.
    FOREIGN_SYMBOL = "E0723" Error "no such symbol in the libraries";
}
