//! The runtime's entry points as LLVM's declarations, with what is known of each.
//!
//! They are written as text and read by LLVM: the text is the one form of attributes that is the same in all versions.

use std::fmt::Write;

use dynop_abi::entries::{AbiType, ENTRIES, Entry};

/// All entry points, declared.
pub(super) fn declarations() -> String {
    let mut text = String::new();
    for entry in ENTRIES {
        let params: Vec<&str> = entry.params.iter().map(|&ty| param(entry, ty)).collect();
        let result = entry.result.map_or("void", result);
        // Writing to a string can't fail.
        let _ = writeln!(
            text,
            "declare {result} @{}({}) {}",
            entry.name,
            params.join(", "),
            effects(entry.name)
        );
    }
    text
}

fn param(entry: &Entry, ty: AbiType) -> &'static str {
    match ty {
        AbiType::Ctx => "ptr noundef nonnull align 8 dereferenceable(16)",
        // Descriptors are static data.
        AbiType::Desc => "ptr noundef nonnull readonly align 8",
        // The code of a closure stays in it; everything else is memory that the caller lends, see the table.
        AbiType::Ptr if entry.name == "dyn_closure_new" => "ptr noundef nonnull",
        AbiType::Ptr => "ptr noundef nonnull captures(none)",
        AbiType::I64 => "i64 noundef",
        AbiType::F64 => "double noundef",
        AbiType::U8 => "i8 noundef zeroext",
        AbiType::U32 | AbiType::Status => "i32 noundef",
    }
}

fn result(ty: AbiType) -> &'static str {
    match ty {
        AbiType::Ctx | AbiType::Desc | AbiType::Ptr => "noundef ptr",
        AbiType::I64 => "noundef i64",
        AbiType::F64 => "noundef double",
        // Every byte that is returned is a `Bool`.
        AbiType::U8 => "noundef zeroext range(i8 0, 2) i8",
        AbiType::U32 | AbiType::Status => "noundef i32",
    }
}

/// What an entry point does besides what its result says. None unwinds: native functions catch their panics.
fn effects(name: &str) -> &'static str {
    match name {
        "dyn_float_pow" | "dyn_float_rem" => "nounwind willreturn nosync nofree memory(none)",
        "dyn_str_equal" | "dyn_str_compare" => "nounwind willreturn nofree memory(read)",
        // They may allocate while they look.
        "dyn_value_equal" | "dyn_value_compare" | "dyn_map_get" => {
            "nounwind willreturn memory(read, inaccessiblemem: readwrite)"
        }
        "dyn_trace" | "dyn_poll" => "cold nounwind",
        failure if failure.starts_with("dyn_fail_") => "cold nounwind",
        _ => "nounwind",
    }
}
