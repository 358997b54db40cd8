//! What is to be told of names that no file declares: built-in types, constructors, methods of dynamic outputs, keywords.

/// Head and explanation of a built-in name.
pub(crate) fn built_in(word: &str) -> Option<(&'static str, &'static str)> {
    let all = TYPES.iter().chain(CONSTRUCTORS).chain(KEYWORDS);
    all.into_iter()
        .find(|(name, ..)| *name == word)
        .map(|(_, head, docs)| (*head, *docs))
}

/// Head and explanation of a method of dynamic outputs.
pub(crate) fn of_dynamic(word: &str) -> Option<(&'static str, &'static str)> {
    DYNAMIC
        .iter()
        .find(|(name, ..)| *name == word)
        .map(|(_, head, docs)| (*head, *docs))
}

/// The built-in types: name, head, explanation.
pub(crate) const TYPES: &[(&str, &str, &str)] = &[
    (
        "Int",
        "type Int",
        "A whole number of 64 bits. Overflow fails the step.",
    ),
    ("Float", "type Float", "A number of 64 bits with fraction."),
    ("Bool", "type Bool", "`true` or `false`."),
    ("Str", "type Str", "Text in UTF-8."),
    (
        "Path",
        "type Path",
        "A path of the file system. A string literal is one where a `Path` is wanted.",
    ),
    ("Bytes", "type Bytes", "A sequence of bytes."),
    (
        "Duration",
        "type Duration",
        "A length of time, such as `250ms` or `2h`.",
    ),
    ("Time", "type Time", "A moment, in UTC."),
    (
        "Range",
        "type Range",
        "Whole numbers from one to another: `a..b` without `b`, `a..=b` with it.",
    ),
    ("List", "type List<T>", "A list of values of one type."),
    (
        "Map",
        "type Map<K, V>",
        "Values by key, in the order of insertion.",
    ),
    (
        "Set",
        "type Set<T>",
        "Different values, in the order of insertion.",
    ),
    (
        "Iter",
        "type Iter<T>",
        "A recipe for values, made one after the other; every use starts it anew.",
    ),
    (
        "DynamicOutput",
        "type DynamicOutput<T>",
        "An output of an op that is yielded any number of times, each time with a mapping key. In a job it is mapped (one clone of an op a key) and collected; in an op, `yield DynamicOutput(value, mapping_key: key)` gives an item.",
    ),
];

/// What makes values: name, head, explanation.
pub(crate) const CONSTRUCTORS: &[(&str, &str, &str)] = &[
    (
        "Output",
        "Output(value, output_name: \"…\")",
        "A plain output of an op: `yield Output(value)`. With several outputs, `output_name` says which.",
    ),
    ("some", "some(value)", "An option that holds a value."),
];

/// The methods of dynamic outputs in jobs and graphs: name, head, explanation.
pub(crate) const DYNAMIC: &[(&str, &str, &str)] = &[
    (
        "map",
        "map(|item| …)",
        "Invokes ops once a key: `d.map(|item| op(item))`, or `d.map(op)`. With `|item, key|` the key is at hand too.",
    ),
    (
        "collect",
        "collect() -> List<T>",
        "All items as a list, in the order of their keys' yields. What takes it waits for all clones; skipped ones are left out.",
    ),
    (
        "collect_keyed",
        "collect_keyed() -> Map<Str, T>",
        "All items as a map from mapping key to value.",
    ),
    (
        "collect_results",
        "collect_results() -> List<Result<T>>",
        "All items as results: the step that takes them runs although clones failed.",
    ),
    (
        "filter",
        "filter(|item| …)",
        "Keeps the keys for which an op gives `true`.",
    ),
    ("zip", "zip(other)", "Pairs items of equal keys."),
    (
        "concat",
        "concat(other)",
        "The items of both; their keys must stay unique.",
    ),
    ("flatten", "flatten()", "Makes two levels of keys one."),
    (
        "after",
        "after(step)",
        "Orders steps that have no data between them.",
    ),
    (
        "with",
        "with(retry: 3)",
        "Says for one invocation how its steps are run.",
    ),
];

/// Keywords: name, head, explanation.
const KEYWORDS: &[(&str, &str, &str)] = &[
    (
        "op",
        "op name(…) -> Output { … }",
        "A unit of computation that jobs invoke as a step. The written result declares its outputs.",
    ),
    (
        "fn",
        "fn name(…) -> T { … }",
        "A function: computation that ops and other functions call.",
    ),
    (
        "job",
        "job name(…) -> T { … }",
        "A program: which ops are invoked, and where their outputs go. Known completely when it is compiled.",
    ),
    (
        "graph",
        "graph name(…) -> T { … }",
        "A part of a job with a name of its own, invoked like an op.",
    ),
    (
        "yield",
        "yield DynamicOutput(v, mapping_key: k)",
        "Hands an output on while the op goes on: `yield Output(v)` for a plain one.",
    ),
    (
        "fail",
        "fail \"message\"",
        "Fails the step. With `retry: false` it is not tried again.",
    ),
    (
        "try",
        "try { … } catch e { … }",
        "The value of the block, or of the second one if the first fails.",
    ),
    ("none", "none", "An option without a value."),
    (
        "mapping_key",
        "mapping_key: Str",
        "The key of an item of a dynamic output, by which the clones that take it are known: a text, a number or a path. Each may be there once.",
    ),
    (
        "output_name",
        "output_name: \"…\"",
        "Which of several outputs this is for.",
    ),
];
