//! Memory for the stack of a child that shares ours.

use std::ffi::c_void;
use std::io;
use std::ptr::NonNull;

/// The child's own frames are small; the C library's wrappers of system calls add little.
const SIZE: usize = 64 << 10;

/// A stack with a guard below it: running over its end is a fault, not a write elsewhere.
pub(super) struct Stack {
    base: NonNull<c_void>,
    length: usize,
}

impl Stack {
    pub(super) fn new() -> io::Result<Self> {
        let guard = page();
        let length = guard.saturating_add(SIZE);
        // SAFETY: a new private mapping at an address of the kernel's choice; nothing else is there.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                length,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base).ok_or(io::ErrorKind::OutOfMemory)?;
        let stack = Self { base, length };
        // SAFETY: the range is the beginning of the mapping just made, which nobody uses yet.
        let guarded = unsafe { libc::mprotect(base.as_ptr(), guard, libc::PROT_NONE) };
        if guarded == 0 {
            Ok(stack)
        } else {
            Err(io::Error::last_os_error())
        }
    }

    /// Where a stack that grows downwards begins, aligned as every ABI asks.
    pub(super) fn top(&self) -> *mut c_void {
        // SAFETY: one past the end of the mapping, which is as far as a pointer may go.
        unsafe { self.base.as_ptr().byte_add(self.length) }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and the child that ran on it has left this memory.
        unsafe { libc::munmap(self.base.as_ptr(), self.length) };
    }
}

/// The length of a page, as large as the stack itself on some machines.
fn page() -> usize {
    // SAFETY: the call takes an integer.
    let length = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(length).unwrap_or(SIZE)
}
