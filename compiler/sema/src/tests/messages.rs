//! What is wrong, as pictures.
