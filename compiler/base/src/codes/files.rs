//! Files and the command line.

codes! {
    /// The file does not exist or can't be read.
    UNREADABLE = "E0001" Error "the source file can't be read";
    /// Not UTF-8.
    NOT_UTF8 = "E0002" Error "the source file is not UTF-8 text";
    /// Over the size limit.
    TOO_LARGE = "E0003" Error "the source file is too large";
}
