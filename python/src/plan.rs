//! Plans: what of a policy holds on a kernel.

use pyo3::prelude::*;
use ringfence::{PlanReport, PrepareError, Request};

use crate::decision::{self, Decision};
use crate::input;
use crate::kernel::Kernel;

/// What of a policy holds on a kernel, and by what.
#[pyclass(frozen, module = "ringfence")]
pub(crate) struct Plan {
    inner: ringfence::Plan,
    /// What else than the kernel stops the start, such as a path that is missing.
    trouble: Option<PrepareError>,
}

impl From<ringfence::Plan> for Plan {
    fn from(inner: ringfence::Plan) -> Self {
        Self {
            inner,
            trouble: None,
        }
    }
}

impl Plan {
    pub(crate) fn new(policy: ringfence::Policy, kernel: ringfence::Kernel) -> Self {
        ringfence::Plan::new(policy, kernel).into()
    }

    /// The plan for the running kernel, with its paths looked up as a start does.
    pub(crate) fn looked_up(policy: ringfence::Policy) -> Self {
        let (inner, trouble) = ringfence::Plan::new(policy, ringfence::Kernel::probe()).look_up();
        Self { inner, trouble }
    }

    fn report(&self) -> PlanReport {
        let report = self.inner.report();
        match &self.trouble {
            Some(trouble) => report.stopped_by(trouble),
            None => report,
        }
    }
}

#[pymethods]
impl Plan {
    /// As a table, as `ringfence plan` prints it.
    #[getter]
    fn text(&self) -> String {
        self.report().to_string()
    }

    /// As `ringfence plan --json` prints it.
    fn json(&self) -> String {
        self.report().to_json()
    }

    /// The kernel that it is for.
    #[getter]
    fn kernel(&self) -> Kernel {
        Kernel {
            inner: *self.inner.kernel(),
        }
    }

    /// Whether a sandbox by it would start.
    #[getter]
    fn starts(&self) -> bool {
        self.report().starts
    }

    /// Why it would not, a sentence each.
    #[getter]
    fn refusals(&self) -> Vec<String> {
        self.report().refusals
    }

    /// Whether an access would be allowed, and by what.
    ///
    /// `access` is a word or several (`read,execute`), a word for ports, or the name of a class of acts; `about` the
    /// path or port. A path is absolute and without symlinks, as the kernel sees it (`os.path.realpath`).
    #[pyo3(signature = (access, about=None))]
    fn decide(
        &self,
        access: &Bound<'_, PyAny>,
        about: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Decision> {
        decision::decide(&self.inner, &input::text("access", access)?, about)
    }

    /// Whether a class of acts as a whole would be allowed, but for what lines of the policy allow.
    fn decide_class(&self, name: &str) -> PyResult<Decision> {
        let class = decision::class(name)?;
        Ok(decision::answer(&self.inner, Request::Class(class)))
    }

    /// Whether an entry may be renamed; `kind` is what it is, `over` what is there already and would be replaced.
    #[pyo3(signature = (path, to, *, kind="regular", over=None))]
    fn decide_rename(
        &self,
        path: &Bound<'_, PyAny>,
        to: &Bound<'_, PyAny>,
        kind: &str,
        over: Option<&str>,
    ) -> PyResult<Decision> {
        let (path, to) = (decision::path(path)?, decision::path(to)?);
        let from = decision::entry(&path, kind)?;
        let over = over.map(decision::kind).transpose()?;
        Ok(decision::answer(
            &self.inner,
            Request::Rename {
                from,
                to: &to,
                over,
            },
        ))
    }

    /// Whether two entries may be exchanged (`RENAME_EXCHANGE`).
    #[pyo3(signature = (path, other, *, kind="regular", other_kind="regular"))]
    fn decide_exchange(
        &self,
        path: &Bound<'_, PyAny>,
        other: &Bound<'_, PyAny>,
        kind: &str,
        other_kind: &str,
    ) -> PyResult<Decision> {
        let (path, other) = (decision::path(path)?, decision::path(other)?);
        let one = decision::entry(&path, kind)?;
        let other = decision::entry(&other, other_kind)?;
        Ok(decision::answer(&self.inner, Request::Exchange(one, other)))
    }

    /// Whether a hard link may be made.
    #[pyo3(signature = (path, to, *, kind="regular"))]
    fn decide_link(
        &self,
        path: &Bound<'_, PyAny>,
        to: &Bound<'_, PyAny>,
        kind: &str,
    ) -> PyResult<Decision> {
        let (path, to) = (decision::path(path)?, decision::path(to)?);
        let from = decision::entry(&path, kind)?;
        Ok(decision::answer(
            &self.inner,
            Request::Link { from, to: &to },
        ))
    }

    fn __str__(&self) -> String {
        self.text()
    }

    fn __repr__(&self) -> String {
        format!("<Plan for {}>", self.inner.kernel())
    }

    /// It never changes, so that it is as good as a copy.
    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }
}
