//! The runtime entry points: every function that compiled code may call, with its signature, once.
//!
//! The list is a macro, so that each side makes of it what it needs: this crate a table for the code generators, the
//! runtime a check at compile time that it defines every one with just this type (see [`check_entries`]).
//!
//! **Native functions of the standard library** (`extern fn` in `runtime/std/*.dyn`) follow one convention, which the
//! compiler derives from the declared Dynop signature and checks against this table:
//! `fn(ctx: Ctx, [out: Ptr,] arguments…, [one Desc a type parameter…]) -> Status`, where an `Int`, `Duration` or `Time` is
//! an `I64`, a `Float` an `F64`, a `Bool` a `U8`; any other argument is a `Ptr` to memory that holds the value, which
//! stays the caller's (borrowed); a `var` parameter is a `Ptr` to the place; `out` is where the result is written (left
//! out for `()`), uninitialised before, initialised if and only if the status is `OK`.

/// Types in signatures of entry points.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AbiType {
    /// `*mut StepContext`
    Ctx,
    /// A pointer.
    Ptr,
    /// A pointer to a type descriptor.
    Desc,
    /// `i64`
    I64,
    /// `f64`
    F64,
    /// `u8`; a `Bool` is 0 or 1
    U8,
    /// `u32`
    U32,
    /// [`crate::context::Status`], a `u32`
    Status,
}

/// The operator of a failed arithmetic operation, as `dyn_fail_overflow` and its like take it.
#[repr(u32)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operator {
    /// `+`
    Add = 0,
    /// `-`
    Sub = 1,
    /// `*`
    Mul = 2,
    /// `/`
    Div = 3,
    /// `%`
    Rem = 4,
    /// `**`
    Pow = 5,
    /// `<<`
    Shl = 6,
    /// `>>`
    Shr = 7,
    /// Unary `-`; the second operand is 0
    Neg = 8,
    /// `abs`; the second operand is 0
    Abs = 9,
}

impl Operator {
    /// The operator of a number.
    pub fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            0 => Self::Add,
            1 => Self::Sub,
            2 => Self::Mul,
            3 => Self::Div,
            4 => Self::Rem,
            5 => Self::Pow,
            6 => Self::Shl,
            7 => Self::Shr,
            8 => Self::Neg,
            9 => Self::Abs,
            _ => return None,
        })
    }

    /// As it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub | Self::Neg => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Rem => "%",
            Self::Pow => "**",
            Self::Shl => "<<",
            Self::Shr => ">>",
            Self::Abs => "abs",
        }
    }
}

/// The Rust types of the same names.
pub mod types {
    /// The context of the running step.
    pub type Ctx = *mut crate::context::StepContext;
    /// A pointer.
    pub type Ptr = *mut u8;
    /// A type descriptor.
    pub type Desc = *const crate::desc::TypeDesc;
    /// 64-bit integer.
    pub type I64 = i64;
    /// 64-bit float.
    pub type F64 = f64;
    /// Byte.
    pub type U8 = u8;
    /// 32-bit unsigned.
    pub type U32 = u32;
    /// Success or failure.
    pub type Status = crate::context::Status;
}

/// An entry point.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// Its symbol.
    pub name: &'static str,
    /// Its parameters.
    pub params: &'static [AbiType],
    /// Its result.
    pub result: Option<AbiType>,
}

/// Calls `$callback!` with the whole list.
#[macro_export]
macro_rules! runtime_entries {
    ($callback:ident) => {
        $callback! {
            // Memory and counts. `*_retain` and `*_release` take the value's own words.
            fn dyn_str_retain(w0: I64, w1: I64);
            fn dyn_str_release(w0: I64, w1: I64);
            fn dyn_buffer_retain(buffer: Ptr);
            fn dyn_list_release(list: Ptr, list_type: Desc);
            fn dyn_map_release(map: Ptr, map_type: Desc);
            fn dyn_closure_release(closure: Ptr);
            // By descriptor, on memory that holds the value.
            fn dyn_value_retain(value: Ptr, ty: Desc);
            fn dyn_value_release(value: Ptr, ty: Desc);
            fn dyn_value_equal(a: Ptr, b: Ptr, ty: Desc) -> U8;
            fn dyn_value_compare(a: Ptr, b: Ptr, ty: Desc) -> I64;
            // A fresh closure with room for `captures`, count 1; null where there is no memory.
            fn dyn_closure_new(ctx: Ctx, code: Ptr, captures: Desc) -> Ptr;

            // Failures. Each records the failure at `site` in the context; the caller then returns FAILED.
            fn dyn_fail_message(ctx: Ctx, site: U32, message: Ptr, retry: U8);
            fn dyn_fail_overflow(ctx: Ctx, site: U32, operator: U32, a: I64, b: I64);
            fn dyn_fail_division(ctx: Ctx, site: U32, operator: U32, a: I64);
            fn dyn_fail_shift(ctx: Ctx, site: U32, operator: U32, a: I64, b: I64);
            fn dyn_fail_index(ctx: Ctx, site: U32, index: I64, len: I64);
            fn dyn_fail_key(ctx: Ctx, site: U32, key: Ptr, key_type: Desc);
            fn dyn_fail_unwrap(ctx: Ctx, site: U32);
            fn dyn_fail_memory(ctx: Ctx, site: U32);
            fn dyn_fail_stack(ctx: Ctx, site: U32);
            fn dyn_fail_match(ctx: Ctx, site: U32);
            // A native function or a callee failed: adds the caller's place to the trace.
            fn dyn_trace(ctx: Ctx, site: U32);
            // A loop saw `poll`.
            fn dyn_poll(ctx: Ctx, site: U32) -> Status;
            // `catch`: takes the failure out of the context; FAILED if it may not be caught (cancellation …).
            fn dyn_catch(ctx: Ctx, message: Ptr, kind: Ptr, trace: Ptr) -> Status;

            // Outputs. The value is taken over in every case; `key` is borrowed. A value is always of the output's type
            // in the plan, `T` also for an optional output: for a `none` the compiled code calls nothing.
            fn dyn_yield(ctx: Ctx, site: U32, output: U32, value: Ptr, key: Ptr) -> Status;
            fn dyn_return_item(ctx: Ctx, site: U32, output: U32, value: Ptr, key: Ptr) -> Status;
            fn dyn_output(ctx: Ctx, site: U32, output: U32, value: Ptr) -> Status;

            // Integers.
            fn dyn_int_pow(ctx: Ctx, site: U32, out: Ptr, base: I64, exponent: I64) -> Status;
            fn dyn_float_pow(base: F64, exponent: F64) -> F64;
            fn dyn_float_rem(a: F64, b: F64) -> F64;

            // Texts: `out` is written. `dyn_str_append` appends in place where the text is unshared.
            fn dyn_str_concat(ctx: Ctx, out: Ptr, a: Ptr, b: Ptr) -> Status;
            fn dyn_str_append(ctx: Ctx, text: Ptr, tail: Ptr) -> Status;
            fn dyn_str_equal(a: Ptr, b: Ptr) -> U8;
            fn dyn_str_compare(a: Ptr, b: Ptr) -> I64;
            // f-strings: appends the value as `{value:format}` shows it; `format` is a Str, empty if none.
            fn dyn_format_append(ctx: Ctx, site: U32, text: Ptr, value: Ptr, ty: Desc, format: Ptr) -> Status;
            // The character that begins at byte `offset`, and the offset behind it; U8 0 at the end.
            fn dyn_str_next_char(text: Ptr, offset: Ptr, out: Ptr) -> U8;

            // Lists. A `list` is a Ptr to the place that holds the list; elements are moved in.
            fn dyn_list_reserve(ctx: Ctx, list: Ptr, additional: I64, list_type: Desc) -> Status;
            // Makes the buffer unshared and with room for one more; the slow way of push.
            fn dyn_list_grow(ctx: Ctx, list: Ptr, list_type: Desc) -> Status;
            // Makes the buffer unshared, so that elements may be written in place.
            fn dyn_list_unique(ctx: Ctx, list: Ptr, list_type: Desc) -> Status;
            fn dyn_list_extend(ctx: Ctx, list: Ptr, other: Ptr, list_type: Desc) -> Status;

            // Maps and sets (a set is a map whose values are `()`). A `map` is a Ptr to the place that holds the map.
            // The value of a key, borrowed: null if there is none.
            fn dyn_map_get(map: Ptr, key: Ptr, map_type: Desc) -> Ptr;
            // Unshares the map and gives the place of the key's value, inserted as zero bits if new (key is copied then);
            // `*found` tells. Null where there is no memory. Good until the map is next changed.
            fn dyn_map_slot(ctx: Ctx, map: Ptr, key: Ptr, map_type: Desc, found: Ptr) -> Ptr;
            // As `dyn_map_slot`, but null if the key is not there.
            fn dyn_map_slot_existing(ctx: Ctx, map: Ptr, key: Ptr, map_type: Desc) -> Ptr;
            // Entries in order: `*position` from 0, moved on; U8 0 at the end. Key and value are pointers, borrowed.
            fn dyn_map_next(map: Ptr, position: Ptr, key: Ptr, value: Ptr, map_type: Desc) -> U8;

            // The standard library's native functions, by the convention above. What they do stands with their Dynop
            // declarations in `runtime/std/*.dyn`.
            fn dyn_log(ctx: Ctx, message: Ptr) -> Status;
            fn dyn_log_at(ctx: Ctx, level: I64, message: Ptr) -> Status;
            fn dyn_float_to_int(ctx: Ctx, out: Ptr, number: F64) -> Status;
            fn dyn_float_sqrt(ctx: Ctx, out: Ptr, number: F64) -> Status;
            fn dyn_float_floor(ctx: Ctx, out: Ptr, number: F64) -> Status;
            fn dyn_float_ceil(ctx: Ctx, out: Ptr, number: F64) -> Status;
            fn dyn_float_round(ctx: Ctx, out: Ptr, number: F64) -> Status;
            fn dyn_math_sin(ctx: Ctx, out: Ptr, x: F64) -> Status;
            fn dyn_math_cos(ctx: Ctx, out: Ptr, x: F64) -> Status;
            fn dyn_math_tan(ctx: Ctx, out: Ptr, x: F64) -> Status;
            fn dyn_math_atan2(ctx: Ctx, out: Ptr, y: F64, x: F64) -> Status;
            fn dyn_math_exp(ctx: Ctx, out: Ptr, x: F64) -> Status;
            fn dyn_math_ln(ctx: Ctx, out: Ptr, x: F64) -> Status;
            fn dyn_math_log10(ctx: Ctx, out: Ptr, x: F64) -> Status;
            fn dyn_math_log2(ctx: Ctx, out: Ptr, x: F64) -> Status;
            fn dyn_math_cbrt(ctx: Ctx, out: Ptr, x: F64) -> Status;
            fn dyn_math_asin(ctx: Ctx, out: Ptr, x: F64) -> Status;
            fn dyn_math_acos(ctx: Ctx, out: Ptr, x: F64) -> Status;
            fn dyn_math_atan(ctx: Ctx, out: Ptr, x: F64) -> Status;
            fn dyn_math_sinh(ctx: Ctx, out: Ptr, x: F64) -> Status;
            fn dyn_math_cosh(ctx: Ctx, out: Ptr, x: F64) -> Status;
            fn dyn_math_tanh(ctx: Ctx, out: Ptr, x: F64) -> Status;
            fn dyn_math_hypot(ctx: Ctx, out: Ptr, x: F64, y: F64) -> Status;
            fn dyn_fs_open_lines(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_fs_next_line(ctx: Ctx, out: Ptr, reader: I64) -> Status;
            fn dyn_fs_read(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_fs_write(ctx: Ctx, path: Ptr, text: Ptr) -> Status;
            fn dyn_fs_exists(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_fs_glob(ctx: Ctx, out: Ptr, pattern: Ptr) -> Status;
            fn dyn_fs_list(ctx: Ctx, out: Ptr, folder: Ptr) -> Status;
            fn dyn_fs_read_bytes(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_fs_append(ctx: Ctx, path: Ptr, data: Ptr) -> Status;
            fn dyn_fs_begin(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_fs_put(ctx: Ctx, writer: I64, data: Ptr) -> Status;
            fn dyn_fs_finish(ctx: Ctx, writer: I64) -> Status;
            fn dyn_fs_stat(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_fs_is(ctx: Ctx, out: Ptr, path: Ptr, folder: U8, follow: U8) -> Status;
            fn dyn_fs_mkdir(ctx: Ctx, path: Ptr) -> Status;
            fn dyn_fs_remove(ctx: Ctx, path: Ptr, all: U8) -> Status;
            fn dyn_fs_copy(ctx: Ctx, from: Ptr, to: Ptr) -> Status;
            fn dyn_fs_rename(ctx: Ctx, from: Ptr, to: Ptr) -> Status;
            fn dyn_fs_temp_file(ctx: Ctx, out: Ptr, suffix: Ptr) -> Status;
            fn dyn_fs_temp_dir(ctx: Ctx, out: Ptr) -> Status;
            fn dyn_gzip_open_lines(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_gzip_read(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_gzip_read_bytes(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_gzip_decompress_file(ctx: Ctx, from: Ptr, to: Ptr) -> Status;
            fn dyn_gzip_decompress(ctx: Ctx, out: Ptr, data: Ptr) -> Status;
            fn dyn_gzip_compress(ctx: Ctx, out: Ptr, data: Ptr, level: I64) -> Status;
            fn dyn_gzip_write(ctx: Ctx, path: Ptr, data: Ptr, level: I64) -> Status;
            fn dyn_gzip_compress_file(ctx: Ctx, from: Ptr, to: Ptr, level: I64) -> Status;
            fn dyn_zstd_open_lines(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_zstd_read(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_zstd_read_bytes(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_zstd_decompress_file(ctx: Ctx, from: Ptr, to: Ptr) -> Status;
            fn dyn_zstd_decompress(ctx: Ctx, out: Ptr, data: Ptr) -> Status;
            fn dyn_zstd_compress(ctx: Ctx, out: Ptr, data: Ptr, level: I64) -> Status;
            fn dyn_zstd_write(ctx: Ctx, path: Ptr, data: Ptr, level: I64) -> Status;
            fn dyn_zstd_compress_file(ctx: Ctx, from: Ptr, to: Ptr, level: I64) -> Status;
            fn dyn_csv_open(ctx: Ctx, out: Ptr, path: Ptr, separator: Ptr, header: U8, missing: Ptr, exact: U8, row: Desc) -> Status;
            fn dyn_csv_next(ctx: Ctx, out: Ptr, reader: I64, row: Desc) -> Status;
            fn dyn_csv_read(ctx: Ctx, out: Ptr, path: Ptr, separator: Ptr, header: U8, missing: Ptr, exact: U8, row: Desc) -> Status;
            fn dyn_csv_parse(ctx: Ctx, out: Ptr, text: Ptr, separator: Ptr, header: U8, missing: Ptr, exact: U8, row: Desc) -> Status;
            fn dyn_csv_to_str(ctx: Ctx, out: Ptr, rows: Ptr, separator: Ptr, header: U8, row: Desc) -> Status;
            fn dyn_json_parse(ctx: Ctx, out: Ptr, text: Ptr, ty: Desc) -> Status;
            fn dyn_json_read(ctx: Ctx, out: Ptr, path: Ptr, ty: Desc) -> Status;
            fn dyn_json_next_line(ctx: Ctx, out: Ptr, reader: I64, ty: Desc) -> Status;
            fn dyn_json_to_str(ctx: Ctx, out: Ptr, value: Ptr, pretty: U8, ty: Desc) -> Status;
            fn dyn_json_write(ctx: Ctx, path: Ptr, value: Ptr, pretty: U8, ty: Desc) -> Status;
            fn dyn_list_truncate(ctx: Ctx, list: Ptr, count: I64, item: Desc) -> Status;
            fn dyn_map_remove(ctx: Ctx, map: Ptr, key: Ptr, key_type: Desc, value_type: Desc) -> Status;
            fn dyn_bytes_len(ctx: Ctx, out: Ptr, bytes: Ptr) -> Status;
            fn dyn_bytes_at(ctx: Ctx, out: Ptr, bytes: Ptr, index: I64) -> Status;
            fn dyn_bytes_slice(ctx: Ctx, out: Ptr, bytes: Ptr, start: I64, end: I64) -> Status;
            fn dyn_bytes_find(ctx: Ctx, out: Ptr, bytes: Ptr, part: Ptr) -> Status;
            fn dyn_bytes_to_str(ctx: Ctx, out: Ptr, bytes: Ptr) -> Status;
            fn dyn_bytes_to_str_lossy(ctx: Ctx, out: Ptr, bytes: Ptr) -> Status;
            fn dyn_bytes_to_hex(ctx: Ctx, out: Ptr, bytes: Ptr) -> Status;
            fn dyn_bytes_to_base64(ctx: Ctx, out: Ptr, bytes: Ptr) -> Status;
            fn dyn_bytes_from_hex(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_bytes_from_base64(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_bytes_from_list(ctx: Ctx, out: Ptr, list: Ptr) -> Status;
            fn dyn_str_to_bytes(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_duration_from_seconds(ctx: Ctx, out: Ptr, seconds: F64) -> Status;
            fn dyn_duration_scaled(ctx: Ctx, out: Ptr, duration: I64, factor: F64) -> Status;
            fn dyn_duration_divided(ctx: Ctx, out: Ptr, duration: I64, divisor: F64) -> Status;
            fn dyn_duration_parse(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_time_parse(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_time_now(ctx: Ctx, out: Ptr) -> Status;
            fn dyn_time_sleep(ctx: Ctx, duration: I64) -> Status;
            fn dyn_set_insert(ctx: Ctx, set: Ptr, value: Ptr, item: Desc) -> Status;
            fn dyn_set_remove(ctx: Ctx, set: Ptr, value: Ptr, item: Desc) -> Status;
            fn dyn_set_contains(ctx: Ctx, out: Ptr, set: Ptr, value: Ptr, item: Desc) -> Status;
            fn dyn_path_to_str(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_path_from_str(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_random_bits(ctx: Ctx, out: Ptr) -> Status;
            fn dyn_random_below(ctx: Ctx, out: Ptr, bound: I64) -> Status;
            fn dyn_random_float(ctx: Ctx, out: Ptr) -> Status;
            fn dyn_test_run(ctx: Ctx, out: Ptr, job: Ptr, arguments: Ptr, told: Ptr, argument_types: Desc, result: Desc) -> Status;
            fn dyn_sh_output(ctx: Ctx, out: Ptr, pieces: Ptr, words: Ptr, pipes: U8, limit: I64) -> Status;
            fn dyn_sh_run(ctx: Ctx, out: Ptr, pieces: Ptr, words: Ptr, pipes: U8, limit: I64) -> Status;
            // An extern op: command, the kinds of its outputs (see `dynop_exec`), whether a pipe is in the command, inputs.
            fn dyn_extern_op(ctx: Ctx, command: Ptr, kinds: Ptr, pipes: U8, inputs: Ptr, inputs_type: Desc, outputs_type: Desc) -> Status;
            // The same for a test that calls it directly: what it gives, as JSON in the form of such a call's value.
            fn dyn_extern_answers(ctx: Ctx, out: Ptr, command: Ptr, kinds: Ptr, pipes: U8, inputs: Ptr, inputs_type: Desc, outputs_type: Desc) -> Status;
            fn dyn_env_get(ctx: Ctx, out: Ptr, name: Ptr) -> Status;
            fn dyn_env_vars(ctx: Ctx, out: Ptr) -> Status;
            fn dyn_hash_sha256(ctx: Ctx, out: Ptr, data: Ptr, ty: Desc) -> Status;
            fn dyn_hash_file_sha256(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_hash_sha512(ctx: Ctx, out: Ptr, data: Ptr, ty: Desc) -> Status;
            fn dyn_hash_file_sha512(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_hash_sha1(ctx: Ctx, out: Ptr, data: Ptr, ty: Desc) -> Status;
            fn dyn_hash_file_sha1(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_hash_md5(ctx: Ctx, out: Ptr, data: Ptr, ty: Desc) -> Status;
            fn dyn_hash_file_md5(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_hash_blake3(ctx: Ctx, out: Ptr, data: Ptr, ty: Desc) -> Status;
            fn dyn_hash_file_blake3(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_hash_crc32(ctx: Ctx, out: Ptr, data: Ptr, ty: Desc) -> Status;
            fn dyn_hash_file_crc32(ctx: Ctx, out: Ptr, path: Ptr) -> Status;
            fn dyn_http_request(ctx: Ctx, out: Ptr, method: Ptr, url: Ptr, headers: Ptr, body: Ptr, timeout: I64, redirects: I64, succeed: U8) -> Status;
            fn dyn_http_download(ctx: Ctx, url: Ptr, path: Ptr, headers: Ptr, timeout: I64, redirects: I64) -> Status;
            fn dyn_http_content(ctx: Ctx, out: Ptr, value: Ptr, ty: Desc) -> Status;
            fn dyn_http_encode(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_regex_is_match(ctx: Ctx, out: Ptr, pattern: Ptr, text: Ptr) -> Status;
            fn dyn_regex_find(ctx: Ctx, out: Ptr, pattern: Ptr, text: Ptr) -> Status;
            fn dyn_regex_find_all(ctx: Ctx, out: Ptr, pattern: Ptr, text: Ptr) -> Status;
            fn dyn_regex_positions(ctx: Ctx, out: Ptr, pattern: Ptr, text: Ptr) -> Status;
            fn dyn_regex_captures(ctx: Ctx, out: Ptr, pattern: Ptr, text: Ptr) -> Status;
            fn dyn_regex_captures_all(ctx: Ctx, out: Ptr, pattern: Ptr, text: Ptr) -> Status;
            fn dyn_regex_named(ctx: Ctx, out: Ptr, pattern: Ptr, text: Ptr) -> Status;
            fn dyn_regex_parse(ctx: Ctx, out: Ptr, pattern: Ptr, text: Ptr, row: Desc) -> Status;
            fn dyn_regex_replace(ctx: Ctx, out: Ptr, pattern: Ptr, text: Ptr, with: Ptr, most: I64) -> Status;
            fn dyn_regex_split(ctx: Ctx, out: Ptr, pattern: Ptr, text: Ptr) -> Status;
            fn dyn_regex_escape(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_str_len(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_str_byte_len(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_str_lower(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_str_upper(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_str_trim(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_str_trim_start(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_str_trim_end(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_str_find_last(ctx: Ctx, out: Ptr, text: Ptr, part: Ptr) -> Status;
            fn dyn_str_code_points(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_str_from_code_points(ctx: Ctx, out: Ptr, points: Ptr) -> Status;
            fn dyn_str_is_alphabetic(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_str_is_numeric(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_str_is_ascii(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_str_words(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_str_lines(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_str_split(ctx: Ctx, out: Ptr, text: Ptr, separator: Ptr) -> Status;
            fn dyn_str_replace(ctx: Ctx, out: Ptr, text: Ptr, old: Ptr, new: Ptr) -> Status;
            fn dyn_str_starts_with(ctx: Ctx, out: Ptr, text: Ptr, prefix: Ptr) -> Status;
            fn dyn_str_ends_with(ctx: Ctx, out: Ptr, text: Ptr, suffix: Ptr) -> Status;
            fn dyn_str_contains(ctx: Ctx, out: Ptr, text: Ptr, part: Ptr) -> Status;
            fn dyn_str_find(ctx: Ctx, out: Ptr, text: Ptr, part: Ptr) -> Status;
            fn dyn_str_slice(ctx: Ctx, out: Ptr, text: Ptr, start: I64, end: I64) -> Status;
            fn dyn_str_repeat(ctx: Ctx, out: Ptr, text: Ptr, count: I64) -> Status;
            fn dyn_str_parse_int(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
            fn dyn_str_parse_float(ctx: Ctx, out: Ptr, text: Ptr) -> Status;
        }
    };
}

macro_rules! table {
    ($(fn $name:ident($($param:ident: $ty:ident),* $(,)?) $(-> $result:ident)?;)*) => {
        /// Every entry point.
        pub static ENTRIES: &[Entry] = &[$(Entry {
            name: stringify!($name),
            params: &[$(AbiType::$ty),*],
            result: table!(@result $($result)?),
        }),*];
    };
    (@result) => { None };
    (@result $result:ident) => { Some(AbiType::$result) };
}

runtime_entries!(table);

/// The entry of a symbol.
pub fn find(name: &str) -> Option<&'static Entry> {
    ENTRIES.iter().find(|entry| entry.name == name)
}

/// Fails to compile unless each entry point is in scope with exactly the type that the table says:
/// `dynop_abi::runtime_entries!(check_entries);` with the functions imported.
#[macro_export]
macro_rules! check_entries {
    ($(fn $name:ident($($param:ident: $ty:ident),* $(,)?) $(-> $result:ident)?;)*) => {
        $(const _: unsafe extern "C" fn($($crate::entries::types::$ty),*) $(-> $crate::entries::types::$result)? = $name;)*
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_have_their_numbers() {
        for number in 0..10 {
            assert_eq!(
                Operator::from_number(number).map(|o| o as u32),
                Some(number)
            );
        }
        assert_eq!(Operator::from_number(10), None);
    }

    #[test]
    fn names_are_unique() {
        let mut names: Vec<_> = ENTRIES.iter().map(|e| e.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ENTRIES.len());
        assert_eq!(find("dyn_yield").map(|e| e.params.len()), Some(5));
    }
}
