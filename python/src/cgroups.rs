//! Cgroups in which jobs get one of their own each.

use pyo3::prelude::*;

use crate::{error, input};

/// A cgroup of version 2 that was delegated to this user: each job gets one of its own beneath it.
#[pyclass(frozen, module = "ringfence")]
pub(crate) struct Cgroups {
    pub(crate) inner: ringfence::process::Cgroups,
}

#[pymethods]
impl Cgroups {
    #[new]
    fn new(py: Python<'_>, directory: &Bound<'_, PyAny>) -> PyResult<Self> {
        let directory = input::os_string("directory", directory)?;
        match ringfence::process::Cgroups::at(directory) {
            Ok(inner) => Ok(Self { inner }),
            Err(fault) => Err(error::spawn(py, &fault.into())),
        }
    }
}
