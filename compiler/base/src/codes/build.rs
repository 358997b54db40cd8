//! Back end and linker.

codes! {
    /// The file has no job to build.
    NO_JOB = "E0601" Error "no job to build";
}
