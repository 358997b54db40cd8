//! Composition.

codes! {
    /// A dynamic output where a value is wanted.
    DIRECT_PASSING = "E0301" Error "a dynamic output is passed where a value is wanted";
    /// An operator, method, `if` … on a value that exists only while the job runs.
    RUN_TIME_VALUE = "E0302" Error "this value exists only while the job runs";
    /// A `fn`, or something else that is no op, invoked in a job.
    NOT_AN_OP = "E0303" Error "a job can invoke ops only";
    /// `map`, `collect` and their like on something that is not dynamic.
    NOT_DYNAMIC = "E0304" Error "not a dynamic output";
    /// `collect` on a dynamic output of dynamic outputs.
    NESTED_COLLECT = "E0305" Error "a nested dynamic output is collected level by level";
    /// The result of a `map` depends on no item.
    ITEM_FREE_RESULT = "E0306" Error "the result of a map does not depend on the item";
    /// What is given to `map` is neither a closure nor an op of one parameter.
    BAD_MAP = "E0307" Error "map wants a closure or an op";
    /// Two steps of one name.
    STEP_NAME_TWICE = "E0308" Error "two steps of one name";
    /// `after` or `as` on something that is no invocation.
    NOT_AN_INVOCATION = "E0309" Error "only an invocation can be named or ordered";
    /// Names unpacked from a result that has another number of parts.
    BAD_UNPACKING = "E0310" Error "unpacking into another number of names";
    /// No such output or method.
    UNKNOWN_PART = "E0311" Error "no such output or method in a job";
    /// A statement that has no place in a job.
    NOT_IN_A_JOB = "E0312" Error "this can't stand in a job";
    /// A parameter of a graph that steers `if` or `for`, given a value of the run.
    STEERED_BY_A_VALUE = "E0320" Error "only a constant steers a composition";
    /// More steps than a plan may have, or groups and lists that grow without end.
    TOO_MANY_STEPS = "E0321" Error "a composition that is too large";
    /// A graph that invokes itself.
    GRAPH_CYCLE = "E0322" Error "a graph invokes itself";
    /// An argument of an attribute or of `with` that it does not take, or that is out of range.
    WRONG_SETTING = "E0323" Error "wrong setting of a policy";
    /// An op in a closure of `map` that does not use the item.
    RUNS_ONCE = "W0313" Warning "an op inside map runs once";
    /// A dynamic output that nothing maps or collects.
    UNUSED_DYNAMIC = "W0314" Warning "unused dynamic output";
}
