//! Unprivileged sandboxing of Linux programs: one policy, one plan, enforced or refused.
//!
//! ```text
//! Policy ──► Plan ──► Sandbox ──► enforce()
//! wanted     who      paths       this process and
//!            enforces opened      what it starts
//! ```
//!
//! - A [`Policy`] says what a program may do; everything else is denied.
//! - A [`Kernel`] says what a kernel can do: the running one ([`Kernel::probe`]), or any other.
//! - A [`Plan`] is a pure function of the two: for each line and each class of acts, what enforces
//!   it, or why nothing does. [`Plan::decide`] answers whether an access would be allowed.
//! - A [`Filter`] closes by system calls what Landlock of the kernel leaves open ([`Plan::filter`]).
//! - A [`Sandbox`] is a plan made ready: [`Plan::prepare`] opens the paths, makes the ruleset and
//!   compiles the filter.
//! - [`Sandbox::enforce`] restricts the process for the rest of its life.
//!
//! ```no_run
//! use ringfence::Policy;
//!
//! let policy = Policy::builder()
//!     .ro("/usr")
//!     .ro("/etc/ssl/certs")
//!     .rw("/var/lib/tool")
//!     .connect_tcp(443)
//!     .build()?;
//! let in_force = policy.prepare()?.enforce()?;
//! println!("{}", in_force.kernel());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A server starts each job in a sandbox of its own, by [`Sandbox::command`] and [`Template`], at the cost
//! of a plain spawn ([`process`]). `confine` runs a function in a restricted copy of the process.
//!
//! # Features
//!
//! None is on by default.
//!
//! | feature | |
//! | --- | --- |
//! | `confine` | `confine`: a function in a restricted copy of this process, whose answer serde passes on |
//! | `tokio` | `process::tokio`: jobs under tokio |
//! | `serde`, `json` | plans and kernels as data that serde can write, and as JSON |
//! | `tracing` | an event on target `ringfence` when a process restricts itself |
//!
//! # What it does not protect against
//!
//! Faults of the kernel, processes outside with `CAP_SYS_ADMIN`, and whatever stays within what the
//! policy allows. What neither Landlock nor a filter can close is listed by [`Plan::standing`] for
//! each [`Class`]; the list is the same that `ringfence plan` prints.
//!
//! # Kernel
//!
//! Landlock came with Linux 5.13 (ABI 1); [`Abi::first_kernel`] has the release of each ABI. On a
//! kernel that cannot enforce a line, [`Plan::prepare`] refuses and says which kernel could.

#![warn(missing_docs)]
#![forbid(unsafe_code)]

mod access;
mod capabilities;
mod class;
mod kernel;
mod landlock;
mod paths;
mod plan;
mod policy;
pub mod process;
mod report;
mod sandbox;
mod seccomp;
mod shown;
mod similar;
mod status;
mod template;
mod threads;

pub use access::{Access, AccessFs, AccessNet, Scope, UnknownWord, WORDS, Word};
pub use class::{Class, UnknownClass};
pub use kernel::{Abi, Availability, Errata, Kernel, Seccomp};
pub use paths::similar_existing;
pub use plan::{
    Allowance, Decision, Entries, Entry, FileKind, Found, Mechanism, PathPlan, Plan, PortPlan,
    Refusal, Refused, Request, Standing, Undone,
};
pub use policy::{
    Calls, ClassLine, Contradiction, Dependency, InvalidLine, InvalidPorts, Origin, PathLine,
    Policy, PolicyBuilder, PortClass, PortLine, Ports, Source, SyscallEffect, SyscallLine,
    Syscalls, Unrestricted, denying_action, literal_name,
};
#[cfg(feature = "confine")]
pub use process::confine;
pub use report::{CallRow, KernelReport, PlanReport, Row};
pub use sandbox::{EnforceError, PathError, PrepareError, Sandbox, layers};
pub use seccomp::{
    Action, Arch, CallData, Filter, FilterTooLong, GROUPS, Group, Is, Program, Syscall, TRAP_MARK,
    Test, UnknownSyscall, Verdict,
};
pub use shown::{is_strange, with_causes};
pub use similar::closest;
pub use status::Status;
pub use template::{Template, TemplateError};
