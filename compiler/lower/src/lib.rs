//! From the checked program to the intermediate representation, monomorphising on the way.
