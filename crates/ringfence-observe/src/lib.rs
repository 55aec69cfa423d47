//! What a program does, and what a policy says of it.
//!
//! - [`Question`] asks a plan about one access; [`Answer`] has the line that allows it, or the line that
//!   would.
//! - [`watch`] runs a program and notes in an [`Observation`] what it and all that it starts do.
//! - [`explain`] runs one enforced and says what its policy denied, in [`Explained`].
//! - [`learn`] turns an observation into a manifest as a person would write it.
//! - [`audit`] reads what the kernel recorded of denials.
//! - [`Sensitive`] knows the places that are worth more than others.

#![warn(missing_docs)]
#![forbid(unsafe_code)]

pub mod audit;
mod explain;
mod learn;
mod observation;
mod proposal;
mod question;
mod sensitive;
mod watch;

pub use explain::{Denial, Enforced, Explained, Failure, UNSEEN, explain};
pub use learn::{Learned, Setting, Tightness, learn};
pub use observation::{Count, Observation, Seen};
pub use question::{Answer, Asked, Proposal, Question, Unanswerable};
pub use sensitive::{Concern, Kind, Sensitive};
pub use watch::{End, WatchError, Watching, watch};
