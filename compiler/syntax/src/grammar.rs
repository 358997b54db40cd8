//! The parser that pest makes from `grammar/dynop.pest`. Nothing outside this room sees it.

/// pest's parser. The derive writes `Rule` beside it.
#[derive(pest_derive::Parser)]
#[grammar = "../../grammar/dynop.pest"]
pub(crate) struct DynopParser;
