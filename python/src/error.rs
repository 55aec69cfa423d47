//! The library's errors as Python's exceptions, with the same sentences.
//!
//! The classes are Python's own (`ringfence/_errors.py`): some have a second base, such as
//! `FileNotFoundError`, that who knows `subprocess` catches.

use std::ffi::OsStr;
use std::io;

use pyo3::call::PyCallArgs;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use ringfence::process::{ConfineError, NotRunnable, SpawnError};
use ringfence::{EnforceError, InvalidLine, PrepareError, TemplateError, with_causes};
use ringfence_manifest::Faults;

/// An exception of this class; or why that could not be made.
fn exception<'py>(py: Python<'py>, class: &str, arguments: impl PyCallArgs<'py>) -> PyErr {
    let made = py
        .import("ringfence._errors")
        .and_then(|module| module.getattr(class))
        .and_then(|class| class.call1(arguments));
    match made {
        Ok(value) => PyErr::from_value(value),
        Err(error) => error,
    }
}

pub(crate) fn policy(py: Python<'_>, sentence: &str) -> PyErr {
    exception(py, "PolicyError", (sentence,))
}

pub(crate) fn line(py: Python<'_>, error: &InvalidLine) -> PyErr {
    policy(py, &error.to_string())
}

/// What is wrong with a manifest: all of it, with the lines of the text.
pub(crate) fn manifest(py: Python<'_>, what: &str, faults: &Faults) -> PyErr {
    policy(py, &format!("cannot use {what}:\n\n{faults}"))
}

pub(crate) fn prepare(py: Python<'_>, error: &PrepareError) -> PyErr {
    match error {
        PrepareError::Refused(refused) => {
            let refusals: Vec<String> = refused.refusals.iter().map(ToString::to_string).collect();
            exception(py, "RefusedError", (with_causes(error), refusals))
        }
        _ => exception(py, "SandboxError", (with_causes(error),)),
    }
}

pub(crate) fn template(py: Python<'_>, error: &TemplateError) -> PyErr {
    match error {
        TemplateError::Line(error) => line(py, error),
        TemplateError::Prepare(error) => prepare(py, error),
        _ => policy(py, &with_causes(error)),
    }
}

pub(crate) fn enforce(py: Python<'_>, error: &EnforceError) -> PyErr {
    let arguments = (with_causes(error), error.landlock_holds());
    exception(py, "EnforceError", arguments)
}

pub(crate) fn spawn(py: Python<'_>, error: &SpawnError) -> PyErr {
    const ENOENT: i32 = 2;
    const EACCES: i32 = 13;
    if let SpawnError::Nul(_) = error {
        return value(with_causes(error));
    }
    let (class, errno) = match error {
        _ if error.is_not_found() => ("ProgramNotFoundError", Some(ENOENT)),
        _ if error.is_not_executable() => ("ProgramNotExecutableError", Some(EACCES)),
        SpawnError::Directory(_, source) if source.raw_os_error() == Some(ENOENT) => {
            ("DirectoryNotFoundError", Some(ENOENT))
        }
        _ => ("StartError", error.raw_os_error()),
    };
    exception(py, class, (with_causes(error), errno, file_of(error)))
}

/// What an error is about, as `OSError.filename` has it.
fn file_of(error: &SpawnError) -> Option<&OsStr> {
    match error {
        SpawnError::Program(NotRunnable::NotFound { name, .. }) => Some(name),
        SpawnError::Program(NotRunnable::NotExecutable(file)) => Some(file.as_os_str()),
        SpawnError::Step { program, .. } => Some(program.as_os_str()),
        SpawnError::Directory(directory, _) => Some(directory.as_os_str()),
        _ => None,
    }
}

pub(crate) fn confine(py: Python<'_>, error: &ConfineError) -> PyErr {
    let text = with_causes(error);
    match error {
        ConfineError::Prepare(error) => prepare(py, error),
        ConfineError::Start(error) => spawn(py, error),
        ConfineError::Crashed(signal) => exception(py, "CrashedError", (text, *signal)),
        ConfineError::Killed => exception(py, "KilledError", (text,)),
        ConfineError::Limit(limit) => exception(py, "LimitError", (text, limit.name())),
        ConfineError::TooLong(_) => exception(py, "AnswerTooLongError", (text,)),
        ConfineError::NoAnswer(code) => exception(py, "NoAnswerError", (text, *code)),
        _ => answer(py, &text),
    }
}

/// What the kernel said of a job or its pipes.
pub(crate) fn kernel(py: Python<'_>, what: &str, error: &io::Error) -> PyErr {
    exception(
        py,
        "JobError",
        (format!("{what}: {error}"), error.raw_os_error()),
    )
}

/// A job of the process that this one was forked from.
pub(crate) fn foreign_job(py: Python<'_>) -> PyErr {
    let text =
        "cannot reach the job: another process started it, of which this one is a forked copy";
    exception(py, "JobError", (text, None::<i32>))
}

/// A job that another thread communicates with.
pub(crate) fn busy_job(py: Python<'_>) -> PyErr {
    let text = "cannot communicate with the job: another thread does; wait for that one";
    exception(py, "JobError", (text, None::<i32>))
}

/// An answer of a confined function that cannot be passed on. The sentence may be a stranger's, and does nothing to a
/// terminal that it is shown on.
pub(crate) fn answer(py: Python<'_>, sentence: &str) -> PyErr {
    let mut printable = String::with_capacity(sentence.len());
    for character in sentence.chars() {
        if character.is_control() && character != '\n' && character != '\t' {
            printable.extend(character.escape_default());
        } else {
            printable.push(character);
        }
    }
    exception(py, "AnswerError", (printable,))
}

pub(crate) fn value(sentence: impl Into<String>) -> PyErr {
    PyValueError::new_err(sentence.into())
}
