//! Digests of data and of files (`hash.dyn`), in hexadecimal digits.

use std::fmt::Write;
use std::path::Path;

use dynop_abi::context::Status;
use dynop_abi::entries::types::{Ctx, Desc, Ptr};
use dynop_abi::layout::StrRepr;
use dynop_values::failing::Failure;
use dynop_values::text;
use sha2::Digest;

use crate::convention::{check_on, give, path_of};
use crate::source::Source;

/// An algorithm.
trait Hash: Default {
    /// Takes more data in.
    fn add(&mut self, bytes: &[u8]);
    /// The digest's bytes.
    fn end(self) -> Vec<u8>;
}

/// Those that the crates of RustCrypto have.
#[derive(Default)]
struct Crypto<D>(D);

impl<D: Digest + Default> Hash for Crypto<D> {
    fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn end(self) -> Vec<u8> {
        self.0.finalize().to_vec()
    }
}

#[derive(Default)]
struct Blake3(blake3::Hasher);

impl Hash for Blake3 {
    fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn end(self) -> Vec<u8> {
        self.0.finalize().as_bytes().to_vec()
    }
}

#[derive(Default)]
struct Crc32(crc32fast::Hasher);

impl Hash for Crc32 {
    fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn end(self) -> Vec<u8> {
        self.0.finalize().to_be_bytes().to_vec()
    }
}

fn of_bytes<H: Hash>(bytes: &[u8]) -> Result<StrRepr, Failure> {
    let mut hash = H::default();
    hash.add(bytes);
    hexadecimal(&hash.end())
}

/// # Safety
/// `ctx` is the running step's.
unsafe fn of_file<H: Hash>(ctx: Ctx, path: &Path) -> Result<StrRepr, Failure> {
    let mut source = Source::new(path)?;
    let mut hash = H::default();
    while source.fill()? {
        // SAFETY: the caller's promise.
        unsafe { check_on(ctx)? };
        hash.add(source.unread());
        source.pass(source.unread().len());
    }
    hexadecimal(&hash.end())
}

fn hexadecimal(bytes: &[u8]) -> Result<StrRepr, Failure> {
    let mut digits = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(digits, "{byte:02x}");
    }
    Ok(text::new(digits.as_bytes())?)
}

/// Defines the native functions of an algorithm: of a text or bytes, and of a file.
macro_rules! hashes {
    ($($(#[$docs:meta])* fn $of_data:ident, $of_file:ident = $hash:ty;)*) => {$(
        $(#[$docs])*
        ///
        /// # Safety
        /// Called by the convention of `dynop_abi::entries`; the data are a `Str` or `Bytes`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_data(ctx: Ctx, out: Ptr, data: Ptr, _ty: Desc) -> Status {
            // SAFETY: the convention; both types lie in memory as a text does.
            unsafe { give(ctx, out, || of_bytes::<$hash>(text::bytes(&*data.cast::<StrRepr>()))) }
        }

        $(#[$docs])*
        /// Of a file's bytes, read piece by piece.
        ///
        /// # Safety
        /// Called by the convention of `dynop_abi::entries`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $of_file(ctx: Ctx, out: Ptr, path: Ptr) -> Status {
            // SAFETY: the convention.
            unsafe { give(ctx, out, || of_file::<$hash>(ctx, path_of(path))) }
        }
    )*};
}

hashes! {
    /// SHA-256.
    fn dyn_hash_sha256, dyn_hash_file_sha256 = Crypto<sha2::Sha256>;
    /// SHA-512.
    fn dyn_hash_sha512, dyn_hash_file_sha512 = Crypto<sha2::Sha512>;
    /// SHA-1.
    fn dyn_hash_sha1, dyn_hash_file_sha1 = Crypto<sha1::Sha1>;
    /// MD5.
    fn dyn_hash_md5, dyn_hash_file_md5 = Crypto<md5::Md5>;
    /// BLAKE3.
    fn dyn_hash_blake3, dyn_hash_file_blake3 = Blake3;
    /// The CRC-32 of gzip and zip.
    fn dyn_hash_crc32, dyn_hash_file_crc32 = Crc32;
}
