//! The entry points of a format of packed data, which are the same for each: `packed_entries!` defines them in the module
//! of the format, beside its `UNPACKING` and `PACKING`.

/// Defines the entry points of a format by the names that are given.
macro_rules! packed_entries {
    (
        open_lines: $open_lines:ident,
        read: $read:ident,
        read_bytes: $read_bytes:ident,
        decompress_file: $decompress_file:ident,
        decompress: $decompress:ident,
        compress: $compress:ident,
        write: $write:ident,
        compress_file: $compress_file:ident,
    ) => {
        use dynop_abi::context::Status;
        use dynop_abi::entries::types::{Ctx, I64, Ptr};

        use $crate::convention::{act, give, path_of};

        /// Opens a packed text file for reading its lines; gives the number of the reader, which is one of
        /// `dyn_fs_next_line`.
        ///
        /// # Safety
        /// Called by the convention of `dynop_abi::entries`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $open_lines(ctx: Ctx, out: Ptr, path: Ptr) -> Status {
            // SAFETY: the convention.
            unsafe {
                let path = path_of(path);
                give(ctx, out, || {
                    let source = $crate::source::Source::decoded(path, |file| UNPACKING.of(file))?;
                    Ok($crate::lines::open(source))
                })
            }
        }

        /// The text that a packed file holds.
        ///
        /// # Safety
        /// Called by the convention of `dynop_abi::entries`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $read(ctx: Ctx, out: Ptr, path: Ptr) -> Status {
            // SAFETY: the convention.
            unsafe { give(ctx, out, || UNPACKING.file_text(ctx, path_of(path))) }
        }

        /// The bytes that a packed file holds.
        ///
        /// # Safety
        /// Called by the convention of `dynop_abi::entries`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $read_bytes(ctx: Ctx, out: Ptr, path: Ptr) -> Status {
            // SAFETY: the convention.
            unsafe {
                give(ctx, out, || {
                    let whole = UNPACKING.file(ctx, path_of(path))?;
                    Ok(dynop_values::text::new(&whole)?)
                })
            }
        }

        /// Writes what a packed file holds as a file.
        ///
        /// # Safety
        /// Called by the convention of `dynop_abi::entries`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $decompress_file(ctx: Ctx, from: Ptr, to: Ptr) -> Status {
            // SAFETY: the convention.
            unsafe { act(ctx, || UNPACKING.to_file(ctx, path_of(from), path_of(to))) }
        }

        /// What packed bytes hold.
        ///
        /// # Safety
        /// Called by the convention of `dynop_abi::entries`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $decompress(ctx: Ctx, out: Ptr, data: Ptr) -> Status {
            // SAFETY: the convention.
            unsafe {
                let data = dynop_values::text::bytes(&*data.cast());
                give(ctx, out, || UNPACKING.bytes(ctx, data))
            }
        }

        /// Bytes, packed.
        ///
        /// # Safety
        /// Called by the convention of `dynop_abi::entries`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $compress(ctx: Ctx, out: Ptr, data: Ptr, level: I64) -> Status {
            // SAFETY: the convention.
            unsafe {
                let data = dynop_values::text::bytes(&*data.cast());
                give(ctx, out, || PACKING.bytes(ctx, data, level))
            }
        }

        /// Writes a text or bytes as a packed file.
        ///
        /// # Safety
        /// Called by the convention of `dynop_abi::entries`; `data` is a `Str` or `Bytes`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $write(ctx: Ctx, path: Ptr, data: Ptr, level: I64) -> Status {
            // SAFETY: the convention.
            unsafe {
                let data = dynop_values::text::bytes(&*data.cast());
                act(ctx, || PACKING.write(ctx, path_of(path), data, level))
            }
        }

        /// Writes the bytes of a file packed as another.
        ///
        /// # Safety
        /// Called by the convention of `dynop_abi::entries`.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $compress_file(
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
            use super::{PACKING, UNPACKING};

            #[test]
            fn one_behind_the_other() {
                $crate::packed::check::one_behind_the_other(&PACKING, &UNPACKING);
            }

            #[test]
            fn what_ends_in_the_middle_is_told() {
                $crate::packed::check::what_ends_in_the_middle_is_told(&PACKING, &UNPACKING);
            }
        }
    };
}

pub(crate) use packed_entries;
