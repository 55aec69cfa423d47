//! One interpreter alone: the types of this module are shared by all of a process, and die with the one that made them.

use std::sync::atomic::{AtomicI64, Ordering};

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

/// Fails in a second interpreter of the process.
pub(crate) fn require_one(py: Python<'_>) -> PyResult<()> {
    const NONE: i64 = -1;
    static FIRST: AtomicI64 = AtomicI64::new(NONE);

    let own = number(py);
    match FIRST.compare_exchange(NONE, own, Ordering::SeqCst, Ordering::SeqCst) {
        Err(first) if first != own => Err(PyImportError::new_err(
            "ringfence is in use by another interpreter of this process, and serves one alone; import it in the main \
             one (mod_wsgi: WSGIApplicationGroup %{GLOBAL})",
        )),
        _ => Ok(()),
    }
}

#[allow(unsafe_code, reason = "PyO3 has no words for interpreters")]
fn number(_: Python<'_>) -> i64 {
    // SAFETY: the thread is attached, so that it has an interpreter.
    let state = unsafe { ffi::PyInterpreterState_Get() };
    // SAFETY: as above; it lives as long as the thread is attached.
    unsafe { ffi::PyInterpreterState_GetID(state) }
}
