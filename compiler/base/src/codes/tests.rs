//! Tests in the language.

codes! {
    /// Two tests of one name in one file.
    TEST_TWICE = "E0701" Error "two tests of one name";
    /// `run` outside of a test, or of what is no job.
    RUN = "E0703" Error "`run` of what can't be run";
    /// A replacement in a `run` of what is no op of the job.
    REPLACED = "E0704" Error "nothing there to replace";
    /// A replacement in a `run` that takes or gives something else than the op.
    REPLACEMENT = "E0705" Error "a replacement of another type";
    /// A test that failed, as `dynopc test` draws it.
    TEST_FAILED = "E0702" Error "a test failed";
}
