//! Types.

codes! {
    /// Found one type where another is wanted.
    MISMATCH = "E0401" Error "mismatched types";
    /// The type has no such field.
    UNKNOWN_FIELD = "E0402" Error "unknown field";
    /// The type has no such method, and no function in scope fits.
    UNKNOWN_METHOD = "E0403" Error "unknown method";
    /// Arguments that do not fit the parameters: too many, missing, unknown, given twice.
    ARGUMENTS = "E0404" Error "wrong arguments";
    /// The wrong number of type arguments.
    TYPE_ARGUMENTS = "E0405" Error "wrong number of type arguments";
    /// Nothing says what type this is.
    CANNOT_INFER = "E0406" Error "the type can't be inferred";
    /// An operator on types that do not have it.
    OPERATOR = "E0407" Error "the operator does not exist for these types";
    /// A call of what is no function.
    NOT_CALLABLE = "E0408" Error "not a function";
    /// A `for` over what has no elements.
    NOT_ITERABLE = "E0409" Error "not something to go over";
    /// `a[i]` on what is neither list nor map.
    NOT_INDEXABLE = "E0410" Error "not something to index";
    /// An assignment to what can't be assigned.
    NOT_ASSIGNABLE = "E0411" Error "can't be assigned";
    /// A closure assigns to a variable from outside.
    CAPTURED_ASSIGNMENT = "E0412" Error "a closure can't assign to a captured variable";
    /// A `match` that leaves cases out.
    NOT_EXHAUSTIVE = "E0413" Error "not every case is matched";
    /// A pattern that may fail where it must not.
    REFUTABLE = "E0414" Error "the pattern may not match";
    /// A statement that computes a value and drops it.
    UNUSED_VALUE = "E0415" Error "the value is not used";
    /// A body that ends without the value it owes.
    MISSING_VALUE = "E0416" Error "the body ends without a value";
    /// `break` or `continue` where no loop is.
    OUTSIDE_LOOP = "E0417" Error "not inside a loop";
    /// A type that can't be a key of a map or element of a set.
    NOT_A_KEY = "E0418" Error "can't be a map key";
    /// A comparison of what has no order or equality.
    NOT_COMPARABLE = "E0419" Error "can't be compared";
    /// A type where it may not stand.
    TYPE_PLACE = "E0420" Error "the type may not stand here";
    /// An integer over the range of `Int`.
    INT_RANGE = "E0421" Error "the number does not fit in an Int";
    /// A pattern that does not fit the type it is held against.
    PATTERN = "E0422" Error "the pattern does not fit";
    /// Something computed where a constant is wanted.
    NOT_CONSTANT = "E0423" Error "not a constant";
    /// A struct that contains itself.
    RECURSIVE_TYPE = "E0424" Error "a type that contains itself";
    /// An argument for a `var` parameter that is no place, or the same place twice.
    IN_OUT = "E0425" Error "wrong argument for a var parameter";
    /// Code that is never reached.
    UNREACHABLE = "W0426" Warning "unreachable";
}
