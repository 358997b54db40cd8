//! Zstandard (`zstd.dyn`).

use std::fs::File;
use std::io::{self, BufReader, Read, Write};

use dynop_abi::context::Status;
use dynop_abi::entries::types::{Ctx, I64, Ptr};
use dynop_values::text;
use zstd::stream::read::Decoder;
use zstd::stream::write::Encoder;

use crate::convention::{act, give, path_of};
use crate::lines;
use crate::packed::{Packing, Unpacking};
use crate::source::{BUFFER, Source};

static UNPACKING: Unpacking = Unpacking {
    name: "zstd",
    // A file may be several frames, one behind the other.
    reader: |bytes| {
        let buffered = BufReader::with_capacity(BUFFER, bytes);
        Ok(Box::new(Decoder::with_buffer(buffered)?))
    },
};

static PACKING: Packing = Packing {
    name: "zstd",
    levels: 1..=22,
    pack,
};

fn pack(from: &mut dyn Read, to: &mut dyn Write, level: i32) -> io::Result<()> {
    let mut encoder = Encoder::new(to, level)?;
    encoder.include_checksum(true)?;
    io::copy(from, &mut encoder)?;
    encoder.finish()?.flush()
}

fn decode(file: File) -> io::Result<Box<dyn Read>> {
    UNPACKING.of(file)
}

/// Opens a packed text file for reading its lines; gives the number of the reader, which is one of `dyn_fs_next_line`.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_zstd_open_lines(ctx: Ctx, out: Ptr, path: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let path = path_of(path);
        give(ctx, out, || Ok(lines::open(Source::decoded(path, decode)?)))
    }
}

/// The text that a packed file holds.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_zstd_read(ctx: Ctx, out: Ptr, path: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe { give(ctx, out, || UNPACKING.file_text(ctx, path_of(path))) }
}

/// The bytes that a packed file holds.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_zstd_read_bytes(ctx: Ctx, out: Ptr, path: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        give(ctx, out, || {
            Ok(text::new(&UNPACKING.file(ctx, path_of(path))?)?)
        })
    }
}

/// Writes what a packed file holds as a file.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_zstd_decompress_file(ctx: Ctx, from: Ptr, to: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe { act(ctx, || UNPACKING.to_file(ctx, path_of(from), path_of(to))) }
}

/// What packed bytes hold.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_zstd_decompress(ctx: Ctx, out: Ptr, data: Ptr) -> Status {
    // SAFETY: the convention.
    unsafe {
        let data = text::bytes(&*data.cast());
        give(ctx, out, || UNPACKING.bytes(ctx, data))
    }
}

/// Bytes, packed.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_zstd_compress(ctx: Ctx, out: Ptr, data: Ptr, level: I64) -> Status {
    // SAFETY: the convention.
    unsafe {
        let data = text::bytes(&*data.cast());
        give(ctx, out, || PACKING.bytes(ctx, data, level))
    }
}

/// Writes a text or bytes as a packed file.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`; `data` is a `Str` or `Bytes`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_zstd_write(ctx: Ctx, path: Ptr, data: Ptr, level: I64) -> Status {
    // SAFETY: the convention.
    unsafe {
        let data = text::bytes(&*data.cast());
        act(ctx, || PACKING.write(ctx, path_of(path), data, level))
    }
}

/// Writes the bytes of a file packed as another.
///
/// # Safety
/// Called by the convention of `dynop_abi::entries`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn dyn_zstd_compress_file(
    ctx: Ctx,
    from: Ptr,
    to: Ptr,
    level: I64,
) -> Status {
    // SAFETY: the convention.
    unsafe {
        act(ctx, || {
            PACKING.to_file(ctx, path_of(from), path_of(to), level)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(text: &str) -> Vec<u8> {
        let mut out = Vec::new();
        pack(&mut text.as_bytes(), &mut out, 3).unwrap();
        out
    }

    fn unpacked(bytes: &[u8]) -> Result<String, String> {
        let mut text = String::new();
        let mut reader = UNPACKING.of(bytes).map_err(|error| error.to_string())?;
        match reader.read_to_string(&mut text) {
            Ok(_) => Ok(text),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn one_behind_the_other() {
        let both = [packed("one, "), packed("two")].concat();
        assert_eq!(unpacked(&both), Ok("one, two".to_owned()));
        assert_eq!(unpacked(&packed("")), Ok(String::new()));
    }

    #[test]
    fn what_ends_in_the_middle_is_told() {
        let whole = packed("a text that is long enough to be cut somewhere");
        for size in 1..whole.len() {
            let error = unpacked(&whole[..size]).unwrap_err();
            assert!(error.contains(UNPACKING.name), "{size}: {error}");
        }
        let mut wrong = whole;
        let last = wrong.len() - 1;
        wrong[last] ^= 1;
        assert!(unpacked(&wrong).is_err());
    }
}
