//! Tests in the language.

codes! {
    /// Two tests of one name in one file.
    TEST_TWICE = "E0701" Error "two tests of one name";
    /// A test that failed, as `dynopc test` draws it.
    TEST_FAILED = "E0702" Error "a test failed";
}
