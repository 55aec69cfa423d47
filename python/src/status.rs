//! What this process is restricted by.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use ringfence::Status;

/// What this process, or another, is restricted by: a dict with the keys of `ringfence status --json`.
#[pyfunction]
#[pyo3(signature = (pid=None))]
pub(crate) fn status(py: Python<'_>, pid: Option<u32>) -> PyResult<Bound<'_, PyDict>> {
    let own = match pid {
        None => py.detach(Status::own),
        Some(pid) => py.detach(|| Status::of(pid))?,
    };
    let status = PyDict::new(py);
    status.set_item("landlock_layers", own.landlock_layers)?;
    status.set_item("landlock_note", own.landlock_note)?;
    status.set_item("no_new_privs", own.no_new_privs)?;
    status.set_item("seccomp_mode", own.seccomp_mode)?;
    status.set_item("seccomp_filters", own.seccomp_filters)?;
    Ok(status)
}
