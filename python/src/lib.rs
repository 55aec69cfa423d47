//! The Rust half of the Python package `ringfence`: policies, plans and processes as Python's objects.
//!
//! ```text
//! ringfence/*.py      subprocess's and asyncio's words, files, text
//! ringfence._ringfence  this: input checked, the library called, its errors made exceptions
//! ```
//!
//! Whatever may wait is done detached from the interpreter, so that other threads go on; no lock is held
//! while attaching again. What a forked copy of the process inherits of `job::Job` leaves the jobs alone.

#![deny(unsafe_code)]

mod cgroups;
mod confine;
mod decision;
mod error;
mod input;
mod interpreter;
mod job;
mod kernel;
mod limits;
mod plan;
mod policy;
mod pump;
mod sandbox;
mod start;
mod status;

/// What `ringfence/*.py` builds on.
#[pyo3::pymodule]
mod _ringfence {
    #[pymodule_export]
    use super::{
        cgroups::Cgroups, confine::confine, decision::Decision, job::Job, kernel::Kernel,
        limits::account, plan::Plan, policy::Policy, pump::Pump, sandbox::Sandbox, start::start,
        status::status,
    };

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::interpreter::require_one(module.py())
    }
}
