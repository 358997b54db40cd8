//! Gzip (`gzip.dyn`).

use std::io::{self, BufReader, Read, Write};

use flate2::bufread::MultiGzDecoder;
use flate2::{Compression, GzBuilder};

use crate::packed::{Packing, Unpacking};
use crate::packed_entries::packed_entries;
use crate::source::BUFFER;

static UNPACKING: Unpacking = Unpacking {
    name: "gzip",
    // A file may be several of them, one behind the other.
    reader: |bytes| {
        let buffered = BufReader::with_capacity(BUFFER, bytes);
        Ok(Box::new(MultiGzDecoder::new(buffered)))
    },
};

static PACKING: Packing = Packing {
    name: "gzip",
    levels: 0..=9,
    pack,
};

fn pack(from: &mut dyn Read, to: &mut dyn Write, level: i32) -> io::Result<()> {
    // Neither the time nor the system go into the header: equal bytes give equal files.
    let level = Compression::new(level.unsigned_abs());
    let mut encoder = GzBuilder::new().operating_system(255).write(to, level);
    io::copy(from, &mut encoder)?;
    encoder.finish()?.flush()
}

packed_entries! {
    open_lines: dyn_gzip_open_lines,
    read: dyn_gzip_read,
    read_bytes: dyn_gzip_read_bytes,
    decompress_file: dyn_gzip_decompress_file,
    decompress: dyn_gzip_decompress,
    compress: dyn_gzip_compress,
    write: dyn_gzip_write,
    compress_file: dyn_gzip_compress_file,
}
