//! What callers write, read strictly: one or a list, paths as text or bytes, numbers that are numbers.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyInt, PyString};

use crate::error;

/// The items of a value that may be one or several.
pub(crate) fn one_or_list<'py>(
    name: &str,
    value: &Bound<'py, PyAny>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let is_one = value.is_instance_of::<PyString>()
        || value.is_instance_of::<PyBytes>()
        || value.is_instance_of::<PyInt>()
        || value.is_instance_of::<PyDict>()
        || value.hasattr("__fspath__")?;
    if is_one {
        return Ok(vec![value.clone()]);
    }
    match value.try_iter() {
        Ok(items) => items.collect(),
        Err(_) => Err(wrong_type(name, "one or a list of them", value)),
    }
}

/// A text, or bytes or a path that stand for one, as the kernel takes it.
pub(crate) fn os_string(name: &str, value: &Bound<'_, PyAny>) -> PyResult<OsString> {
    let value = if value.hasattr("__fspath__")? {
        &value.call_method0("__fspath__")?
    } else {
        value
    };
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(OsString::from_vec(bytes.as_bytes().to_vec()));
    }
    if value.is_instance_of::<PyString>() {
        return value.extract();
    }
    Err(wrong_type(name, "a str, bytes or path", value))
}

/// A text.
pub(crate) fn text(name: &str, value: &Bound<'_, PyAny>) -> PyResult<String> {
    if value.is_instance_of::<PyString>() {
        return value.extract();
    }
    Err(wrong_type(name, "a str", value))
}

/// True or False.
pub(crate) fn switch(name: &str, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    match value.cast::<PyBool>() {
        Ok(switch) => Ok(switch.is_true()),
        Err(_) => Err(wrong_type(name, "True or False", value)),
    }
}

/// A whole number that is not negative; True is none.
pub(crate) fn number(name: &str, value: &Bound<'_, PyAny>) -> PyResult<u64> {
    if value.is_instance_of::<PyBool>() || !value.is_instance_of::<PyInt>() {
        return Err(wrong_type(name, "an int", value));
    }
    value
        .extract()
        .map_err(|_| error::value(format!("{name}: {value} is no number from 0 to 2**64 - 1")))
}

pub(crate) fn wrong_type(name: &str, expected: &str, value: &Bound<'_, PyAny>) -> PyErr {
    let found = value.get_type();
    let found = found
        .name()
        .map_or_else(|_| "another".to_owned(), |name| name.to_string());
    PyTypeError::new_err(format!("{name}: expected {expected}, not {found}"))
}

/// A name that is not known, and what was probably meant.
pub(crate) fn unknown<'n>(
    kind: &str,
    name: &str,
    known: impl Iterator<Item = &'n str> + Clone,
) -> String {
    match ringfence::closest(name, known.clone()) {
        Some(similar) => format!("unknown {kind} `{name}`; did you mean `{similar}`?"),
        None => format!(
            "unknown {kind} `{name}`; known are {}",
            known.collect::<Vec<_>>().join(", ")
        ),
    }
}
