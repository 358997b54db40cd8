//! Values that several nodes hold.

use std::sync::Arc;

use dynop_abi::desc::TypeDesc;
use dynop_values::{Owned, walk};

/// A value that several may hold: shared between threads, released by each holder.
pub(super) struct Value {
    desc: &'static TypeDesc,
    memory: Memory,
}

/// Small values (numbers, texts, lists: up to two words) lie here themselves; a holder more is a reference more to
/// what they point to.
enum Memory {
    Words([u64; 2]),
    Apart(Arc<Owned>),
}

// SAFETY: values are marked as shared before they are put here, so their counts are atomic, and nobody writes them.
unsafe impl Send for Value {}
// SAFETY: as above.
unsafe impl Sync for Value {}

impl Value {
    /// Takes a value over from memory and marks it as shared between threads.
    ///
    /// # Safety
    /// `place` holds a value of `desc` that is the caller's and reached by no other thread.
    #[expect(
        clippy::arc_with_non_send_sync,
        reason = "`Value` may be sent: what it holds is marked as shared first"
    )]
    pub unsafe fn take(place: *mut u8, desc: &'static TypeDesc) -> Option<Self> {
        let size = desc.size as usize;
        // SAFETY: the caller's promise; the words are as large as the value.
        let memory = unsafe {
            walk::share(place, desc);
            if size <= 16 {
                let mut words = [0u64; 2];
                std::ptr::copy_nonoverlapping(place, words.as_mut_ptr().cast(), size);
                Memory::Words(words)
            } else {
                let Ok(owned) = Owned::zeroed(desc) else {
                    walk::release(place, desc);
                    return None;
                };
                std::ptr::copy_nonoverlapping(place, owned.as_ptr(), size);
                Memory::Apart(Arc::new(owned))
            }
        };
        Some(Self { desc, memory })
    }

    fn place(&self) -> *mut u8 {
        match &self.memory {
            Memory::Words(words) => words.as_ptr().cast_mut().cast(),
            Memory::Apart(owned) => owned.as_ptr(),
        }
    }

    /// Writes a reference of its own to memory.
    ///
    /// # Safety
    /// `place` is memory for a value of the type, whose old value is not released.
    pub unsafe fn copy_to(&self, place: *mut u8) {
        // SAFETY: the caller's promise.
        unsafe {
            walk::retain(self.place(), self.desc);
            std::ptr::copy_nonoverlapping(self.place(), place, self.desc.size as usize);
        }
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        let memory = match &self.memory {
            Memory::Words(words) => {
                // SAFETY: the words hold a value of the type.
                unsafe { walk::retain(self.place(), self.desc) };
                Memory::Words(*words)
            }
            Memory::Apart(owned) => Memory::Apart(Arc::clone(owned)),
        };
        Self {
            desc: self.desc,
            memory,
        }
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        if let Memory::Words(_) = self.memory {
            // SAFETY: the words hold a value of the type that is ours.
            unsafe { walk::release(self.place(), self.desc) }
        }
    }
}
