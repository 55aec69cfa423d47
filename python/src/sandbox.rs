//! Policies made ready: for many programs, each perhaps with lines of its own.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use ringfence::{EnforceError, Template};

use crate::plan::Plan;
use crate::policy::{self, Policy};
use crate::{error, input};

/// A policy whose paths were opened and whose filter was compiled once, for many programs.
#[pyclass(frozen, module = "ringfence")]
pub(crate) struct Sandbox {
    inner: Inner,
}

#[derive(Clone)]
pub(crate) enum Inner {
    Template(Arc<Template>),
    /// One that has lines of its own besides those of the template.
    Derived(Arc<ringfence::Sandbox>),
}

impl Inner {
    /// What a caller means by a policy: one that is made ready now, or one that was before.
    pub(crate) fn of(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(sandbox) = value.cast::<Sandbox>() {
            return Ok(sandbox.get().inner.clone());
        }
        let Ok(policy) = value.cast::<Policy>() else {
            return Err(input::wrong_type("policy", "a Policy or Sandbox", value));
        };
        let policy = policy.get().inner.clone();
        let sandbox =
            py.detach(|| ringfence::Plan::new(policy, ringfence::Kernel::probe_abi()).prepare());
        match sandbox {
            Ok(sandbox) => Ok(Self::Derived(Arc::new(sandbox))),
            Err(fault) => Err(error::prepare(py, &fault)),
        }
    }

    pub(crate) fn sandbox(&self) -> &ringfence::Sandbox {
        match self {
            Self::Template(template) => template.sandbox(),
            Self::Derived(sandbox) => sandbox,
        }
    }
}

#[pymethods]
impl Sandbox {
    #[new]
    pub(crate) fn new(py: Python<'_>, policy: &Policy) -> PyResult<Self> {
        let policy = policy.inner.clone();
        match py.detach(|| Template::new(policy, ringfence::Kernel::probe())) {
            Ok(template) => Ok(Self {
                inner: Inner::Template(Arc::new(template)),
            }),
            Err(fault) => Err(error::prepare(py, &fault)),
        }
    }

    /// A sandbox that has more lines about paths and ports, which no other sandbox has.
    ///
    /// Not detached: a fork by another thread would leave its copy a locked template.
    #[pyo3(signature = (**words))]
    fn with_lines(&self, py: Python<'_>, words: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let Inner::Template(template) = &self.inner else {
            let sentence =
                "a sandbox that was made by with_lines takes no more lines; begin at the first one";
            return Err(error::policy(py, sentence));
        };
        match template.with(policy::lines(py, words)?) {
            Ok(sandbox) => Ok(Self {
                inner: Inner::Derived(Arc::new(sandbox)),
            }),
            Err(fault) => Err(error::template(py, &fault)),
        }
    }

    /// Its plan, with what was found at each path.
    #[getter]
    fn plan(&self) -> Plan {
        self.inner.sandbox().plan().clone().into()
    }

    fn __repr__(&self) -> String {
        format!("<Sandbox on {}>", self.inner.sandbox().plan().kernel())
    }

    /// It never changes, so that it is as good as a copy.
    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }
}

/// Restricts this process, or this thread, by a policy.
pub(crate) fn enforced(
    py: Python<'_>,
    policy: &Policy,
    enforce: fn(ringfence::Sandbox) -> Result<ringfence::Plan, EnforceError>,
) -> PyResult<Plan> {
    let plan = ringfence::Plan::new(policy.inner.clone(), ringfence::Kernel::probe());
    let sandbox = py
        .detach(|| plan.prepare())
        .map_err(|fault| error::prepare(py, &fault))?;
    match py.detach(|| enforce(sandbox)) {
        Ok(plan) => Ok(Plan::from(plan)),
        Err(fault) => Err(error::enforce(py, &fault)),
    }
}
