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
mod error;
mod group;
mod limits;
mod lookup;
mod output;
mod stdio;
#[cfg(feature = "tokio")]
pub mod tokio;

pub use cgroup::{CgroupError, Cgroups};
pub use child::{Child, Ended};
pub use command::Command;
pub use error::{SpawnError, StartStep};
pub(crate) use group::Programs;
pub use limits::{Limit, LimitAccount, Limits};
pub use lookup::{DEFAULT_PATH, NotRunnable, find_program};
pub use output::{Output, Stream};
pub use stdio::Stdio;
