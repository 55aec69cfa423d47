//! Children: programs that run, and how they ended.

use std::ffi::c_int;
use std::os::fd::{AsFd as _, AsRawFd as _, IntoRawFd};
use std::os::unix::process::ExitStatusExt as _;

use ringfence::process::{self, SpawnError};

use crate::border::{Out, answer, attempt, given, quietly};
use crate::error::Error;
use crate::limits::Limit;

/// A program that runs, and all that it started. Two threads may not use one at a time; what another thread
/// may wait on is its descriptor.
pub struct Child(process::Child);

impl From<process::Child> for Child {
    fn from(child: process::Child) -> Self {
        Self(child)
    }
}

/// How a program ended.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Ended {
    /// Its exit code; -1 if it was ended by a signal. Of a confined function what it returned.
    pub code: c_int,
    /// The signal that ended it; 0 if it ended by itself.
    pub signal: c_int,
    /// The limit that ended it, where that can be told. All but `RINGFENCE_LIMIT_WALL` and
    /// `RINGFENCE_LIMIT_OUTPUT` are told by signs that a program can give on purpose, where it has the
    /// limit.
    pub limit: Limit,
}

impl Ended {
    /// Where there is no end to tell of.
    pub fn unknown() -> Self {
        Self {
            code: -1,
            signal: 0,
            limit: Limit::None,
        }
    }
}

impl From<process::Ended> for Ended {
    fn from(ended: process::Ended) -> Self {
        Self {
            code: ended.status.code().unwrap_or(-1),
            signal: ended.status.signal().unwrap_or(0),
            limit: ended.limit.into(),
        }
    }
}

/// Its process id, which is that of its group too; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_child_id(child: Option<&Child>) -> u32 {
    quietly(0, || child.map_or(0, |child| child.0.id()))
}

/// A descriptor of the process, which is readable once it has ended: for `poll` and its kin. It belongs to
/// the child and is closed with it; -1 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_child_pidfd(child: Option<&Child>) -> c_int {
    quietly(-1, || child.map_or(-1, |child| child.0.as_fd().as_raw_fd()))
}

/// Takes the other end of its standard input, if that is `RINGFENCE_STDIO_PIPED`: close it when you have
/// written. -1 if there is none, or it was taken.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_child_take_stdin(child: Option<&mut Child>) -> c_int {
    quietly(-1, || {
        let end = child.and_then(|child| child.0.stdin.take());
        end.map_or(-1, IntoRawFd::into_raw_fd)
    })
}

/// Takes the other end of its standard output, as `ringfence_child_take_stdin`.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_child_take_stdout(child: Option<&mut Child>) -> c_int {
    quietly(-1, || {
        let end = child.and_then(|child| child.0.stdout.take());
        end.map_or(-1, IntoRawFd::into_raw_fd)
    })
}

/// Takes the other end of its standard error, as `ringfence_child_take_stdin`.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_child_take_stderr(child: Option<&mut Child>) -> c_int {
    quietly(-1, || {
        let end = child.and_then(|child| child.0.stderr.take());
        end.map_or(-1, IntoRawFd::into_raw_fd)
    })
}

/// Waits for its end, or for its time to run out. The end of its standard input that was not taken is closed
/// first. What it left behind is killed.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_child_wait(
    child: Option<&mut Child>,
    ended: Out<'_, Ended>,
) -> Option<Box<Error>> {
    answer(ended, Ended::unknown(), || {
        let child = given(child, "the child")?;
        Ok(child.0.wait().map_err(SpawnError::Wait)?.into())
    })
}

/// Its end, if it has ended, without waiting; `has_ended` says whether it has.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_child_try_wait(
    child: Option<&mut Child>,
    has_ended: Out<'_, bool>,
    ended: Out<'_, Ended>,
) -> Option<Box<Error>> {
    let mut found = None;
    let error = answer(has_ended, false, || {
        let child = given(child, "the child")?;
        found = child.0.try_wait().map_err(SpawnError::Wait)?;
        Ok(found.is_some())
    });
    let error_of_place = answer(ended, Ended::unknown(), || {
        Ok(found.map_or(Ended::unknown(), Ended::from))
    });
    error.or(error_of_place)
}

/// Kills it and all that it started. That it has ended already is no error; its end is still to be waited
/// for, or taken by `ringfence_child_free`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_child_kill(child: Option<&mut Child>) -> Option<Box<Error>> {
    attempt(|| {
        let child = given(child, "the child")?;
        child
            .0
            .kill()
            .map_err(|error| Error::system("cannot kill the program", &error))
    })
}

/// Frees a child, and kills it and all that it started if it still runs. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_child_free(child: Option<Box<Child>>) {
    quietly((), || drop(child));
}
