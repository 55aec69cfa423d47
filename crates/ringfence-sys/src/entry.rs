//! A program's entry without the start-up work of Rust's standard runtime.

/// Makes `$run` (a `fn() -> u8`, the exit code) the C `main` of a `#![no_main]` program.
///
/// Rust's own start opens `/proc/self/maps`, makes an alternate signal stack, handles `SIGSEGV`
/// and ignores `SIGPIPE`. A wrapper needs none of it: it would cost some fifteen system calls and
/// hand an ignored `SIGPIPE` to the program that it executes.
///
/// `std::env::args_os` works as ever: on glibc it is filled in before `main`.
#[macro_export]
macro_rules! entry {
    ($run:path) => {
        #[allow(missing_docs, reason = "called by the C library, not by a reader")]
        // SAFETY: the one definition of `main` in the program, with the signature that the C
        // library calls; neither argument is read.
        #[unsafe(no_mangle)]
        pub extern "C" fn main(
            _argc: ::core::ffi::c_int,
            _argv: *const *const ::core::ffi::c_char,
        ) -> ::core::ffi::c_int {
            let run: fn() -> u8 = $run;
            ::core::ffi::c_int::from(run())
        }
    };
}
