//! The steps of a run: each is announced and timed, and some run beside others.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::fd::AsFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Signal, kill_current_process_group};

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
/// kept, and shown whole when the run comes to it. Dropped, or left by a run that ends, it is killed.
pub struct Beside {
    what: String,
    /// Its standard input, to which nothing is written: [`end_with_the_run`] waits for its end.
    _held: ChildStdin,
    said: File,
    waiting: JoinHandle<(std::io::Result<ExitStatus>, Duration)>,
}

impl Beside {
    pub fn begin(what: &str, task: &[&str]) -> Result<Self> {
        Self::of(what, tool::this_program().arg("--beside").args(task))
    }

    fn of(what: &str, command: &mut Command) -> Result<Self> {
        let failed = || format!("{what}: could not be started");
        let said = tempfile::tempfile().with_context(failed)?;
        let start = Instant::now();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(said.try_clone()?)
            .stderr(said.try_clone()?)
            // So that it can kill itself with all that it has started, and nobody else.
            .process_group(0)
            .spawn()
            .with_context(failed)?;
        Ok(Self {
            what: what.to_owned(),
            _held: child.stdin.take().with_context(failed)?,
            said,
            waiting: thread::spawn(move || (child.wait(), start.elapsed())),
        })
    }

    /// Waits for its end. A failure of the task is an error.
    pub fn end(mut self) -> Result<()> {
        let ended = self.waiting.join().ok();
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

/// In a task that runs beside others: kills it with all that it has started once standard input ends, which is a pipe
/// that the run holds. That ends when the run gives the task up, and with the run, by Ctrl-C too, which does not reach
/// another group of processes.
pub fn end_with_the_run() -> Result<()> {
    let mut run = File::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    // What the task starts must not wait for input from there.
    rustix::stdio::dup2_stdin(File::open("/dev/null")?)?;
    thread::spawn(move || {
        // An error is an end as well.
        let _ = run.read(&mut [0]);
        let _ = kill_current_process_group(Signal::KILL);
    });
    Ok(())
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
        let begun = |program| Beside::of("task", &mut Command::new(program)).unwrap();
        begun("true").end().unwrap();
        let error = begun("false").end().unwrap_err();
        assert_eq!(error.to_string(), "task: failed, see above");
    }

    #[test]
    fn a_task_that_is_given_up_ends_with_all_that_it_started() {
        const FIFO: &str = "XTASK_TEST_FIFO";
        // This test, started once more, stands for the task.
        if let Some(fifo) = std::env::var_os(FIFO) {
            end_with_the_run().unwrap();
            let mut started = Command::new("sh");
            started.args(["-c", "exec >\"$0\"; sleep 10; echo went on"]);
            started.arg(fifo).status().unwrap();
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let fifo = directory.path().join("fifo");
        tool::output(Command::new("mkfifo").arg(&fifo)).unwrap();
        let this = a_task_that_is_given_up_ends_with_all_that_it_started;
        let (_, name) = std::any::type_name_of_val(&this).split_once("::").unwrap();
        let mut task = tool::this_program();
        task.args(["--exact", name]).env(FIFO, &fifo);
        let task = Beside::of("task", &mut task).unwrap();
        // Opens when the other side does, and ends with the last that has it open.
        let mut started = File::open(&fifo).unwrap();
        drop(task);
        let mut said = String::new();
        started.read_to_string(&mut said).unwrap();
        assert_eq!(said, "");
    }
}
