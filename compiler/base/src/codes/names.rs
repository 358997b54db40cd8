//! Names.

codes! {
    /// No such name in scope.
    UNKNOWN = "E0201" Error "unknown name";
    /// Two definitions of one name in one scope.
    TWICE = "E0202" Error "defined twice";
    /// An import of a file that is not there.
    UNKNOWN_MODULE = "E0203" Error "unknown module";
    /// A name of another file that is not `pub`.
    PRIVATE = "E0204" Error "not public";
    /// A name of the wrong sort: a type where a value is wanted, a function where a type is.
    WRONG_SORT = "E0205" Error "a name of another sort is wanted";
    /// A constant or alias that is defined by itself.
    CYCLE = "E0206" Error "defined by itself";
    /// A variable that nothing reads.
    UNUSED_VARIABLE = "W0207" Warning "unused variable";
    /// An import of which nothing is named.
    UNUSED_IMPORT = "W0208" Warning "unused import";
    /// A function, op, graph or constant that nothing uses.
    UNUSED_ITEM = "W0209" Warning "unused declaration";
}
