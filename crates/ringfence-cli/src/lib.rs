//! The two executables of ringfence: the wrapper `landlock-runner` and the workbench `ringfence`.
//!
//! [`flags`] is the one definition of every flag; the wrapper's parser, the workbench's, the help,
//! the man pages and the completions are all made from it.

#![forbid(unsafe_code)]

#[cfg(feature = "workbench")]
mod check;
mod command;
pub mod deps;
pub mod flags;
mod invocation;
mod limits;
mod log;
mod run;
mod ui;
#[cfg(feature = "workbench")]
pub mod workbench;
pub mod wrapper;
