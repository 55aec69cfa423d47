//! Memory for the stack of a child that shares ours.

use std::ffi::c_void;
use std::io;
use std::ptr::NonNull;

/// The child's own frames are small; the C library's wrappers of system calls add little.
const SIZE: usize = 64 << 10;

/// A page on every architecture that is built for, or a part of one.
const GUARD: usize = 4 << 10;

/// A stack with a guard below it: running over its end is a fault, not a write elsewhere.
pub(super) struct Stack(NonNull<c_void>);

impl Stack {
    pub(super) fn new() -> io::Result<Self> {
        // SAFETY: a new private mapping at an address of the kernel's choice; nothing else is there.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                SIZE,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let stack = Self(NonNull::new(base).ok_or(io::ErrorKind::OutOfMemory)?);
        // SAFETY: the range is the beginning of the mapping just made, which nobody uses yet.
        let guarded = unsafe { libc::mprotect(base, GUARD, libc::PROT_NONE) };
        if guarded == 0 {
            Ok(stack)
        } else {
            Err(io::Error::last_os_error())
        }
    }

    /// Where a stack that grows downwards begins, aligned as every ABI asks.
    pub(super) fn top(&self) -> *mut c_void {
        // SAFETY: one past the end of the mapping, which is as far as a pointer may go.
        unsafe { self.0.as_ptr().byte_add(SIZE) }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and the child that ran on it has left this memory.
        unsafe { libc::munmap(self.0.as_ptr(), SIZE) };
    }
}
