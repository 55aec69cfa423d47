//! The steps of a run: each is announced and timed, and some run beside others.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::process::{ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};

use crate::tool;

/// How many of the slowest are listed.
const LISTED: usize = 12;

/// What ended, and how long it took.
static ENDED: Mutex<Vec<(String, Duration)>> = Mutex::new(Vec::new());

fn took(what: &str, time: Duration) {
    let mut ended = ENDED.lock().unwrap_or_else(PoisonError::into_inner);
    ended.push((what.to_owned(), time));
}

/// Announces a step and runs it.
pub fn step<T>(what: &str, run: impl FnOnce() -> Result<T>) -> Result<T> {
    eprintln!("== {what}");
    let start = Instant::now();
    let result = run();
    took(what, start.elapsed());
    result
}

/// The slowest steps so far, a line each.
pub fn slowest() -> String {
    let ended = ENDED.lock().unwrap_or_else(PoisonError::into_inner);
    listed(ended.clone())
}

fn listed(mut steps: Vec<(String, Duration)>) -> String {
    steps.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
    let mut text = "seconds  slowest steps\n".to_owned();
    for (what, time) in steps.iter().take(LISTED) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{:7.1}  {what}", time.as_secs_f64());
    }
    text
}

/// A task of `cargo xtask` in a process of its own, beside the steps that follow. What it prints is
/// kept, and shown whole when the run comes to it.
pub struct Beside {
    what: String,
    pid: Pid,
    said: File,
    waiting: Option<JoinHandle<(std::io::Result<ExitStatus>, Duration)>>,
}

impl Beside {
    pub fn begin(what: &str, task: &[&str]) -> Result<Self> {
        let failed = || format!("{what}: could not be started");
        let said = tempfile::tempfile().with_context(failed)?;
        let start = Instant::now();
        let mut child = tool::this_program()
            .args(task)
            .stdin(Stdio::null())
            .stdout(said.try_clone()?)
            .stderr(said.try_clone()?)
            .spawn()
            .with_context(failed)?;
        let pid = Pid::from_child(&child);
        Ok(Self {
            what: what.to_owned(),
            pid,
            said,
            waiting: Some(thread::spawn(move || (child.wait(), start.elapsed()))),
        })
    }

    /// Waits for its end. A failure of the task is an error.
    pub fn end(mut self) -> Result<()> {
        let ended = self.waiting.take().and_then(|thread| thread.join().ok());
        let (status, time) = ended.with_context(|| format!("{}: was lost", self.what))?;
        let what = format!("{} (beside others)", self.what);
        took(&what, time);
        let mut said = Vec::new();
        self.said.rewind()?;
        self.said.read_to_end(&mut said)?;
        eprint!("== {what}\n{}", String::from_utf8_lossy(&said));
        ensure!(status?.success(), "{}: failed, see above", self.what);
        Ok(())
    }
}

impl Drop for Beside {
    /// Where a step before has failed, nobody waits for this one.
    fn drop(&mut self) {
        if self
            .waiting
            .as_ref()
            .is_some_and(|thread| !thread.is_finished())
        {
            // It may have ended a moment ago.
            let _ = kill_process(self.pid, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_step_comes_first() {
        let steps = [("quick", 1), ("slow", 100)];
        let text = listed(
            steps
                .map(|(what, s)| (what.into(), Duration::from_secs(s)))
                .into(),
        );
        assert_eq!(
            text,
            "seconds  slowest steps\n  100.0  slow\n    1.0  quick\n"
        );
    }

    #[test]
    fn a_task_beside_others_that_fails_is_an_error() {
        // These tests stand for the tasks.
        let begun = |task| Beside::begin("task", &[task]).unwrap();
        begun("--list").end().unwrap();
        let error = begun("--no-such-flag").end().unwrap_err();
        assert_eq!(error.to_string(), "task: failed, see above");
    }
}
