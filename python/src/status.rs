//! What this process is restricted by.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use rustix::thread::SecureComputingMode;

/// What this process is restricted by: a dict with the keys of `ringfence status --json`, but for what /proc says.
#[pyfunction]
pub(crate) fn status(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let status = PyDict::new(py);
    let (layers, note) = match py.detach(ringfence::layers) {
        Ok(layers) => (Some(layers), None),
        Err(fault) => (None, Some(format!("cannot be counted: {fault}"))),
    };
    let mode = match rustix::thread::secure_computing_mode() {
        Ok(SecureComputingMode::Filter) => 2,
        Ok(SecureComputingMode::Strict) => 1,
        _ => 0,
    };
    status.set_item("landlock_layers", layers)?;
    status.set_item("landlock_note", note)?;
    status.set_item(
        "no_new_privs",
        rustix::thread::no_new_privs().unwrap_or(false),
    )?;
    status.set_item("seccomp_mode", mode)?;
    Ok(status)
}
