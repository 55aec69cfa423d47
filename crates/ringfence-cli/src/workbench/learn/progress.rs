//! Progress while the command runs, in the title of the terminal.
//!
//! The command draws on the same terminal, so that any line of ours would stand in the middle of its output,
//! and a full screen would be spoilt. The title is nobody's text; it is put back at the end.

use std::io::{IsTerminal as _, Write as _};

use ringfence_observe::Observation;
use rustix::process::getpgrp;
use rustix::termios::tcgetpgrp;

use super::super::NAME;

// Terminals that do not know these ignore them.
const KEEP_TITLE: &str = "\x1b[22;2t";
const PUT_TITLE_BACK: &str = "\x1b[23;2t";

/// A title that is ours for a while.
#[derive(Default)]
pub(super) struct Progress {
    is_shown: bool,
}

impl Progress {
    pub(super) fn show(&mut self, seen: &Observation) {
        if !is_possible() {
            return;
        }
        let keep = if self.is_shown { "" } else { KEEP_TITLE };
        self.is_shown = true;
        let text = format!(
            "{keep}\x1b]2;{NAME} learn: {} accesses, {} paths, {} processes\x07",
            seen.accesses(),
            seen.paths.len(),
            seen.processes
        );
        write(&text);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_shown && is_possible() {
            write(PUT_TITLE_BACK);
        }
    }
}

/// Whether standard error is a terminal with a title, and this process in its foreground: others are
/// stopped where they write.
fn is_possible() -> bool {
    let stderr = std::io::stderr();
    let terminal = std::env::var("TERM").unwrap_or_default();
    stderr.is_terminal()
        && !["", "dumb", "linux"].contains(&&*terminal)
        && tcgetpgrp(&stderr).is_ok_and(|foreground| foreground == getpgrp())
}

fn write(text: &str) {
    // Nobody is there to be told that it failed.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
