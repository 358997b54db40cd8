//! Ops and their outputs.

codes! {
    /// `output_name` that the op does not declare.
    UNKNOWN_OUTPUT = "E0501" Error "unknown output";
}
