//! `execve`, with its arrays of strings prepared beforehand.

use std::convert::Infallible;
use std::ffi::{CStr, CString, c_char};
use std::io;

/// A null-terminated array of C strings, as `execve` takes it.
#[derive(Debug)]
pub struct CStrings {
    /// Owns what `pointers` points at; never changed after construction.
    #[expect(dead_code, reason = "keeps the strings behind the pointers alive")]
    strings: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl FromIterator<CString> for CStrings {
    fn from_iter<I: IntoIterator<Item = CString>>(strings: I) -> Self {
        let strings: Vec<CString> = strings.into_iter().collect();
        let pointers = strings
            .iter()
            .map(|string| string.as_ptr())
            .chain([std::ptr::null()])
            .collect();
        Self { strings, pointers }
    }
}

impl CStrings {
    /// The array itself, null-terminated.
    pub(crate) fn as_ptr(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }
}

// SAFETY: the pointers lead into the strings beside them, which nobody changes: it is plain data.
unsafe impl Send for CStrings {}
// SAFETY: as above; there is no way to change either through a shared reference.
unsafe impl Sync for CStrings {}

unsafe extern "C" {
    static mut environ: *const *const c_char;
}

/// Replaces the program of this process. Signal mask and dispositions are left as they are.
///
/// Without `environment` the new program gets this process's own, byte for byte.
///
/// # Errors
/// Returns only if the kernel refused: `ENOENT`, `EACCES`, `ENOEXEC`, `E2BIG`, …
///
/// # References
/// `execve(2)`.
pub fn execve(
    program: &CStr,
    arguments: &CStrings,
    environment: Option<&CStrings>,
) -> io::Result<Infallible> {
    let environment = match environment {
        Some(strings) => strings.as_ptr(),
        // SAFETY: libc keeps `environ` a valid null-terminated array, or null, which Linux takes
        // for an empty one; we read the pointer, which other threads may change, just once.
        None => unsafe { environ },
    };
    // SAFETY: all three are null-terminated and outlive the call: `program` by its type, the two
    // arrays by construction of `CStrings` or as libc's own.
    unsafe { libc::execve(program.as_ptr(), arguments.as_ptr(), environment) };
    Err(io::Error::last_os_error())
}
