//! Questions to a plan, and its answers.

use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use ringfence::{
    Access, AccessFs, Allowance, Class, Entry, FileKind, Mechanism, Plan, Request, WORDS,
};

use crate::{error, input};

/// The answer of a plan; true if the access is allowed.
#[pyclass(frozen, eq, get_all, module = "ringfence")]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    /// Whether the access is allowed.
    allowed: bool,
    /// By what: `lines`, `unrestricted` (the policy leaves it alone) or `open` (this kernel cannot deny it) if it is
    /// allowed; `landlock`, `seccomp` or `widens` (what is moved would gain rights) if it is denied.
    by: &'static str,
    /// The lines that allow it.
    lines: Vec<String>,
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
        let lines = self.lines.iter().map(|line| format!("by `{line}`"));
        let reason = (!self.reason.is_empty()).then(|| self.reason.clone());
        let why: Vec<_> = lines.chain(reason).collect();
        format!("<Decision: {verdict}, {}>", why.join(", "))
    }
}

/// Answers a question as a person asks it.
pub(crate) fn decide(
    plan: &Plan,
    access: &str,
    about: Option<&Bound<'_, PyAny>>,
) -> PyResult<Decision> {
    let class = Class::named(access);
    let rights = match (access.parse::<Access>(), class) {
        (Ok(words), _) => Some(words.rights()),
        // The one class of paths that has no word of its own.
        (_, Some(Class::Truncate)) => Some(AccessFs::TRUNCATE),
        (_, Some(_)) => None,
        _ => return Err(error::value(unknown(access))),
    };
    match (rights, class, about) {
        (Some(rights), _, Some(about)) => Ok(answer(plan, Request::Path(rights, &path(about)?))),
        (Some(_), _, None) => Err(error::value(format!(
            "`{access}` is asked about a path; name it"
        ))),
        (None, Some(Class::Port(class)), Some(about)) => {
            match u16::try_from(input::number("about", about)?) {
                Ok(port) => Ok(answer(plan, Request::Port(class, port))),
                Err(_) => Err(error::value(format!(
                    "{about} is no port: ports go from 0 to 65535"
                ))),
            }
        }
        (None, Some(Class::Port(_)), None) => Err(error::value(format!(
            "`{access}` is asked about a port; name it"
        ))),
        (None, Some(class), None) => Ok(answer(plan, Request::Class(class))),
        _ => Err(error::value(format!(
            "`{access}` is a class of acts that has neither path nor port; leave out what follows it"
        ))),
    }
}

/// A path as the kernel sees it, as far as its text tells.
pub(crate) fn path(value: &Bound<'_, PyAny>) -> PyResult<PathBuf> {
    let path = PathBuf::from(input::os_string("path", value)?);
    if path.is_absolute() {
        return Ok(path);
    }
    let sentence = format!(
        "`{}` is no absolute path; see os.path.realpath",
        path.display()
    );
    Err(error::value(sentence))
}

pub(crate) fn class(name: &str) -> PyResult<Class> {
    let known = Class::ALL.iter().map(|class| class.name());
    Class::named(name).ok_or_else(|| error::value(input::unknown("class", name, known)))
}

pub(crate) fn entry<'p>(path: &'p Path, name: &str) -> PyResult<Entry<'p>> {
    Ok(Entry {
        path,
        kind: kind(name)?,
    })
}

pub(crate) fn kind(name: &str) -> PyResult<FileKind> {
    const KINDS: [(&str, FileKind); 7] = [
        ("regular", FileKind::Regular),
        ("directory", FileKind::Directory),
        ("symlink", FileKind::Symlink),
        ("socket", FileKind::Socket),
        ("fifo", FileKind::Fifo),
        ("char-device", FileKind::CharDevice),
        ("block-device", FileKind::BlockDevice),
    ];
    let known = KINDS.iter().map(|(known, _)| *known);
    let found = KINDS.iter().find(|(known, _)| *known == name);
    found
        .map(|(_, kind)| *kind)
        .ok_or_else(|| error::value(input::unknown("kind of file", name, known)))
}

pub(crate) fn answer(plan: &Plan, request: Request<'_>) -> Decision {
    let about_class = matches!(request, Request::Class(_));
    match plan.decide(request) {
        ringfence::Decision::Allowed(allowance) => allowed(&allowance),
        ringfence::Decision::Widens { gained } => denied(
            "widens",
            gained,
            "what is moved would gain rights; it may be copied",
        ),
        ringfence::Decision::Denied {
            by: Mechanism::Seccomp,
            missing,
        } => denied("seccomp", missing, "denied by the filter of system calls"),
        ringfence::Decision::Denied { missing, .. } if !about_class => {
            denied("landlock", missing, "denied by Landlock: no line allows it")
        }
        _ => denied("landlock", AccessFs::empty(), "denied by Landlock"),
    }
}

fn denied(by: &'static str, missing: AccessFs, reason: &str) -> Decision {
    let missing = WORDS
        .iter()
        .filter(|word| word.access.bits().is_power_of_two() && word.rights.intersects(missing));
    Decision {
        allowed: false,
        by,
        lines: Vec::new(),
        missing: missing.map(|word| word.name).collect(),
        reason: reason.to_owned(),
    }
}

fn allowed(allowance: &Allowance<'_>) -> Decision {
    let (by, lines, reason) = match allowance {
        Allowance::Paths(paths) => {
            let lines = paths.iter().map(|path| path.line.to_string()).collect();
            ("lines", lines, String::new())
        }
        Allowance::Port(port) => ("lines", vec![port.line.to_string()], String::new()),
        Allowance::Open(Some(abi)) => {
            let reason = format!("this kernel cannot deny it; that needs {abi}");
            ("open", Vec::new(), reason)
        }
        Allowance::Open(None) => (
            "open",
            Vec::new(),
            "no kernel can deny it so far".to_owned(),
        ),
        _ => (
            "unrestricted",
            Vec::new(),
            "the policy leaves it alone".to_owned(),
        ),
    };
    Decision {
        allowed: true,
        by,
        lines,
        missing: Vec::new(),
        reason,
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
