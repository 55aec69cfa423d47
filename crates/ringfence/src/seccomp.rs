//! The companion filter: closes by system calls what Landlock of a kernel leaves open.
//!
//! ```text
//! Plan ──► Filter ──► Program
//!          a verdict  classic BPF
//!          per call
//! ```
//!
//! The filter is data: what each call is answered, by name, for every architecture
//! ([`Plan::filter`](crate::Plan::filter)). [`Filter::compile`] turns it into the kernel's program
//! for one of them. `seccompiler` and `libseccomp` were not enough: the one has a single error for
//! all denials, the other is C; neither leaves the numbers that it does not know to an action of
//! their own.

mod arch;
mod assemble;
mod call;
mod denials;
mod derive;
mod errno;
mod filter;
mod groups;
mod ioctls;
mod program;
mod sockets;
mod table;
mod trapping;

pub use arch::Arch;
pub use call::{Syscall, UnknownSyscall};
pub use filter::{Action, Filter, Is, Test, Verdict};
pub use groups::{GROUPS, Group};
pub use program::{CallData, FilterTooLong, Program};
pub use trapping::TRAP_MARK;

pub(crate) use denials::calls_of;
pub(crate) use derive::FilterBasis;
pub(crate) use errno::number as errno_number;

#[cfg(test)]
mod tests;
