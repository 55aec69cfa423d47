//! Plans, and what they answer.

use std::path::Path;

use pyo3::prelude::*;
use ringfence::{Access, AccessFs, Allowance, Class, Mechanism, PlanReport, Request, WORDS};

use crate::kernel::Kernel;
use crate::{error, input};

/// What of a policy holds on a kernel, and by what.
#[pyclass(frozen, module = "ringfence")]
pub(crate) struct Plan {
    inner: ringfence::Plan,
    /// What else than the kernel stops the start, such as a path that is missing.
    trouble: Option<String>,
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
        let inner = ringfence::Plan::new(policy, ringfence::Kernel::probe());
        match inner.clone().prepare() {
            Ok(sandbox) => sandbox.plan().clone().into(),
            // The plan says so itself.
            Err(ringfence::PrepareError::Refused(_)) => inner.into(),
            Err(fault) => Self {
                inner,
                trouble: Some(error::sentence(&fault)),
            },
        }
    }

    fn report(&self) -> PlanReport {
        let mut report = self.inner.report();
        report.starts &= self.trouble.is_none();
        report.refusals.extend(self.trouble.clone());
        report
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
    fn json(&self) -> PyResult<String> {
        match serde_json::to_string_pretty(&self.report()) {
            Ok(text) => Ok(text + "\n"),
            Err(fault) => Err(error::value(fault.to_string())),
        }
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
        let access = input::text("access", access)?;
        let class = Class::named(&access);
        let rights = match (access.parse::<Access>(), class) {
            (Ok(words), _) => Some(words.rights()),
            // The one class of paths that has no word of its own.
            (_, Some(Class::Truncate)) => Some(AccessFs::TRUNCATE),
            (_, Some(_)) => None,
            _ => return Err(error::value(unknown(&access))),
        };
        if let Some(rights) = rights {
            let Some(about) = about else {
                return Err(error::value(format!(
                    "`{access}` is asked about a path; name it"
                )));
            };
            let path = input::os_string("about", about)?;
            let path = Path::new(&path);
            if !path.is_absolute() {
                let sentence = format!(
                    "`{}` is no absolute path; see os.path.realpath",
                    path.display()
                );
                return Err(error::value(sentence));
            }
            return Ok(self.answer(Request::Path(rights, path)));
        }
        match (class, about) {
            (Some(Class::Port(class)), Some(about)) => {
                match u16::try_from(input::number("about", about)?) {
                    Ok(port) => Ok(self.answer(Request::Port(class, port))),
                    Err(_) => Err(error::value(format!(
                        "{about} is no port: ports go from 0 to 65535"
                    ))),
                }
            }
            (Some(Class::Port(_)), None) => Err(error::value(format!(
                "`{access}` is asked about a port; name it"
            ))),
            (Some(class), None) => Ok(self.answer(Request::Class(class))),
            _ => Err(error::value(format!(
                "`{access}` is a class of acts that has neither path nor port; leave out what follows it"
            ))),
        }
    }

    fn __str__(&self) -> String {
        self.text()
    }

    fn __repr__(&self) -> String {
        format!("<Plan for {}>", self.inner.kernel())
    }
}

impl Plan {
    fn answer(&self, request: Request<'_>) -> Decision {
        let about_class = matches!(request, Request::Class(_));
        let (lines, denied_by, missing, reason) = match self.inner.decide(request) {
            ringfence::Decision::Allowed(allowance) => (
                lines(&allowance),
                None,
                AccessFs::empty(),
                because(&allowance),
            ),
            ringfence::Decision::Denied {
                by: Mechanism::Landlock,
                missing,
            } => {
                let reason = if about_class {
                    "denied by Landlock"
                } else {
                    "denied by Landlock: no line allows it"
                };
                (Vec::new(), Some("landlock"), missing, reason.to_owned())
            }
            ringfence::Decision::Denied { missing, .. } => {
                let reason = "denied by the filter of system calls".to_owned();
                (Vec::new(), Some("seccomp"), missing, reason)
            }
            ringfence::Decision::Widens { gained } => {
                let reason = "what is moved would gain rights; it may be copied".to_owned();
                (Vec::new(), Some("landlock"), gained, reason)
            }
            _ => (
                Vec::new(),
                Some("landlock"),
                AccessFs::empty(),
                String::new(),
            ),
        };
        Decision {
            allowed: denied_by.is_none(),
            lines,
            denied_by,
            missing: words_of(missing),
            reason,
        }
    }
}

/// The answer of a plan; true if the access is allowed.
#[pyclass(frozen, eq, get_all, module = "ringfence")]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Whether the access is allowed.
    allowed: bool,
    /// The lines that allow it.
    lines: Vec<String>,
    /// What denies it: `landlock` or `seccomp`.
    denied_by: Option<&'static str>,
    /// The words that no line gives.
    missing: Vec<&'static str>,
    /// Why it is allowed without a line, or by what it is denied.
    reason: String,
}

#[pymethods]
impl Decision {
    fn __bool__(&self) -> bool {
        self.allowed
    }

    fn __repr__(&self) -> String {
        let verdict = if self.allowed { "allowed" } else { "denied" };
        let why = self.lines.iter().map(|line| format!("by `{line}`"));
        let why = why.chain((!self.reason.is_empty()).then(|| self.reason.clone()));
        format!(
            "<Decision: {verdict}, {}>",
            why.collect::<Vec<_>>().join(", ")
        )
    }
}

fn unknown(access: &str) -> String {
    let names = WORDS.iter().map(|word| word.name);
    let names = names.chain(Class::ALL.iter().map(|class| class.name()));
    // The first of several words that is none.
    let wrong = access
        .split(',')
        .find(|name| names.clone().all(|known| known != *name))
        .unwrap_or(access);
    input::unknown("word", wrong, names)
}

fn lines(allowance: &Allowance<'_>) -> Vec<String> {
    match allowance {
        Allowance::Paths(paths) => paths.iter().map(|path| path.line.to_string()).collect(),
        Allowance::Port(port) => vec![port.line.to_string()],
        _ => Vec::new(),
    }
}

fn because(allowance: &Allowance<'_>) -> String {
    match allowance {
        Allowance::Unrestricted => "the policy leaves it alone".to_owned(),
        Allowance::Open(Some(abi)) => format!("this kernel cannot deny it; that needs {abi}"),
        Allowance::Open(None) => "no kernel can deny it so far".to_owned(),
        _ => String::new(),
    }
}

fn words_of(rights: AccessFs) -> Vec<&'static str> {
    WORDS
        .iter()
        .filter(|word| word.access.bits().is_power_of_two() && word.rights.intersects(rights))
        .map(|word| word.name)
        .collect()
}
