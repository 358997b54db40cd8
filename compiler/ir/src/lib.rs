//! The typed, monomorphic intermediate representation: data, printer, parser, verifier and passes.
