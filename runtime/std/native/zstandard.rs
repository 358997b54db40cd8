//! Zstandard (`zstd.dyn`).

use std::io::{self, BufReader, Read, Write};

use zstd::stream::read::Decoder;
use zstd::stream::write::Encoder;

use crate::packed::{Packing, Unpacking};
use crate::packed_entries::packed_entries;
use crate::source::BUFFER;

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

packed_entries! {
    open_lines: dyn_zstd_open_lines,
    read: dyn_zstd_read,
    read_bytes: dyn_zstd_read_bytes,
    decompress_file: dyn_zstd_decompress_file,
    decompress: dyn_zstd_decompress,
    compress: dyn_zstd_compress,
    write: dyn_zstd_write,
    compress_file: dyn_zstd_compress_file,
}
