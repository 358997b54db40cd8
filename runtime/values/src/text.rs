//! Texts: `Str`, `Path` and `Bytes`, which all are a [`StrRepr`].
//!
//! A `Str` is always UTF-8; a `Path` may be any bytes without NUL, as Unix has them; `Bytes` are any bytes. A text of up
//! to 15 bytes is always inline.

use std::sync::atomic::AtomicI32;

use dynop_abi::layout::{Header, STR_DATA, STR_HEAP, STR_INLINE, STR_LEN_MASK, StrHeader, StrRepr};

use crate::count;
use crate::memory::{self, NoMemory};

/// The empty text.
pub const EMPTY: StrRepr = StrRepr { words: [0, 0] };

/// Whether the bytes lie in a buffer.
#[inline]
pub fn is_heap(text: &StrRepr) -> bool {
    (text.words[1] >> 56) as u8 == STR_HEAP
}

/// Length in bytes.
#[inline]
pub fn len(text: &StrRepr) -> usize {
    if is_heap(text) {
        (text.words[1] & STR_LEN_MASK) as usize
    } else {
        (text.words[1] >> 56) as usize
    }
}

#[inline]
fn buffer(text: &StrRepr) -> *mut StrHeader {
    std::ptr::with_exposed_provenance_mut(text.words[0] as usize)
}

/// The header of a text's buffer; null for an inline one, so that counting it is nothing.
#[inline]
pub fn header(text: &StrRepr) -> *mut Header {
    if is_heap(text) {
        buffer(text).cast()
    } else {
        std::ptr::null_mut()
    }
}

fn on_heap(buffer: *mut u8, len: usize) -> StrRepr {
    StrRepr {
        words: [
            buffer.expose_provenance() as u64,
            (u64::from(STR_HEAP) << 56) | len as u64,
        ],
    }
}

/// The bytes.
///
/// # Safety
/// `text` is a valid text; its buffer stays as it is while the slice is used.
#[inline]
pub unsafe fn bytes(text: &StrRepr) -> &[u8] {
    if is_heap(text) {
        // SAFETY: a text's buffer holds `len` bytes behind the header.
        unsafe { std::slice::from_raw_parts(buffer(text).cast::<u8>().add(STR_DATA), len(text)) }
    } else {
        let inline: *const u8 = (&raw const *text).cast();
        // SAFETY: an inline length is at most 15, which lie within the two words.
        unsafe { std::slice::from_raw_parts(inline, len(text).min(STR_INLINE)) }
    }
}

/// The text of a `Str`.
///
/// # Safety
/// As for [`bytes`], and the type is `Str`.
#[inline]
pub unsafe fn as_str(text: &StrRepr) -> &str {
    // SAFETY: a `Str` is UTF-8.
    unsafe { std::str::from_utf8_unchecked(bytes(text)) }
}

fn inline(bytes: &[u8]) -> StrRepr {
    let mut all = [0_u8; 16];
    all[..bytes.len()].copy_from_slice(bytes);
    all[15] = bytes.len() as u8;
    let (first, second) = all.split_at(8);
    let word = |half: &[u8]| {
        half.iter()
            .rev()
            .fold(0_u64, |word, &b| (word << 8) | u64::from(b))
    };
    StrRepr {
        words: [word(first), word(second)],
    }
}

/// A text of these bytes, owned by the caller.
///
/// # Errors
/// Where there is no memory.
pub fn new(bytes: &[u8]) -> Result<StrRepr, NoMemory> {
    if bytes.len() <= STR_INLINE {
        return Ok(inline(bytes));
    }
    let text = with_capacity(bytes.len())?;
    // SAFETY: the fresh buffer has room for the bytes.
    unsafe {
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), text.add(STR_DATA), bytes.len());
    }
    Ok(on_heap(text, bytes.len()))
}

/// A text of these bytes after `change`.
///
/// # Errors
/// Where there is no memory.
pub fn changed(bytes: &[u8], change: impl FnOnce(&mut [u8])) -> Result<StrRepr, NoMemory> {
    if bytes.len() > STR_INLINE {
        let text = new(bytes)?;
        // SAFETY: the fresh buffer is ours alone and holds as many bytes.
        change(unsafe {
            std::slice::from_raw_parts_mut(buffer(&text).cast::<u8>().add(STR_DATA), bytes.len())
        });
        return Ok(text);
    }
    let mut copy = [0; STR_INLINE];
    let copy = &mut copy[..bytes.len()];
    copy.copy_from_slice(bytes);
    change(copy);
    Ok(inline(copy))
}

/// A fresh buffer.
fn with_capacity(capacity: usize) -> Result<*mut u8, NoMemory> {
    let memory = memory::allocate(memory::size_of_array(STR_DATA, capacity, 1)?)?;
    let header = StrHeader {
        header: Header {
            count: AtomicI32::new(1),
            flags: 0,
        },
        capacity: capacity as u64,
    };
    // SAFETY: the memory is large enough and aligned to 8.
    unsafe { memory.cast::<StrHeader>().write(header) };
    Ok(memory)
}

/// Appends bytes, in place where the text is unshared and has room; grows by doubling.
///
/// # Errors
/// Where there is no memory; the text is then as before.
///
/// # Safety
/// `text` is a valid text that the caller owns; `tail` may lie within it.
pub unsafe fn append(text: &mut StrRepr, tail: &[u8]) -> Result<(), NoMemory> {
    let old = len(text);
    let new_len = old.checked_add(tail.len()).ok_or(NoMemory)?;
    if new_len <= STR_INLINE {
        let mut all = [0_u8; STR_INLINE];
        // SAFETY: the text is valid.
        all[..old].copy_from_slice(unsafe { bytes(text) });
        all[old..new_len].copy_from_slice(tail);
        *text = inline(&all[..new_len]);
        return Ok(());
    }
    // SAFETY: the caller owns the text.
    unsafe {
        let on_heap_already = is_heap(text);
        let unique = on_heap_already && count::make_unique(header(text));
        if unique {
            let at = buffer(text);
            if (*at).capacity as usize >= new_len {
                let end = at.cast::<u8>().add(STR_DATA + old);
                std::ptr::copy(tail.as_ptr(), end, tail.len());
                *text = on_heap(at.cast(), new_len);
                return Ok(());
            }
        }
        let grown = with_capacity(new_len.max(old.saturating_mul(2)).max(32))?;
        let data = grown.add(STR_DATA);
        if unique {
            memory::count_moved(old);
        } else if on_heap_already {
            memory::count_copied(old);
        }
        std::ptr::copy_nonoverlapping(bytes(text).as_ptr(), data, old);
        std::ptr::copy_nonoverlapping(tail.as_ptr(), data.add(old), tail.len());
        release(text);
        *text = on_heap(grown, new_len);
    }
    Ok(())
}

/// One owner more.
///
/// # Safety
/// `text` is a valid text.
#[inline]
pub unsafe fn retain(text: &StrRepr) {
    // SAFETY: the header of a valid text is live, or null.
    unsafe { count::retain(header(text)) }
}

/// One owner less; frees the buffer after the last.
///
/// # Safety
/// `text` is a valid text whose reference the caller gives up.
#[inline]
pub unsafe fn release(text: &StrRepr) {
    // SAFETY: the header of a valid text is live, or null; nobody uses a buffer after its last owner.
    unsafe {
        if count::release(header(text)) {
            free(buffer(text));
        }
    }
}

#[cold]
unsafe fn free(buffer: *mut StrHeader) {
    // SAFETY: the buffer was made by `with_capacity` with this capacity.
    unsafe { memory::free(buffer.cast(), STR_DATA + (*buffer).capacity as usize) }
}

/// A text that releases itself: for building results in native code.
#[derive(Debug)]
pub struct Text(StrRepr);

impl Text {
    /// Of these bytes.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn new(bytes: &[u8]) -> Result<Self, NoMemory> {
        Ok(Self(new(bytes)?))
    }

    /// Takes over a text.
    ///
    /// # Safety
    /// The text is valid and the caller's.
    pub const unsafe fn from_repr(repr: StrRepr) -> Self {
        Self(repr)
    }

    /// Empty.
    pub const fn empty() -> Self {
        Self(EMPTY)
    }

    /// Appends.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn push(&mut self, tail: &[u8]) -> Result<(), NoMemory> {
        // SAFETY: the text is ours.
        unsafe { append(&mut self.0, tail) }
    }

    /// Gives the text away.
    pub fn into_repr(self) -> StrRepr {
        std::mem::ManuallyDrop::new(self).0
    }

    /// Looks at it.
    pub fn repr(&self) -> &StrRepr {
        &self.0
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the text is ours and valid.
        unsafe { bytes(&self.0) }
    }
}

impl Drop for Text {
    fn drop(&mut self) {
        // SAFETY: the text is ours.
        unsafe { release(&self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::live_buffers;

    #[test]
    fn up_to_15_bytes_are_inline() {
        for size in 0..40 {
            let wanted: Vec<u8> = (0..size).map(|i| b'a' + i).collect();
            let text = Text::new(&wanted).unwrap();
            assert_eq!(is_heap(text.repr()), size > 15);
            assert_eq!(text.bytes(), wanted);
        }
        assert_eq!(new(b"").unwrap(), EMPTY);
        assert_eq!(live_buffers(), 0);
    }

    #[test]
    fn appends_in_place_only_when_unshared() {
        let mut text = Text::new(b"0123456789abcdef").unwrap();
        text.push(b"ghi").unwrap();
        let place = text.repr().words[0];
        text.push(b"j").unwrap();
        assert_eq!(text.repr().words[0], place);
        let other = *text.repr();
        // SAFETY: both are valid.
        unsafe {
            retain(&other);
            text.push(b"k").unwrap();
            assert_eq!(bytes(&other), b"0123456789abcdefghij");
            assert_eq!(text.bytes(), b"0123456789abcdefghijk");
            release(&other);
        }
        let copy = *text.repr();
        // SAFETY: the tail lies in the text itself, of which only its own copy is used.
        unsafe { append(&mut text.0, bytes(&copy)).unwrap() };
        assert_eq!(text.bytes(), b"0123456789abcdefghijk0123456789abcdefghijk");
        drop(text);
        assert_eq!(live_buffers(), 0);
    }
}
