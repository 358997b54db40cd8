//! Tests in the language.

codes! {
    /// Two tests of one name in one file.
    TEST_TWICE = "E0701" Error "two tests of one name";
    /// `run` outside of a test, or of what is no job.
    RUN = "E0703" Error "`run` of what can't be run";
    /// A test that failed, as `dynopc test` draws it.
    TEST_FAILED = "E0702" Error "a test failed";
}
