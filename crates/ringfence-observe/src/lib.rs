//! What a program does, and what a policy says of it.
//!
//! - [`Question`] asks a plan about one access; [`Answer`] has the line that allows it, or the line that
//!   would.
//! - [`Sensitive`] knows the places that are worth more than others.

#![warn(missing_docs)]
#![forbid(unsafe_code)]

mod proposal;
mod question;
mod sensitive;

pub use question::{Answer, Asked, Proposal, Question, Unanswerable};
pub use sensitive::{Concern, Kind, Sensitive};
