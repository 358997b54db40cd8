//! Composition: what jobs and graphs mean, as a typed tree that `plan` evaluates.

/// The checked body of a `graph` or `job`.
#[derive(Clone, Debug, Default)]
pub struct Composition {}
