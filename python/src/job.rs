//! A job that runs, for one process alone: a forked copy that inherits it leaves it as it is.

use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, IntoRawFd as _, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use ringfence::process::{Child, Ended, Limit, Limits};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::{error, limits};

/// A program, or a copy of this process, that runs in a sandbox.
#[pyclass(frozen, module = "ringfence")]
pub(crate) struct Job {
    /// The process that started it.
    owner: u32,
    pid: u32,
    pidfd: OwnedFd,
    /// When its time runs out; the library's own moment is a little earlier.
    deadline: Option<Instant>,
    /// How many bytes it may write.
    pub(crate) output: Option<u64>,
    state: Mutex<State>,
    /// This process's ends of its standard input, output and error, until somebody takes them.
    ends: Mutex<[Option<OwnedFd>; 3]>,
}

struct State {
    /// None in a forked copy that has dropped it.
    child: Option<Child>,
    /// Whether it was killed because it wrote too much.
    exceeded: bool,
    ended: Option<Ended>,
}

/// What waiting came to.
pub(crate) enum Waited {
    Ended(Ended),
    TimedOut,
    /// A signal came, of which Python has to know.
    Interrupted,
}

impl Job {
    pub(crate) fn new(
        child: Child,
        ends: [Option<OwnedFd>; 3],
        limits: &Limits,
    ) -> io::Result<Self> {
        Ok(Self {
            owner: std::process::id(),
            pid: child.id(),
            pidfd: child.as_fd().try_clone_to_owned()?,
            deadline: limits
                .wall
                .and_then(|wall| Instant::now().checked_add(wall)),
            output: limits.output,
            state: Mutex::new(State {
                child: Some(child),
                exceeded: false,
                ended: None,
            }),
            ends: Mutex::new(ends),
        })
    }

    /// Never held while attaching to the interpreter; and nobody else's in the process that started the job.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fails in a forked copy, where the number is another's child and the lock may be held forever.
    pub(crate) fn require_owner(&self, py: Python<'_>) -> PyResult<()> {
        if self.owner == std::process::id() {
            Ok(())
        } else {
            Err(error::foreign_job(py))
        }
    }

    /// Its end, if it has ended. Kills it if its time has run out.
    pub(crate) fn ended(&self) -> io::Result<Option<Ended>> {
        let mut state = self.state();
        let state = &mut *state;
        if let (None, Some(child)) = (state.ended, &mut state.child) {
            state.ended = child.try_wait()?;
            if let (Some(ended), true) = (&mut state.ended, state.exceeded) {
                ended.limit.get_or_insert(Limit::Output);
            }
        }
        Ok(state.ended)
    }

    /// Kills it because it wrote more than it may.
    pub(crate) fn end_by_output(&self) -> io::Result<()> {
        let mut state = self.state();
        if let Some(ended) = &mut state.ended {
            ended.limit.get_or_insert(Limit::Output);
            return Ok(());
        }
        state.exceeded = true;
        state.child.as_mut().map_or(Ok(()), Child::kill)
    }

    /// Waits until one of these descriptors is ready, it has ended, or the time has come; whether it has ended.
    /// None if a signal came.
    pub(crate) fn wait_for_any(
        &self,
        others: &[PollFd<'_>],
        until: Option<Instant>,
    ) -> io::Result<Option<Vec<PollFlags>>> {
        let now = Instant::now();
        let deadline = self.deadline.filter(|deadline| *deadline > now);
        let until = until.into_iter().chain(deadline).min();
        let timeout = until.map(|until| timespec(until.saturating_duration_since(now)));
        let mut fds = vec![PollFd::new(&self.pidfd, PollFlags::IN)];
        fds.extend_from_slice(others);
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => Ok(Some(fds.iter().map(PollFd::revents).collect())),
            Err(Errno::INTR) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    fn wait_until(&self, until: Option<Instant>) -> io::Result<Waited> {
        loop {
            if let Some(ended) = self.ended()? {
                return Ok(Waited::Ended(ended));
            }
            if until.is_some_and(|until| until <= Instant::now()) {
                return Ok(Waited::TimedOut);
            }
            if self.wait_for_any(&[], until)?.is_none() {
                return Ok(Waited::Interrupted);
            }
        }
    }

    pub(crate) fn take_end(&self, number: usize) -> Option<OwnedFd> {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.get_mut(number)?.take()
    }
}

#[pymethods]
impl Job {
    /// Its process id.
    #[getter]
    fn pid(&self) -> u32 {
        self.pid
    }

    /// A descriptor that is readable once it has ended.
    fn fileno(&self) -> i32 {
        self.pidfd.as_raw_fd()
    }

    /// Hands over this process's end of its standard input (0), output (1) or error (2).
    fn take(&self, number: usize) -> Option<i32> {
        self.take_end(number).map(OwnedFd::into_raw_fd)
    }

    /// Its exit code, or the negative number of the signal that ended it, and the limit that did; None if it runs.
    fn poll(&self, py: Python<'_>) -> PyResult<Option<(i32, Option<&'static str>)>> {
        self.require_owner(py)?;
        match py.detach(|| self.ended()) {
            Ok(ended) => Ok(ended.map(outcome)),
            Err(fault) => Err(lost(py, &fault)),
        }
    }

    /// Waits for its end; None if the time ran out before.
    #[pyo3(signature = (timeout=None))]
    fn wait(
        &self,
        py: Python<'_>,
        timeout: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Option<(i32, Option<&'static str>)>> {
        self.require_owner(py)?;
        let until = until(timeout)?;
        loop {
            match py.detach(|| self.wait_until(until)) {
                Ok(Waited::Ended(ended)) => return Ok(Some(outcome(ended))),
                Ok(Waited::TimedOut) => return Ok(None),
                Ok(Waited::Interrupted) => py.check_signals()?,
                Err(fault) => return Err(lost(py, &fault)),
            }
        }
    }

    /// Kills all of it. One that has ended is no error.
    fn kill(&self, py: Python<'_>) -> PyResult<()> {
        self.require_owner(py)?;
        let killed = py.detach(|| self.state().child.as_mut().map_or(Ok(()), Child::kill));
        killed.map_err(|fault| error::kernel(py, "cannot kill the job", &fault))
    }

    /// Kills it because it wrote more than it may.
    fn exceed(&self, py: Python<'_>) -> PyResult<()> {
        self.require_owner(py)?;
        let killed = py.detach(|| self.end_by_output());
        killed.map_err(|fault| error::kernel(py, "cannot kill the job", &fault))
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if self.owner == std::process::id() {
            return;
        }
        // Its destructor would kill the job of the process that this one was forked from. No lock is needed:
        // nobody else has it any more.
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        std::mem::forget(state.child.take());
    }
}

/// The moment at which a time that begins now has passed.
pub(crate) fn until(timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Instant>> {
    let Some(timeout) = timeout else {
        return Ok(None);
    };
    let time = limits::seconds_left("timeout", timeout)?;
    Ok(Instant::now().checked_add(time))
}

/// As `subprocess` numbers it.
fn outcome(ended: Ended) -> (i32, Option<&'static str>) {
    let signal = ended.status.signal().map(|signal| -signal);
    let code = ended.code().or(signal).unwrap_or_default();
    (code, ended.limit.map(Limit::name))
}

pub(crate) fn lost(py: Python<'_>, fault: &io::Error) -> PyErr {
    let what = "cannot wait for the job; a process that ignores SIGCHLD, or waits for any child in another thread, \
                loses it";
    error::kernel(py, what, fault)
}

fn timespec(time: Duration) -> Timespec {
    Timespec::try_from(time).unwrap_or(Timespec {
        tv_sec: i64::MAX,
        tv_nsec: 0,
    })
}
