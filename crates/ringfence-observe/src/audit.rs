//! What Landlock denied, from the kernel's own audit records (ABI 7 and later).
//!
//! ```text
//! audit.log, ausearch, dmesg ─► lines ─► line ──┐
//! journalctl -o json ─────────► lines ─► journal ┼─► record ─► log: each act once, with its domain
//! netlink group ───────────────────────► netlink ┘
//! ```
//!
//! Who is watched chooses much of what a record says: names of files and programs, and how many records
//! there are. Reading them therefore needs bounded memory, never panics, and counts what it cannot
//! understand instead of passing over it.

mod act;
mod blocker;
mod fields;
mod journal;
mod line;
mod lines;
mod log;
mod netlink;
mod record;
mod stamp;
mod write;

pub use act::{Act, Object};
pub use blocker::Blocker;
pub use log::{Denial, Domain, Log, Maker, Process, Tally};
pub use netlink::{AuditGroup, is_audit_on};
pub use record::{Event, Inode, Record, Unreadable};
pub use stamp::Stamp;

#[cfg(test)]
mod tests;
