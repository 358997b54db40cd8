//! Names, types, generics and the rules of composition: from trees to the checked program.
