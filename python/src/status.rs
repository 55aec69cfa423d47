//! What this process is restricted by.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use ringfence::Status;

/// What this process is restricted by: a dict with the keys of `ringfence status --json`.
#[pyfunction]
pub(crate) fn status(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let own = py.detach(Status::own);
    let status = PyDict::new(py);
    status.set_item("landlock_layers", own.landlock_layers)?;
    status.set_item("landlock_note", own.landlock_note)?;
    status.set_item("no_new_privs", own.no_new_privs)?;
    status.set_item("seccomp_mode", own.seccomp_mode)?;
    status.set_item("seccomp_filters", own.seccomp_filters)?;
    Ok(status)
}
