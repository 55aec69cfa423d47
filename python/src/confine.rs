//! A function of Python, run in a restricted copy of this process.

use std::os::fd::OwnedFd;

use pyo3::ffi;
use pyo3::prelude::*;
use ringfence::process::Limits;

use crate::job::{Job, lost};
use crate::pump::{self, Pipes};
use crate::sandbox::Inner;
use crate::{error, limits};

/// Calls `act` in a copy of this process that the policy restricts, and returns the text that it returned.
///
/// What comes back was written by whatever runs in the copy: it is a text that was not looked at.
#[pyfunction]
#[pyo3(signature = (policy, act, *, limits, longest_answer))]
pub(crate) fn confine(
    py: Python<'_>,
    policy: &Bound<'_, PyAny>,
    act: &Bound<'_, PyAny>,
    limits: Option<&Bound<'_, PyAny>>,
    longest_answer: &Bound<'_, PyAny>,
) -> PyResult<String> {
    let limits = limits::read(limits)?;
    let longest = crate::input::number("longest_answer", longest_answer)?;
    let inner = Inner::of(py, policy)?;
    let confined = inner
        .sandbox()
        .confined()
        .limits(limits)
        .longest_answer(longest);
    let forking = Forking::new(py);
    let child = confined.start(|| in_copy(py, act));
    drop(forking);
    let mut child = child.map_err(|fault| error::confine(py, &fault))?;

    let answer = child.stdout.take().map(OwnedFd::from);
    let most = confined.most_written();
    let job = Job::new(
        child,
        [None, None, None],
        &Limits {
            output: Some(most),
            ..limits
        },
    )
    .map_err(|fault| error::kernel(py, "cannot watch the copy of this process", &fault))?;
    let mut pipes = Pipes::new(None, [answer, None], Some(most))
        .map_err(|fault| error::kernel(py, pump::EXCHANGE, &fault))?;
    pump::finished(py, &job, &mut pipes, &[], None)?;
    let ended = py
        .detach(|| job.ended())
        .map_err(|fault| lost(py, &fault))?;
    let Some(ended) = ended else {
        return Err(lost(py, &std::io::ErrorKind::NotFound.into()));
    };
    match confined.read::<Result<String, String>>(ended, pipes.output()) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(sentence)) => Err(error::answer(py, &sentence)),
        Err(fault) => Err(error::confine(py, &fault)),
    }
}

/// What runs in the copy. An exception that comes out of `act`, which catches them, is told as a sentence.
fn in_copy(py: Python<'_>, act: &Bound<'_, PyAny>) -> Result<String, String> {
    after_fork_in_copy(py);
    let answer = act.call0().and_then(|answer| answer.extract::<String>());
    answer.map_err(|fault| fault.to_string())
}

/// A fork that Python knows of: its hooks have run before, and run when this is dropped in the parent.
struct Forking<'py>(std::marker::PhantomData<Python<'py>>);

impl<'py> Forking<'py> {
    #[allow(unsafe_code, reason = "what os.fork does around fork(2)")]
    fn new(_: Python<'py>) -> Self {
        // SAFETY: the thread is attached, and the counterpart is called by `drop`, or in the copy.
        unsafe { ffi::PyOS_BeforeFork() };
        Self(std::marker::PhantomData)
    }
}

impl Drop for Forking<'_> {
    #[allow(unsafe_code, reason = "what os.fork does around fork(2)")]
    fn drop(&mut self) {
        // SAFETY: the thread is attached as long as `self` lives, and has called PyOS_BeforeFork.
        unsafe { ffi::PyOS_AfterFork_Parent() };
    }
}

#[allow(unsafe_code, reason = "what os.fork does around fork(2)")]
fn after_fork_in_copy(_: Python<'_>) {
    // SAFETY: this is the one thread of a process that was just forked from one that had called PyOS_BeforeFork, and
    // it is attached.
    unsafe { ffi::PyOS_AfterFork_Child() };
}
