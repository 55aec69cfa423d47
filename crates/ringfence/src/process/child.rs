//! A job that runs, and its end: when the program ends, so does all that it started.

use std::fmt;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use ringfence_sys::spawn::{Launched, kill_group};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitId, WaitIdOptions, WaitIdStatus, kill_process_group, pidfd_send_signal, waitid,
};

use super::cgroup::JobCgroup;
use super::{Limit, Limits};

/// A running job, as [`std::process::Child`]. Dropping it kills the job.
#[derive(Debug)]
pub struct Child {
    /// The other end of its standard input, if that is piped.
    pub stdin: Option<PipeWriter>,
    /// The other end of its standard output, if that is piped.
    pub stdout: Option<PipeReader>,
    /// The other end of its standard error, if that is piped.
    pub stderr: Option<PipeReader>,
    pub(super) job: Job,
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ended {
    /// The status of the program itself.
    pub status: ExitStatus,
    /// The limit that ended it, where that can be told. `Cpu`, `FileSize`, `Memory` and `Processes` are told
    /// by signs that a job can give on purpose, where it has such a limit; the others by this process.
    pub limit: Option<Limit>,
}

impl Ended {
    /// Whether the program ended by itself with exit code 0.
    pub fn success(&self) -> bool {
        self.status.success()
    }

    /// Its exit code, if it ended by itself.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limit {
            Some(limit) => write!(f, "{} (limit: {limit})", self.status),
            None => self.status.fmt(f),
        }
    }
}

impl Child {
    pub(super) fn new(
        stdin: Option<PipeWriter>,
        stdout: Option<PipeReader>,
        stderr: Option<PipeReader>,
        job: Job,
    ) -> Self {
        Self {
            stdin,
            stdout,
            stderr,
            job,
        }
    }

    /// Its process id, which is that of its group too.
    pub fn id(&self) -> u32 {
        self.job.id()
    }

    /// Waits for its end, or for its time to run out. Its standard input is closed first.
    ///
    /// # Errors
    /// What the kernel said: ECHILD if someone else has taken the end.
    pub fn wait(&mut self) -> io::Result<Ended> {
        drop(self.stdin.take());
        self.job.wait()
    }

    /// Its end, if it has ended.
    ///
    /// # Errors
    /// As [`Child::wait`].
    pub fn try_wait(&mut self) -> io::Result<Option<Ended>> {
        self.job.try_wait()
    }

    /// Kills all of it.
    ///
    /// # Errors
    /// What the kernel said. A job that has ended is no error.
    pub fn kill(&mut self) -> io::Result<()> {
        self.job.kill()
    }
}

impl AsFd for Child {
    /// A descriptor of the process, which is readable once it has ended (`pidfd_open(2)`).
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.job.pidfd.as_fd()
    }
}

/// The processes of a job.
#[derive(Debug)]
pub(crate) struct Job {
    /// The kernel gave it, so that there is one.
    pid: Option<Pid>,
    pub(super) pidfd: OwnedFd,
    deadline: Option<Instant>,
    pub(super) limits: Limits,
    /// Whether all of its processes are in its group.
    in_group: bool,
    cgroup: Option<JobCgroup>,
    /// The limit for which it was killed.
    ended_by: Option<Limit>,
    ended: Option<Ended>,
    /// Whether its numbers may be another's by now, since somebody took its end.
    taken: bool,
}

impl Job {
    pub(super) fn new(
        launched: Launched,
        started: Instant,
        limits: Limits,
        in_group: bool,
        cgroup: Option<JobCgroup>,
    ) -> Self {
        Self {
            pid: Pid::from_raw(launched.pid),
            pidfd: launched.pidfd,
            deadline: limits.wall.and_then(|wall| started.checked_add(wall)),
            limits,
            in_group,
            cgroup,
            ended_by: None,
            ended: None,
            taken: false,
        }
    }

    pub(super) fn id(&self) -> u32 {
        Pid::as_raw(self.pid).unsigned_abs()
    }

    /// Its end, if that has been taken.
    #[cfg(feature = "tokio")]
    pub(super) fn ended(&self) -> Option<Ended> {
        self.ended
    }

    /// Whether nothing of it is left to wait for.
    #[cfg(feature = "tokio")]
    pub(super) fn is_over(&self) -> bool {
        self.taken && self.cgroup.is_none()
    }

    /// Removes its cgroup, if it has one and nobody is left in it; true if there is none any more.
    #[cfg(feature = "tokio")]
    pub(super) fn remove_cgroup(&mut self) -> bool {
        if self.cgroup.as_ref().is_none_or(JobCgroup::remove) {
            self.cgroup = None;
        }
        self.cgroup.is_none()
    }

    /// When its time runs out.
    #[cfg(feature = "tokio")]
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether its time has run out.
    pub(super) fn is_overdue(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// The time that it has left, if that is limited and it was not killed already.
    pub(super) fn remaining(&self) -> Option<Duration> {
        let deadline = self.deadline.filter(|_| self.ended_by.is_none())?;
        Some(deadline.saturating_duration_since(Instant::now()))
    }

    /// Kills it for a limit, the first of which counts.
    pub(super) fn end_by(&mut self, limit: Limit) {
        if self.ended.is_none() {
            self.ended_by.get_or_insert(limit);
            // Of a process that is our own child this fails if it has ended only.
            let _ = self.kill();
        }
    }

    pub(super) fn kill(&mut self) -> io::Result<()> {
        if self.taken {
            return Ok(());
        }
        if let Some(cgroup) = &self.cgroup {
            cgroup.kill();
        }
        let killed = match pidfd_send_signal(&self.pidfd, Signal::KILL) {
            // Somebody has taken its end, so that its number may be another's.
            Err(Errno::SRCH) => None,
            result => Some(result),
        };
        if self.in_group {
            self.kill_group(killed.is_some());
        }
        killed.unwrap_or(Ok(())).map_err(io::Error::from)
    }

    fn kill_group(&self, number_is_its_own: bool) {
        let killed = kill_group(self.pidfd.as_fd()).is_ok();
        // Before Linux 6.9 there is its number only.
        if let (false, true, Some(pid)) = (killed, number_is_its_own, self.pid) {
            let _ = kill_process_group(pid, Signal::KILL);
        }
    }

    pub(super) fn wait(&mut self) -> io::Result<Ended> {
        while self.ended.is_none() && !self.has_ended(self.remaining())? {
            self.end_by(Limit::Wall);
        }
        self.finish()
    }

    pub(super) fn try_wait(&mut self) -> io::Result<Option<Ended>> {
        if self.has_ended(Some(Duration::ZERO))? {
            return self.finish().map(Some);
        }
        if self.is_overdue() {
            self.end_by(Limit::Wall);
        }
        Ok(None)
    }

    /// Whether the program has ended within a time; none is as long as it takes.
    pub(super) fn has_ended(&self, within: Option<Duration>) -> io::Result<bool> {
        if self.ended.is_some() {
            return Ok(true);
        }
        let end = within.map(|time| Instant::now() + time);
        loop {
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            let mut fds = [PollFd::new(&self.pidfd, PollFlags::IN)];
            match poll(&mut fds, left.map(timespec).as_ref()) {
                Ok(count) => return Ok(count > 0),
                Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Ends what the program left behind, and takes its status.
    pub(super) fn finish(&mut self) -> io::Result<Ended> {
        if let Some(ended) = self.ended {
            return Ok(ended);
        }
        let _ = self.kill();
        // Told as long as its end is not taken.
        let time = self.limits.cpu.and_then(|_| processor_time(self.pid?));
        let status = loop {
            match waitid(WaitId::PidFd(self.pidfd.as_fd()), WaitIdOptions::EXITED) {
                Ok(Some(status)) => break exit_status(&status),
                Ok(None) | Err(Errno::INTR) => {}
                Err(errno) => {
                    self.taken = true;
                    return Err(errno.into());
                }
            }
        };
        self.taken = true;
        free_what_is_in_flight();
        let limit = self
            .ended_by
            .or_else(|| self.limit_told_by(status, time.unwrap_or_default()));
        let ended = Ended { status, limit };
        self.ended = Some(ended);
        Ok(ended)
    }

    /// Only what was limited: a program may send itself the signals as well.
    fn limit_told_by(&self, status: ExitStatus, time: Duration) -> Option<Limit> {
        let signal = status.signal().and_then(Signal::from_named_raw);
        let limit = match signal {
            Some(Signal::XCPU) => Limit::Cpu,
            // It did not listen to that, and was killed a second later.
            Some(Signal::KILL) if self.limits.cpu.is_some_and(|limit| time >= limit) => Limit::Cpu,
            Some(Signal::XFSZ) => Limit::FileSize,
            _ if status.success() => return None,
            _ => self.cgroup.as_ref()?.limit_hit()?,
        };
        self.limits.has(limit).then_some(limit)
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = self.kill();
        let _ = self.finish();
    }
}

/// Has the kernel free descriptors that were sent through UNIX sockets and hold each other open, with the memory
/// files among them: it looks for such when a socket is closed, and those of a job that has ended are not.
fn free_what_is_in_flight() {
    // Where there may be no sockets, another's have to do.
    drop(UnixStream::pair());
}

/// How long the threads of a process had a processor, to a hundredth of a second; none where `/proc` does not
/// say.
fn processor_time(pid: Pid) -> Option<Duration> {
    /// User and system time, counted from the field after the name (`proc_pid_stat(5)`).
    const TIMES: std::ops::Range<usize> = 11..13;

    let path = format!("/proc/{}/stat", pid.as_raw_nonzero());
    // The name in it may be any bytes.
    let stat = std::fs::read(path).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    let (_, fields) = stat.rsplit_once(')')?;
    let fields = fields.split_whitespace();
    let ticks: u64 = fields
        .skip(TIMES.start)
        .take(TIMES.len())
        .map(|field| field.parse::<u64>().ok())
        .sum::<Option<u64>>()?;
    let per_second = rustix::param::clock_ticks_per_second();
    Some(Duration::from_millis(ticks * 1000 / per_second.max(1)))
}

/// A status as `wait(2)` encodes it, of which std makes an [`ExitStatus`].
fn exit_status(status: &WaitIdStatus) -> ExitStatus {
    const CORE_DUMPED: i32 = 0x80;
    let raw = match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => (code & 0xff) << 8,
        (None, Some(signal)) if status.dumped() => signal | CORE_DUMPED,
        (None, signal) => signal.unwrap_or(0),
    };
    ExitStatus::from_raw(raw)
}

pub(super) fn timespec(time: Duration) -> Timespec {
    Timespec::try_from(time).unwrap_or(Timespec {
        tv_sec: i64::MAX,
        tv_nsec: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_process_is_told_whatever_it_is_called() {
        let name = std::fs::read("/proc/self/comm").unwrap();
        // The kernel keeps 15 bytes, and cuts a character in two.
        std::fs::write("/proc/self/comm", b"caf\xc3").unwrap();
        let time = processor_time(rustix::process::getpid());
        std::fs::write("/proc/self/comm", name).unwrap();
        assert!(time.is_some());
    }
}
