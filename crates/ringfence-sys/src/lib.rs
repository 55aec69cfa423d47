//! The system calls behind ringfence: each one a safe function, all of the project's unsafe code.
//!
//! Nothing here knows a policy. A function takes plain integers or borrowed descriptors, makes one
//! system call, and returns what the kernel said as an [`std::io::Error`] that keeps the `errno`.
//!
//! Ordinary calls that a well-kept crate already wraps (`openat2`, `fstat`, `prctl`) are taken from
//! `rustix` by the crates above; here is only what it does not have, or what must not allocate.
#![warn(missing_docs)]

mod attempt;
mod descriptors;
mod entry;
mod exec;
pub mod landlock;
mod privileges;
pub mod ptrace;
pub mod seccomp;
mod signals;
pub mod spawn;
pub mod threads;

pub use attempt::attempt;
pub use descriptors::{above_standard, close_on_exec_above_stderr, is_inherited, is_open};
pub use entry::Arguments;
pub use exec::{CStrings, execve};
pub use privileges::give_up_capabilities;
pub use seccomp::{SeccompAction, seccomp_action_available};
pub use signals::{keep_ends_of_children, without_sigpipe};

/// Turns the kernel's −1 into the error that `errno` holds.
fn check(result: libc::c_long) -> std::io::Result<libc::c_long> {
    if result < 0 {
        Err(std::io::Error::last_os_error())
    } else {
        Ok(result)
    }
}
