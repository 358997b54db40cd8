//! Ops and their outputs.

codes! {
    /// `output_name` that the op does not declare.
    UNKNOWN_OUTPUT = "E0501" Error "unknown output";
    /// `yield` where it may not stand.
    YIELD_PLACE = "E0502" Error "yield may not stand here";
    /// An op that both yields and returns.
    YIELD_AND_RETURN = "E0503" Error "an op either yields or returns its outputs";
    /// A required output that some way through the op does not produce.
    MISSING_OUTPUT = "E0504" Error "an output is not produced";
    /// A plain output that is produced twice.
    OUTPUT_TWICE = "E0505" Error "an output is produced twice";
    /// A `yield` of what is no output, or of the wrong kind of output.
    YIELD_VALUE = "E0506" Error "not an output that this op can yield";
    /// An op, graph or job that is called in computation.
    OP_IN_BODY = "E0507" Error "an op can't be invoked here";
    /// An attribute that does not exist.
    UNKNOWN_ATTRIBUTE = "E0508" Error "unknown attribute";
    /// A dynamic output without key, or with a key of the wrong type.
    MAPPING_KEY = "E0509" Error "wrong mapping key";
    /// A result type that an op can't have.
    OUTPUT_TYPE = "E0510" Error "not a type for an output";
    /// `as` in computation.
    STRAY_AS = "E0511" Error "a step's name where there is no step";
}
