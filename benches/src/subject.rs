//! What is measured: a name and the program behind it, run through the same three instruments.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::error::Error;

/// A program that takes the policy's flags, or none: the command itself.
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) wrapper: Option<PathBuf>,
    /// Whether the targets are for it.
    pub(crate) judged: bool,
}

/// One run of one subject.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sample {
    pub(crate) wall_us: f64,
    /// The processor time of the process alone; not a number on a kernel without schedstat.
    pub(crate) cpu_us: f64,
}

impl Subject {
    pub(crate) fn new(name: &str, wrapper: Option<PathBuf>, judged: bool) -> Self {
        Self {
            name: name.to_owned(),
            wrapper,
            judged,
        }
    }

    pub(crate) fn command_line(&self, policy: &[OsString], command: &Path) -> Vec<OsString> {
        match &self.wrapper {
            // The others say nothing on start, so the wrapper is not asked to either.
            Some(wrapper) if self.judged => [wrapper.into(), "--log".into(), "off".into()]
                .iter()
                .chain(policy)
                .cloned()
                .collect(),
            Some(wrapper) => [wrapper.into()].iter().chain(policy).cloned().collect(),
            None => vec![command.into()],
        }
    }

    /// Runs it once, to see it succeed before its time is taken.
    pub(crate) fn check(&self, line: &[OsString]) -> Result<(), Error> {
        let run = command(line)
            .stderr(Stdio::piped())
            .output()
            .map_err(Error::io(format!("start {}", self.name)))?;
        if run.status.success() {
            return Ok(());
        }
        Err(Error::Failed {
            name: self.name.clone(),
            why: format!("{}; {}", run.status, String::from_utf8_lossy(&run.stderr)),
        })
    }

    /// From before the spawn to the end of the process.
    pub(crate) fn time(&self, command: &mut Command) -> Result<Sample, Error> {
        let failed = || Error::io(format!("run {}", self.name));
        let start = Instant::now();
        let mut child = command.spawn().map_err(failed())?;
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        waitid(WaitId::Pid(Pid::from_child(&child)), ended)
            .map_err(io::Error::from)
            .map_err(failed())?;
        let wall = start.elapsed();
        // Ended and not yet waited for, it still has its account in /proc.
        let account = std::fs::read_to_string(format!("/proc/{}/schedstat", child.id()));
        let status = child.wait().map_err(failed())?;
        if !status.success() {
            return Err(Error::Failed {
                name: self.name.clone(),
                why: format!("it ended with {status} in the middle of the run"),
            });
        }
        let cpu_ns = account.ok().and_then(|account| {
            let text = account.split(' ').next()?;
            text.parse::<u64>().ok()
        });
        Ok(Sample {
            wall_us: wall.as_secs_f64() * 1e6,
            cpu_us: cpu_ns.map_or(f64::NAN, |ns| Duration::from_nanos(ns).as_secs_f64() * 1e6),
        })
    }

    /// Its peak memory in KiB, as the kernel counts it for the finished process.
    pub(crate) fn peak_kib(&self, peak: &Path, line: &[OsString]) -> Result<u64, Error> {
        let run = Command::new(peak)
            .args(line)
            .stderr(Stdio::null())
            .output()
            .map_err(Error::io("start the memory meter"))?;
        let text = String::from_utf8_lossy(&run.stdout);
        text.trim().parse().map_err(|_| Error::Failed {
            name: self.name.clone(),
            why: "the memory meter saw it fail".to_owned(),
        })
    }

    /// The system calls between its own execve and the command's; `None` without strace.
    pub(crate) fn calls(scratch: &Path, line: &[OsString]) -> Option<usize> {
        let log = scratch.join("strace.log");
        let traced = Command::new("strace")
            .args(["-qq", "-s", "0", "-e", "signal=none", "-o"])
            .arg(&log)
            .args(line)
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        let log = traced.then(|| std::fs::read_to_string(log).ok())??;
        let executed = |line: &str| line.starts_with("execve(") && line.ends_with("= 0");
        let mut starts = log.lines().enumerate().filter(|(_, line)| executed(line));
        let (own, _) = starts.next()?;
        let (target, _) = starts.next()?;
        Some(target - own - 1)
    }
}

/// A command that is silent: a note of a wrapper is written, but not to a terminal.
pub(crate) fn command(line: &[OsString]) -> Command {
    let (program, arguments) = line
        .split_first()
        .map_or((OsStr::new(""), &[][..]), |(first, rest)| (first, rest));
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}
