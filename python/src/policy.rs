//! Policies, in the words of the manifest.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use ringfence::{
    Access, Class, PathLine, PolicyBuilder, PortClass, Ports, SyscallEffect, SyscallLine,
    denying_action,
};
use ringfence_manifest::{Format, Manifest, Variables};

use crate::kernel::Kernel;
use crate::plan::Plan;
use crate::sandbox::{self, Sandbox};
use crate::{error, input};

/// What a program may do; everything else is denied.
///
/// Its words are the keys of a manifest with `_` for `-`: ro, rw, fs, connect_unix, connect_tcp, bind_tcp,
/// connect_udp, bind_udp, allow, deny, syscalls, unrestricted, best_effort, require_complete, minimum_abi, audit.
#[pyclass(frozen, eq, module = "ringfence")]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Policy {
    pub(crate) inner: ringfence::Policy,
}

#[pymethods]
impl Policy {
    #[new]
    #[pyo3(signature = (**words))]
    fn new(py: Python<'_>, words: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        let builder = lines(py, words)?;
        match builder.build() {
            Ok(inner) => Ok(Self { inner }),
            Err(fault) => Err(error::line(py, &fault)),
        }
    }

    /// Reads a manifest in YAML, JSON or TOML; what it says about the start of a command is left out.
    ///
    /// `variables` count before those of the environment.
    #[staticmethod]
    #[pyo3(signature = (path, *, variables=None))]
    fn from_file(
        py: Python<'_>,
        path: &Bound<'_, PyAny>,
        variables: Option<BTreeMap<String, String>>,
    ) -> PyResult<Self> {
        let path = PathBuf::from(input::os_string("path", path)?);
        // Not detached: nobody changes the environment meanwhile, which `os.environ` does by C's setenv.
        match Manifest::read(&path, &filled(variables)) {
            Ok((manifest, _)) => Ok(Self {
                inner: manifest.policy,
            }),
            Err(faults) => Err(error::manifest(py, &path.display().to_string(), &faults)),
        }
    }

    /// Reads the text of a manifest in YAML or JSON.
    #[staticmethod]
    #[pyo3(signature = (text, *, variables=None))]
    fn from_yaml(
        py: Python<'_>,
        text: &str,
        variables: Option<BTreeMap<String, String>>,
    ) -> PyResult<Self> {
        match Manifest::parse("policy", text, Format::Yaml, &filled(variables)) {
            Ok((manifest, _)) => Ok(Self {
                inner: manifest.policy,
            }),
            Err(faults) => Err(error::manifest(py, "the policy", &faults)),
        }
    }

    /// What of it holds on a kernel, and by what. For the running kernel its paths are looked up too.
    #[pyo3(signature = (kernel=None))]
    fn plan(&self, py: Python<'_>, kernel: Option<Bound<'_, Kernel>>) -> Plan {
        let policy = self.inner.clone();
        match kernel
            .map(|kernel| kernel.get().inner)
            .filter(|kernel| !kernel.is_probed())
        {
            Some(kernel) => Plan::new(policy, kernel),
            None => py.detach(|| Plan::looked_up(policy)),
        }
    }

    /// Opens its paths and compiles its filter, for many programs.
    fn prepare(&self, py: Python<'_>) -> PyResult<Sandbox> {
        Sandbox::new(py, self)
    }

    /// Restricts this process with all its threads, and all that it starts, for good. Returns the plan.
    fn enforce(&self, py: Python<'_>) -> PyResult<Plan> {
        // The other threads are called by a signal, which those that wait for the interpreter get too.
        sandbox::enforced(py, self, ringfence::Sandbox::enforce)
    }

    /// Restricts the calling thread and what it will start, for good. Returns the plan.
    ///
    /// Other threads stay free, and share its memory and descriptors: no wall against code that is hostile.
    fn enforce_this_thread(&self, py: Python<'_>) -> PyResult<Plan> {
        sandbox::enforced(py, self, ringfence::Sandbox::enforce_this_thread)
    }

    /// A policy that allows what either allows, and demands what either demands.
    fn merge(&self, py: Python<'_>, other: &Bound<'_, Self>) -> PyResult<Self> {
        let merged = PolicyBuilder::from(self.inner.clone()).merge(other.get().inner.clone());
        match merged.build() {
            Ok(inner) => Ok(Self { inner }),
            Err(fault) => Err(error::line(py, &fault)),
        }
    }

    /// Its lines, as their author wrote them.
    #[getter]
    fn lines(&self) -> Vec<String> {
        let policy = &self.inner;
        let paths = policy.paths().iter().map(ToString::to_string);
        let ports = policy.ports().iter().map(ToString::to_string);
        let classes = policy.classes().iter().map(ToString::to_string);
        let calls = policy.syscalls().lines.iter().map(ToString::to_string);
        paths.chain(ports).chain(classes).chain(calls).collect()
    }

    fn __repr__(&self) -> String {
        format!("<Policy: {}>", self.lines().join("; "))
    }

    /// It never changes, so that it is as good as a copy.
    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }
}

fn filled(given: Option<BTreeMap<String, String>>) -> Variables {
    let variables = Variables::of_environment();
    given
        .into_iter()
        .flatten()
        .fold(variables, |variables, (name, value)| {
            variables.set(name, value)
        })
}

/// Every word of a policy; the manifest's keys.
const WORDS: [&str; 16] = [
    "ro",
    "rw",
    "fs",
    "connect_unix",
    "connect_tcp",
    "bind_tcp",
    "connect_udp",
    "bind_udp",
    "allow",
    "deny",
    "syscalls",
    "unrestricted",
    "best_effort",
    "require_complete",
    "minimum_abi",
    "audit",
];

/// The lines that keyword arguments stand for; None is as good as none.
pub(crate) fn lines(py: Python<'_>, words: Option<&Bound<'_, PyDict>>) -> PyResult<PolicyBuilder> {
    let mut policy = ringfence::Policy::builder();
    for (word, value) in words.into_iter().flatten() {
        let word = input::text("a word of a policy", &word)?;
        if !value.is_none() {
            policy = add(py, policy, &word, &value)?;
        }
    }
    Ok(policy)
}

fn add(
    py: Python<'_>,
    mut policy: PolicyBuilder,
    word: &str,
    value: &Bound<'_, PyAny>,
) -> PyResult<PolicyBuilder> {
    Ok(match word {
        "ro" => paths(py, policy, word, value, Some(Access::RO))?,
        "rw" => paths(py, policy, word, value, Some(Access::RW))?,
        "connect_unix" => paths(py, policy, word, value, Some(Access::CONNECT_UNIX))?,
        "fs" => paths(py, policy, word, value, None)?,
        "connect_tcp" => ports(py, policy, word, value, PortClass::ConnectTcp)?,
        "bind_tcp" => ports(py, policy, word, value, PortClass::BindTcp)?,
        "connect_udp" => ports(py, policy, word, value, PortClass::ConnectUdp)?,
        "bind_udp" => ports(py, policy, word, value, PortClass::BindUdp)?,
        "allow" => classes(py, policy, word, value, PolicyBuilder::allow_class)?,
        "deny" => classes(py, policy, word, value, PolicyBuilder::deny_class)?,
        "syscalls" => syscalls(py, policy, value)?,
        "unrestricted" => {
            for part in input::one_or_list(word, value)? {
                let part = input::text(word, &part)?;
                policy = match part.as_str() {
                    "fs" => policy.unrestricted_fs(),
                    "net" => policy.unrestricted_net(),
                    "ipc" => policy.unrestricted_ipc(),
                    "syscalls" => policy.unrestricted_syscalls(),
                    _ => {
                        let parts = ["fs", "net", "ipc", "syscalls"].into_iter();
                        return Err(error::policy(py, &input::unknown("part", &part, parts)));
                    }
                };
            }
            policy
        }
        "best_effort" if input::switch(word, value)? => policy.best_effort(),
        "require_complete" if input::switch(word, value)? => policy.require_complete(),
        "audit" if input::switch(word, value)? => policy.audit(),
        "best_effort" | "require_complete" | "audit" => policy,
        "minimum_abi" => {
            let abi = input::number(word, value)?;
            policy.minimum_abi(u32::try_from(abi).unwrap_or(u32::MAX))
        }
        _ => {
            let sentence = input::unknown("word of a policy", word, WORDS.into_iter());
            return Err(PyTypeError::new_err(sentence));
        }
    })
}

fn paths(
    py: Python<'_>,
    mut policy: PolicyBuilder,
    word: &str,
    value: &Bound<'_, PyAny>,
    access: Option<Access>,
) -> PyResult<PolicyBuilder> {
    for entry in input::one_or_list(word, value)? {
        let line = match entry.cast::<PyDict>() {
            Ok(entry) => path_line(py, word, entry, access)?,
            Err(_) => {
                let Some(access) = access else {
                    let expected = "a dict such as {\"path\": \"/srv\", \"access\": [\"read\"]}";
                    return Err(input::wrong_type(word, expected, &entry));
                };
                PathLine::new(access, input::os_string(word, &entry)?)
            }
        };
        policy = policy.path_line(line);
    }
    Ok(policy)
}

fn path_line(
    py: Python<'_>,
    word: &str,
    entry: &Bound<'_, PyDict>,
    access: Option<Access>,
) -> PyResult<PathLine> {
    const KEYS: [&str; 5] = ["path", "access", "optional", "except", "glob"];
    let mut path = None;
    let mut line = PathLine::new(access.unwrap_or_default(), "");
    for (key, value) in entry {
        let key = input::text(word, &key)?;
        let name = format!("{word}: {key}");
        match key.as_str() {
            "path" => path = Some(input::os_string(&name, &value)?),
            "access" if access.is_none() => {
                for word in input::one_or_list(&name, &value)? {
                    let word = input::text(&name, &word)?;
                    let access = word.parse::<Access>();
                    line.access |= access.map_err(|fault| error::policy(py, &fault.to_string()))?;
                }
            }
            "optional" => line.optional = input::switch(&name, &value)?,
            "glob" => line.pattern = input::switch(&name, &value)?,
            "except" => {
                for except in input::one_or_list(&name, &value)? {
                    line.except.push(input::os_string(&name, &except)?.into());
                }
            }
            _ => {
                let known = KEYS
                    .into_iter()
                    .filter(|key| *key != "access" || access.is_none());
                let sentence = format!("{word}: {}", input::unknown("key", &key, known));
                return Err(error::policy(py, &sentence));
            }
        }
    }
    let Some(path) = path else {
        return Err(error::policy(
            py,
            &format!("{word}: a line about a path names none"),
        ));
    };
    if line.access.is_empty() {
        return Err(error::policy(
            py,
            &format!("{word}: no word says what is allowed"),
        ));
    }
    line.path = path.into();
    Ok(line)
}

fn ports(
    py: Python<'_>,
    mut policy: PolicyBuilder,
    word: &str,
    value: &Bound<'_, PyAny>,
    class: PortClass,
) -> PyResult<PolicyBuilder> {
    for port in input::one_or_list(word, value)? {
        let text = if port.is_instance_of::<PyString>() {
            input::text(word, &port)?
        } else {
            input::number(word, &port)?.to_string()
        };
        let ports = Ports::list(&text).map_err(|fault| error::policy(py, &fault.to_string()))?;
        for ports in ports {
            policy = match class {
                PortClass::BindTcp => policy.bind_tcp(ports),
                PortClass::ConnectTcp => policy.connect_tcp(ports),
                PortClass::BindUdp => policy.bind_udp(ports),
                PortClass::ConnectUdp => policy.connect_udp(ports),
            };
        }
    }
    Ok(policy)
}

fn classes(
    py: Python<'_>,
    mut policy: PolicyBuilder,
    word: &str,
    value: &Bound<'_, PyAny>,
    add: fn(PolicyBuilder, Class) -> PolicyBuilder,
) -> PyResult<PolicyBuilder> {
    for name in input::one_or_list(word, value)? {
        let name = input::text(word, &name)?;
        let Some(class) = Class::named(&name) else {
            let names = Class::ALL.iter().map(|class| class.name());
            return Err(error::policy(py, &input::unknown("class", &name, names)));
        };
        policy = add(policy, class);
    }
    Ok(policy)
}

fn syscalls(
    py: Python<'_>,
    mut policy: PolicyBuilder,
    value: &Bound<'_, PyAny>,
) -> PyResult<PolicyBuilder> {
    let Ok(keys) = value.cast::<PyDict>() else {
        let expected = "a dict such as {\"deny\": [\"ptrace\"]}";
        return Err(input::wrong_type("syscalls", expected, value));
    };
    let refused = |sentence: String| error::policy(py, &sentence);
    for (key, value) in keys {
        let key = input::text("syscalls", &key)?;
        let name = format!("syscalls: {key}");
        let read: fn(&str) -> Result<SyscallLine, String> = match key.as_str() {
            "allow" => |calls| SyscallLine::new(calls, SyscallEffect::Allow),
            "only" => |calls| SyscallLine::new(calls, SyscallEffect::Only),
            "deny" => SyscallLine::denial,
            "others" => {
                let action = denying_action(&input::text(&name, &value)?).map_err(refused)?;
                policy = policy.other_syscalls(action);
                continue;
            }
            _ => {
                let known = ["allow", "deny", "only", "others"].into_iter();
                return Err(refused(format!(
                    "syscalls: {}",
                    input::unknown("key", &key, known)
                )));
            }
        };
        for calls in input::one_or_list(&name, &value)? {
            let line = read(&input::text(&name, &calls)?).map_err(refused)?;
            policy = policy.syscall_line(line);
        }
    }
    Ok(policy)
}
