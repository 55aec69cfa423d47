//! A program's entry without the start-up work of Rust's standard runtime.

use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStrExt;

/// Makes `$run` (a `fn(Arguments) -> u8`, the exit code) the C `main` of a `#![no_main]` program.
///
/// Rust's own start opens `/proc/self/maps`, makes an alternate signal stack, handles `SIGSEGV`
/// and ignores `SIGPIPE`. A wrapper needs none of it: it would cost some fifteen system calls and
/// hand an ignored `SIGPIPE` to the program that it executes.
#[macro_export]
macro_rules! entry {
    ($run:path) => {
        // SAFETY: the one definition of `main` in the program, with the signature that the C
        // library calls.
        #[allow(missing_docs, reason = "called by the C library, not by a reader")]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn main(
            count: ::core::ffi::c_int,
            arguments: *const *const ::core::ffi::c_char,
        ) -> ::core::ffi::c_int {
            let run: fn($crate::Arguments) -> u8 = $run;
            // SAFETY: only the C library calls this, with the parameters of `main`.
            let arguments = unsafe { $crate::Arguments::of_main(count, arguments) };
            ::core::ffi::c_int::from(run(arguments))
        }
    };
}

/// The command line, copied one argument at a time as it is asked for.
#[derive(Debug)]
pub struct Arguments {
    next: *const *const c_char,
    left: usize,
}

impl Arguments {
    /// The command line as `main` gets it.
    ///
    /// # Safety
    /// `count` and `arguments` are the parameters of C's `main`: that many pointers to strings,
    /// which live and are not changed until the process ends.
    pub unsafe fn of_main(count: c_int, arguments: *const *const c_char) -> Self {
        Self {
            next: arguments,
            left: usize::try_from(count).unwrap_or(0),
        }
    }
}

impl Iterator for Arguments {
    type Item = OsString;

    fn next(&mut self) -> Option<OsString> {
        self.left = self.left.checked_sub(1)?;
        // SAFETY: `left` was at least 1, so by the contract of `of_main` a pointer is here.
        let argument = unsafe { *self.next };
        // SAFETY: one past a pointer of the array is still within it or just at its end.
        self.next = unsafe { self.next.add(1) };
        // SAFETY: by the contract of `of_main` it points to a string that lives on unchanged.
        let argument = unsafe { CStr::from_ptr(argument) };
        Some(OsStr::from_bytes(argument.to_bytes()).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_come_in_order_and_end() {
        let strings = [c"program", c"", c"a=b"].map(CStr::as_ptr);
        // SAFETY: three pointers to literals, which live as long as the program.
        let arguments = unsafe { Arguments::of_main(3, strings.as_ptr()) };
        assert_eq!(arguments.collect::<Vec<_>>(), ["program", "", "a=b"]);
    }
}
