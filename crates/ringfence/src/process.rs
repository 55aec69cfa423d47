//! Programs in a sandbox of their own, at the cost of a plain spawn.
//!
//! ```text
//! Sandbox ─► Command ─► Child ─► Ended
//!            std's       one      its status, and the
//!            words       job      limit that ended it
//! ```
//!
//! The words are those of [`std::process`]. What differs: nothing of a job outlives it, no descriptor
//! but the standard three is inherited, and a job has [`Limits`].

mod cgroup;
mod child;
mod command;
#[cfg(feature = "confine")]
mod confine;
mod error;
mod group;
mod limits;
mod lookup;
mod output;
mod stdio;
mod thread;
#[cfg(feature = "tokio")]
pub mod tokio;
mod user;

pub use cgroup::{CgroupError, Cgroups};
pub use child::{Child, Ended};
pub use command::Command;
#[cfg(feature = "confine")]
pub use confine::{ConfineError, Confined, confine};
pub use error::{SpawnError, StartStep};
pub(crate) use group::Programs;
pub use limits::{Limit, LimitAccount, Limits};
pub use lookup::{DEFAULT_PATH, NotRunnable, find_program};
pub use output::{Output, Stream};
pub use stdio::Stdio;
pub use thread::{ThreadError, in_thread};

/// What a panic said.
fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message").to_owned()
}
