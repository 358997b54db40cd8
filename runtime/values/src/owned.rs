//! A value that lies in memory of its own and releases itself.

use std::alloc::Layout;
use std::fmt;
use std::ptr::NonNull;

use dynop_abi::desc::TypeDesc;

use crate::memory::NoMemory;
use crate::{json, walk};

/// One value of a type known at run time.
pub struct Owned {
    data: NonNull<u8>,
    desc: &'static TypeDesc,
}

fn layout_of(desc: &TypeDesc) -> Option<Layout> {
    if desc.size == 0 {
        return None;
    }
    Layout::from_size_align(desc.size as usize, 8).ok()
}

impl Owned {
    /// The value of all bits zero, which every type has.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn zeroed(desc: &'static TypeDesc) -> Result<Self, NoMemory> {
        let data = match layout_of(desc) {
            None => NonNull::<u64>::dangling().cast(),
            Some(layout) => {
                // SAFETY: the size is not 0.
                NonNull::new(unsafe { std::alloc::alloc_zeroed(layout) }).ok_or(NoMemory)?
            }
        };
        Ok(Self { data, desc })
    }

    /// Where the value lies. Whoever moves it out must leave zeroes.
    pub fn as_ptr(&self) -> *mut u8 {
        self.data.as_ptr()
    }

    /// The same, as known not to be null.
    pub fn place(&self) -> NonNull<u8> {
        self.data
    }

    /// The value as JSON, on one line.
    ///
    /// # Errors
    /// As [`json::write`].
    pub fn to_json(&self) -> Result<String, json::WriteError> {
        let mut text = String::new();
        // SAFETY: the memory holds a value of `desc`.
        unsafe { json::write(&mut text, self.as_ptr(), self.desc)? };
        Ok(text)
    }

    /// Its type.
    pub fn desc(&self) -> &'static TypeDesc {
        self.desc
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        // SAFETY: the memory holds a value of `desc` that is ours, allocated by `zeroed`.
        unsafe {
            walk::release(self.data.as_ptr(), self.desc);
            if let Some(layout) = layout_of(self.desc) {
                std::alloc::dealloc(self.data.as_ptr(), layout);
            }
        }
    }
}

impl fmt::Debug for Owned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Owned")
            .field("type", &self.desc.name.as_str())
            .finish_non_exhaustive()
    }
}
