//! What goes into a job's standard input and comes out of its output and error, while it is waited for.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::Instant;

use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;
use rustix::event::{PollFd, PollFlags};
use rustix::io::{Errno, ioctl_fionbio, ioctl_fionread};

use crate::job::{self, Job, Waited};
use crate::{error, start};

/// As much can be written to a pipe that is ready as a whole.
const PIECE: usize = 4096;
/// As much is in a pipe at once, unless somebody has made it larger.
const PIPE: usize = 64 << 10;

pub(crate) const EXCHANGE: &str = "cannot exchange with the job";

/// This process's ends of a job's pipes, and what was read from them.
pub(crate) struct Pipes {
    input: Option<OwnedFd>,
    written: usize,
    /// Standard output and error.
    open: [Option<OwnedFd>; 2],
    read: [Vec<u8>; 2],
    /// How many bytes may still come.
    left: Option<u64>,
}

impl Pipes {
    /// None of the ends waits from here on, ready or not: a job can open its own ends once more by
    /// `/proc/self/fd`, and take away what is to be read, or the room that is to be written to.
    pub(crate) fn new(
        input: Option<OwnedFd>,
        open: [Option<OwnedFd>; 2],
        left: Option<u64>,
    ) -> io::Result<Self> {
        for end in open.iter().chain([&input]).flatten() {
            ioctl_fionbio(end, true)?;
        }
        Ok(Self {
            input,
            written: 0,
            open,
            read: [Vec::new(), Vec::new()],
            left,
        })
    }

    /// What standard output brought.
    pub(crate) fn output(&self) -> &[u8] {
        &self.read[0]
    }

    /// Writes and reads until the job has ended, the time has come, or a signal.
    pub(crate) fn run(
        &mut self,
        job: &Job,
        input: &[u8],
        until: Option<Instant>,
    ) -> io::Result<Waited> {
        let mut buffer = Vec::new();
        loop {
            if input.len() == self.written {
                self.input = None;
            }
            if let Some(ended) = job.ended()? {
                self.input = None;
                return self.rest(job, ended);
            }
            if until.is_some_and(|until| until <= Instant::now()) {
                return Ok(Waited::TimedOut);
            }
            let Some(ready) = self.wait(job, until)? else {
                return Ok(Waited::Interrupted);
            };
            for number in 0..self.open.len() {
                if ready.read[number] {
                    self.take(job, number, &mut buffer)?;
                }
            }
            if ready.write {
                self.write(input);
            }
        }
    }

    /// Waits for the job or any of the pipes; None if a signal came.
    fn wait(&self, job: &Job, until: Option<Instant>) -> io::Result<Option<Ready>> {
        let mut fds = Vec::with_capacity(3);
        let pipes = self.open.iter().flatten();
        fds.extend(pipes.map(|fd| PollFd::new(fd, PollFlags::IN)));
        fds.extend(self.input.iter().map(|fd| PollFd::new(fd, PollFlags::OUT)));
        let Some(ready) = job.wait_for_any(&fds, until)? else {
            return Ok(None);
        };
        // The first is the job itself.
        let mut ready = ready.into_iter().skip(1).map(|flags| !flags.is_empty());
        let mut next = |is_open: bool| is_open && ready.next().unwrap_or_default();
        let read = [next(self.open[0].is_some()), next(self.open[1].is_some())];
        let write = next(self.input.is_some());
        Ok(Some(Ready { read, write }))
    }

    /// Reads a piece of a pipe that has one.
    fn take(&mut self, job: &Job, number: usize, buffer: &mut Vec<u8>) -> io::Result<()> {
        let Some(pipe) = &self.open[number] else {
            return Ok(());
        };
        buffer.resize(PIPE, 0);
        match rustix::io::read(pipe, buffer.as_mut_slice()) {
            Ok(0) => self.open[number] = None,
            Ok(count) => {
                if self.keep(number, &buffer[..count]) {
                    job.end_by_output()?;
                }
            }
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(errno) => return Err(errno.into()),
        }
        Ok(())
    }

    /// Keeps what of these bytes may come; whether that is not all.
    fn keep(&mut self, number: usize, bytes: &[u8]) -> bool {
        let mut allowed = bytes.len();
        if let Some(left) = &mut self.left {
            allowed = allowed.min(usize::try_from(*left).unwrap_or(usize::MAX));
            *left -= allowed as u64;
        }
        self.read[number].extend_from_slice(&bytes[..allowed]);
        allowed < bytes.len()
    }

    /// Writes a piece of the input. A job that does not read it is no error.
    fn write(&mut self, input: &[u8]) {
        let Some(pipe) = &self.input else { return };
        let rest = input.get(self.written..).unwrap_or_default();
        match rustix::io::write(pipe, &rest[..rest.len().min(PIECE)]) {
            Ok(count) => self.written += count,
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(_) => self.input = None,
        }
    }

    /// Takes what is in the pipes when the job has ended. Whoever goes on writing is not waited for.
    fn rest(&mut self, job: &Job, mut ended: ringfence::process::Ended) -> io::Result<Waited> {
        for number in 0..self.open.len() {
            let Some(pipe) = self.open[number].take() else {
                continue;
            };
            let bytes = what_is_in(pipe.as_fd(), self.left)?;
            if self.keep(number, &bytes) {
                job.end_by_output()?;
                ended = job.ended()?.unwrap_or(ended);
            }
        }
        Ok(Waited::Ended(ended))
    }
}

/// Which of the pipes are ready.
struct Ready {
    read: [bool; 2],
    write: bool,
}

/// What is in a pipe now, and at most a byte more than may still come.
fn what_is_in(pipe: BorrowedFd<'_>, left: Option<u64>) -> io::Result<Vec<u8>> {
    let most = left.map_or(u64::MAX, |left| left.saturating_add(1));
    let there = ioctl_fionread(pipe)?.min(most);
    let mut bytes = vec![0; usize::try_from(there).unwrap_or(0)];
    let mut filled = 0;
    while let Some(place @ [_, ..]) = bytes.get_mut(filled..) {
        match rustix::io::read(pipe, place) {
            Ok(0) | Err(Errno::AGAIN) => break,
            Ok(count) => filled += count,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// The exchange with a job: its input written, its output collected, its end awaited.
#[pyclass(frozen, module = "ringfence")]
pub(crate) struct Pump {
    job: Py<Job>,
    input: Option<PyBackedBytes>,
    /// Nobody waits for it: who finds it locked is told.
    pipes: Mutex<Pipes>,
}

impl Pump {
    fn pipes(&self, py: Python<'_>) -> PyResult<MutexGuard<'_, Pipes>> {
        match self.pipes.try_lock() {
            Ok(pipes) => Ok(pipes),
            Err(TryLockError::Poisoned(left)) => Ok(left.into_inner()),
            Err(TryLockError::WouldBlock) => Err(error::busy_job(py)),
        }
    }
}

#[pymethods]
impl Pump {
    /// From the job's own ends of its pipes; or, of a job whose ends were handed over, from these.
    #[new]
    #[pyo3(signature = (job, input=None, ends=None))]
    fn new(
        py: Python<'_>,
        job: &Bound<'_, Job>,
        input: Option<PyBackedBytes>,
        ends: Option<[Option<i32>; 3]>,
    ) -> PyResult<Self> {
        job.get().require_owner(py)?;
        let end = |number: usize| match ends.and_then(|ends| *ends.get(number)?) {
            Some(fd) => start::duplicate(py, fd).map(Some),
            None => Ok(job.get().take_end(number)),
        };
        let pipes = Pipes::new(end(0)?, [end(1)?, end(2)?], job.get().output)
            .map_err(|fault| error::kernel(py, EXCHANGE, &fault))?;
        Ok(Self {
            job: job.clone().unbind(),
            input,
            pipes: Mutex::new(pipes),
        })
    }

    /// Goes on until the job has ended; false if the time ran out before.
    #[pyo3(signature = (timeout=None))]
    fn run(&self, py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> PyResult<bool> {
        let until = job::until(timeout)?;
        let job = self.job.get();
        job.require_owner(py)?;
        let input = self.input.as_deref().unwrap_or_default();
        finished(py, job, &mut *self.pipes(py)?, input, until)
    }

    /// What standard output brought.
    #[getter]
    fn stdout<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.pipes(py)?.read[0]))
    }

    /// What standard error brought.
    #[getter]
    fn stderr<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.pipes(py)?.read[1]))
    }
}

/// Runs an exchange to its end; false if the time came before.
pub(crate) fn finished(
    py: Python<'_>,
    job: &Job,
    pipes: &mut Pipes,
    input: &[u8],
    until: Option<Instant>,
) -> PyResult<bool> {
    loop {
        match py.detach(|| pipes.run(job, input, until)) {
            Ok(Waited::Ended(_)) => return Ok(true),
            Ok(Waited::TimedOut) => return Ok(false),
            Ok(Waited::Interrupted) => py.check_signals()?,
            Err(fault) => return Err(error::kernel(py, EXCHANGE, &fault)),
        }
    }
}
