//! From the intermediate representation to an object file, behind one seam.
