//! Manifest → YAML, in the order of the table of keys: what is written reads back as the same manifest.

use ringfence::{Access, Action, PathLine, Policy, PortClass, SyscallEffect, Syscalls};
use std::fmt::Write as _;

use crate::manifest::{Act, Expectation, Expected, Limits, Manifest, Readiness};
use crate::units::{write_bytes, write_duration};
use scalars::{path, pattern, plain_or_quoted, utf8, value};

mod scalars;

pub(crate) use scalars::quoted;

/// A manifest that YAML cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritable(String);

impl std::fmt::Display for Unwritable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "cannot write {} into a manifest: it is no UTF-8 text",
            self.0
        )
    }
}

impl std::error::Error for Unwritable {}

impl Manifest {
    /// Writes the manifest as YAML. Where its lines came from is not written, but for what their
    /// authors said that they are for.
    ///
    /// # Errors
    /// [`Unwritable`] if a path is no UTF-8, which a policy may name and YAML cannot.
    ///
    /// ```
    /// use ringfence_manifest::{Format, Manifest, Variables};
    ///
    /// let text = "version: 1\nro:\n  - /usr\nconnect-tcp:\n  - 443\n";
    /// let (manifest, _) = Manifest::parse("x", text, Format::Yaml, &Variables::default())?;
    /// assert_eq!(manifest.to_yaml()?, text);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_yaml(&self) -> Result<String, Unwritable> {
        let mut out = String::from("version: 1\n");
        if let Some(description) = &self.description {
            entry(&mut out, "description", &quoted(description));
        }
        list(
            &mut out,
            "command",
            self.command.iter().map(|word| value(word)),
        );
        if let Some(directory) = &self.directory {
            entry(&mut out, "directory", &path(directory)?);
        }
        paths(&mut out, &self.policy)?;
        ports(&mut out, &self.policy);
        for (key, allow) in [("allow", true), ("deny", false)] {
            let classes = self.policy.classes().iter();
            let classes = classes.filter(|line| line.allow == allow);
            list(
                &mut out,
                key,
                classes.map(|line| line.class.name().to_owned()),
            );
        }
        syscalls(&mut out, self.policy.syscalls());
        strictness(&mut out, &self.policy);
        if self.dependencies.of_command {
            entry(&mut out, "with-deps", "true");
        }
        let programs: Vec<_> = self
            .dependencies
            .of
            .iter()
            .map(|program| path(program))
            .collect::<Result<_, _>>()?;
        list(&mut out, "with-deps-of", programs.into_iter());
        self.environment(&mut out);
        limits(&mut out, &self.limits);
        if !self.lints.is_empty() {
            let lints: Vec<_> = self
                .lints
                .iter()
                .map(|switch| value(&switch.lint))
                .collect();
            let _ = writeln!(out, "lints:\n  allow: [{}]", lints.join(", "));
        }
        let expectations: Vec<_> = self
            .expectations
            .iter()
            .map(expectation)
            .collect::<Result<_, _>>()?;
        list(&mut out, "expect", expectations.into_iter());
        Ok(out)
    }

    fn environment(&self, out: &mut String) {
        let environment = &self.environment;
        if !environment.clear && environment.variables.is_empty() {
            return;
        }
        out.push_str("environment:\n");
        if environment.clear {
            out.push_str("  clear: true\n");
        }
        let kept: Vec<_> = environment
            .variables
            .iter()
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| name.as_str())
            .collect();
        if !kept.is_empty() {
            let kept: Vec<_> = kept.into_iter().map(value).collect();
            let _ = writeln!(out, "  keep: [{}]", kept.join(", "));
        }
        let mut given = environment
            .variables
            .iter()
            .filter_map(|(name, text)| Some((name, text.as_ref()?)))
            .peekable();
        if given.peek().is_some() {
            out.push_str("  set:\n");
        }
        for (name, text) in given {
            let _ = writeln!(out, "    {}: {}", plain_or_quoted(name), value(text));
        }
    }
}

/// The manifest that says a policy and nothing else.
impl From<Policy> for Manifest {
    fn from(policy: Policy) -> Self {
        Self {
            policy,
            ..Self::default()
        }
    }
}

fn entry(out: &mut String, key: &str, value: &str) {
    let _ = writeln!(out, "{key}: {value}");
}

fn list(out: &mut String, key: &str, items: impl Iterator<Item = String>) {
    let mut items = items.peekable();
    if items.peek().is_some() {
        let _ = writeln!(out, "{key}:");
    }
    for item in items {
        let _ = writeln!(out, "  - {item}");
    }
}

fn paths(out: &mut String, policy: &Policy) -> Result<(), Unwritable> {
    let keys = [
        ("ro", Some(Access::RO)),
        ("rw", Some(Access::RW)),
        ("fs", None),
        ("connect-unix", Some(Access::CONNECT_UNIX)),
    ];
    let key_of = |line: &PathLine| match line.access {
        Access::RO => "ro",
        Access::RW => "rw",
        Access::CONNECT_UNIX => "connect-unix",
        _ => "fs",
    };
    for (key, access) in keys {
        let lines: Vec<_> = policy
            .paths()
            .iter()
            .filter(|line| key_of(line) == key)
            .map(|line| path_line(line, access.is_none()))
            .collect::<Result<_, _>>()?;
        list(out, key, lines.into_iter());
    }
    Ok(())
}

fn path_line(line: &PathLine, worded: bool) -> Result<String, Unwritable> {
    let shown = if line.pattern {
        pattern(&line.path)?
    } else {
        path(&line.path)?
    };
    let description = line
        .source
        .origin()
        .and_then(|origin| origin.description.as_ref());
    if !worded && !line.optional && line.except.is_empty() && description.is_none() {
        return Ok(shown);
    }
    let mut parts = vec![format!("path: {shown}")];
    if worded {
        parts.push(format!(
            "access: [{}]",
            line.access.to_string().replace(',', ", ")
        ));
    }
    if line.optional {
        parts.push("optional: true".to_owned());
    }
    if !line.except.is_empty() {
        let names: Vec<_> = line
            .except
            .iter()
            .map(|name| path(name))
            .collect::<Result<_, _>>()?;
        parts.push(format!("except: [{}]", names.join(", ")));
    }
    if let Some(description) = description {
        parts.push(format!("description: {}", quoted(description)));
    }
    Ok(format!("{{{}}}", parts.join(", ")))
}

fn ports(out: &mut String, policy: &Policy) {
    for class in PortClass::ALL {
        let lines = policy.ports().iter().filter(|line| line.class == class);
        let lines = lines.map(|line| {
            let description = line
                .source
                .origin()
                .and_then(|origin| origin.description.as_ref());
            match description {
                Some(text) => format!("{{ports: {}, description: {}}}", line.ports, quoted(text)),
                None => line.ports.to_string(),
            }
        });
        list(out, class.name(), lines);
    }
}

fn syscalls(out: &mut String, syscalls: &Syscalls) {
    if syscalls.lines.is_empty() {
        return;
    }
    out.push_str("syscalls:\n");
    let mut calls = |key: &str, wanted: fn(SyscallEffect) -> bool| {
        let calls: Vec<_> = syscalls
            .lines
            .iter()
            .filter(|line| wanted(line.effect))
            .map(|line| match line.effect {
                SyscallEffect::Deny(action) if action != Action::EPERM => {
                    quoted(&format!("{}:{action}", line.calls))
                }
                _ => plain_or_quoted(&line.calls.to_string()),
            })
            .collect();
        if !calls.is_empty() {
            let _ = writeln!(out, "  {key}: [{}]", calls.join(", "));
        }
    };
    calls("allow", |effect| effect == SyscallEffect::Allow);
    calls("deny", |effect| matches!(effect, SyscallEffect::Deny(_)));
    calls("only", |effect| effect == SyscallEffect::Only);
    if syscalls.others != Syscalls::default().others {
        let _ = writeln!(out, "  others: {}", syscalls.others);
    }
}

fn strictness(out: &mut String, policy: &Policy) {
    let unrestricted = policy.unrestricted();
    let parts = [
        (unrestricted.fs, "fs"),
        (unrestricted.net, "net"),
        (unrestricted.ipc, "ipc"),
        (unrestricted.syscalls, "syscalls"),
    ];
    let parts = parts.iter().filter(|(is, _)| *is);
    list(
        out,
        "unrestricted",
        parts.map(|(_, name)| (*name).to_owned()),
    );
    if policy.best_effort() {
        entry(out, "best-effort", "true");
    }
    if policy.require_complete() {
        entry(out, "require-complete", "true");
    }
    if policy.audit() {
        entry(out, "audit", "true");
    }
    if policy.minimum_abi() != 0 {
        entry(out, "minimum-abi", &policy.minimum_abi().to_string());
    }
}

fn limits(out: &mut String, limits: &Limits) {
    if limits.is_empty() {
        return;
    }
    out.push_str("limits:\n");
    for (name, text) in [
        ("memory", limits.memory.map(write_bytes)),
        ("cpu", limits.cpu.map(write_duration)),
        ("wall", limits.wall.map(write_duration)),
        ("processes", limits.processes.map(|count| count.to_string())),
        (
            "open-files",
            limits.open_files.map(|count| count.to_string()),
        ),
        ("file-size", limits.file_size.map(write_bytes)),
    ] {
        if let Some(text) = text {
            let _ = writeln!(out, "  {name}: {text}");
        }
    }
}

fn expectation(expectation: &Expectation) -> Result<String, Unwritable> {
    let mut text = match &expectation.expected {
        Expected::Allowed(act) => format!("allow: {}", written_act(act)?),
        Expected::Denied(act) => format!("deny: {}", written_act(act)?),
        Expected::Ready { at, within } => {
            let at = match at {
                Readiness::Tcp(port) => format!("tcp {port}"),
                Readiness::Unix(path) => format!("unix {}", utf8(path)?),
                Readiness::File(path) => format!("file {}", utf8(path)?),
            };
            format!("ready: {}, within: {}", value(&at), write_duration(*within))
        }
        Expected::Exits { code, within } => {
            format!("exits: {code}, within: {}", write_duration(*within))
        }
    };
    if let Some(description) = &expectation.origin.description {
        let _ = write!(text, ", description: {}", quoted(description));
    }
    Ok(format!("{{{text}}}"))
}

/// The name of an act and what it is about.
fn written_act(act: &Act) -> Result<String, Unwritable> {
    Ok(match act {
        Act::Path(access, at) => {
            let word = access.to_string();
            format!("{}, path: {}", plain_or_quoted(&word), path(at)?)
        }
        Act::Port {
            class,
            port,
            address,
        } => {
            let address = address.map_or(String::new(), |address| {
                format!(", address: {}", quoted(&address.to_string()))
            });
            format!("{}, port: {port}{address}", class.name())
        }
        Act::Class(class) => class.name().to_owned(),
        Act::Syscall(call) => format!("syscall, name: {}", call.name()),
    })
}
