//! Back end and linker.

codes! {
    /// The file has no job to build.
    NO_JOB = "E0601" Error "no job to build";
    /// Code generation or linking failed on a correct program.
    BACK_END = "E0602" Error "the back end failed";
    /// Generic functions that ask for ever larger types.
    ENDLESS_GENERICS = "E0603" Error "generics without end";
}
