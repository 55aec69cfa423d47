//! Memory for the stack of a child that shares ours.

use std::cell::Cell;
use std::ffi::c_void;
use std::io;
use std::ptr::NonNull;

/// The child's own frames are small; the C library's wrappers of system calls add little.
const SIZE: usize = 64 << 10;

thread_local! {
    /// The stack that this thread used last. To make one and to give it back takes three calls, and each waits
    /// for whatever other thread is changing the memory map.
    static KEPT: Cell<Option<Stack>> = const { Cell::new(None) };
}

/// Runs `act` with a stack, which this thread keeps for its next start.
pub(super) fn with<T>(act: impl FnOnce(&Stack) -> T) -> io::Result<T> {
    let kept = KEPT.try_with(Cell::take).ok().flatten();
    let stack = match kept {
        Some(stack) => stack,
        None => Stack::new()?,
    };
    let result = act(&stack);
    // A thread that is ending keeps nothing.
    let _ = KEPT.try_with(|kept| kept.set(Some(stack)));
    Ok(result)
}

/// A stack with a guard below it: running over its end is a fault, not a write elsewhere.
pub(super) struct Stack {
    base: NonNull<c_void>,
    length: usize,
}

impl Stack {
    fn new() -> io::Result<Self> {
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
