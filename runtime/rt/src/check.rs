//! Checks, when this crate is compiled, that every entry point of the table is defined with just the table's type; and
//! so names them all, which keeps them in the archive: only compiled programs call them.

use dynop_abi::check_entries;
use dynop_exec::{foreign::*, shell::*};
use dynop_pool::entries::*;
use dynop_std::{
    bytes::*, csv::*, environment::*, files::*, folders::*, gzip::*, hashes::*, http::*, json::*,
    lines::*, lists::*, log::*, numbers::*, random::*, regexes::*, streams::*, temporary::*,
    texts::*, times::*, writing::*, zstandard::*,
};
use dynop_values::entries::*;

use crate::nested::*;

dynop_abi::runtime_entries!(check_entries);
