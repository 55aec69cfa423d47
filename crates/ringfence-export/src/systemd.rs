//! Manifest → a service of systemd that starts its command by `landlock-runner`.
//!
//! Landlock and the filter of system calls are the wrapper's, which reads the manifest at each start.
//! Beside them stands what systemd can do by itself, as a second fence: never narrower than the
//! policy where a program would notice, and never instead of it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ringfence::{Abi, Kernel, Plan};
use ringfence_manifest::Manifest;

use crate::exported::{ExportError, Exported, ExportedFile};

mod account;
mod base;
mod command;
mod escape;
mod kernel;
mod limits;
mod paths;
#[cfg(test)]
mod tests;

/// The name of the format, in messages.
const FORMAT: &str = "systemd";

/// How a service is written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Service {
    /// The name of the unit, without `.service`.
    pub unit: String,
    /// Where `landlock-runner` is.
    pub runner: String,
    /// The manifest's file, as a whole path: the wrapper reads it at each start.
    pub manifest: PathBuf,
    /// Variables that the manifest is read with, each `NAME=VALUE`.
    pub variables: Vec<String>,
    /// What is started instead of the manifest's command.
    pub command: Vec<String>,
    /// The text of the unit that the drop-in is for; its command is taken if no other is named.
    pub base: Option<String>,
    /// Whether a whole unit is written instead of a drop-in for one.
    pub whole: bool,
    /// The directory of units that the files are for.
    pub directory: PathBuf,
}

impl Service {
    /// A drop-in for the unit of this name, whose wrapper reads this manifest.
    pub fn new(unit: impl Into<String>, manifest: impl Into<PathBuf>) -> Self {
        Self {
            unit: unit.into(),
            runner: "/usr/bin/landlock-runner".to_owned(),
            manifest: manifest.into(),
            variables: Vec::new(),
            command: Vec::new(),
            base: None,
            whole: false,
            directory: "/etc/systemd/system".into(),
        }
    }
}

/// `Key=value`, and what of the manifest it comes from.
struct Directive {
    text: String,
    from: String,
}

impl Directive {
    fn new(text: impl Into<String>, from: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            from: from.into(),
        }
    }
}

/// Writes a service that starts the manifest's command by the wrapper.
///
/// `limits: wall` is nothing that the wrapper can do, and `limits: processes` nothing that it can do
/// as root. Where a manifest has them, a copy without them is part of the export: systemd counts the
/// time and the processes, and the wrapper reads the copy.
///
/// # Errors
/// No command, a relative path, a limit that systemd ignores, and texts that a unit file cannot hold.
pub fn systemd(manifest: &Manifest, service: &Service) -> Result<Exported, ExportError> {
    let unit = unit_name(&service.unit)?;
    limits::check(manifest)?;
    let copy = limits::without_refused(manifest);
    let read = match &copy {
        Some(_) => service
            .directory
            .join("ringfence")
            .join(format!("{unit}.yaml")),
        None => service.manifest.clone(),
    };
    let base = service.base.as_deref().map(base::Base::read).transpose()?;
    let started = command::Started::new(manifest, service, base.as_ref(), &read, copy.is_some())?;

    let policy = &manifest.policy;
    let plan = newest_plan(manifest);
    let mut needed = others(manifest, service, &read);
    needed.extend(base.iter().flat_map(|base| base.needed.iter().cloned()));
    let paths = paths::Paths::new(policy.paths(), needed)?;
    let files = paths.directives(&plan)?;
    let kernel = kernel::fence(policy, &plan, base.as_ref());
    let mut directives = vec![Directive::new(
        "NoNewPrivileges=yes",
        "the wrapper's programs gain no privileges",
    )];
    if base.as_ref().is_some_and(|base| base.lists_calls) {
        directives.push(Directive::new(
            // The group that holds them, systemd 252 does not have.
            "SystemCallFilter=landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp",
            "the unit lists the calls that are allowed, and the wrapper needs these to restrict itself",
        ));
    }
    let mut notes = started.notes.clone();
    let account = account::of(manifest, &plan, &files, &kernel);
    directives.extend(files.directives);
    directives.extend(kernel.directives);
    directives.extend(limits::directives(manifest));
    notes.extend(files.notes);
    notes.extend(kernel.notes);
    if let Some(base) = &base {
        notes.extend(base.notes(&directives));
    } else if !service.whole {
        notes.push(
            "what the unit itself says is not known without --unit-file: address families that it allows are added to \
             those here, and a limit here replaces the unit's"
                .to_owned(),
        );
    }
    if manifest.limits.wall.is_some() {
        notes.push(
            "RuntimeMaxSec= counts from the moment that the service is up; with Type=oneshot write \
             TimeoutStartSec= instead"
                .to_owned(),
        );
    }

    let mut text = String::new();
    header(&mut text, copy.is_some());
    if service.whole {
        let description = manifest.description.as_deref().unwrap_or(&unit);
        let description = escape::comment(description).replace('%', "%%");
        // A backslash at the end would take the next line with it.
        let description = description.trim_matches([' ', '\\']);
        let _ = write!(
            text,
            "\n[Unit]\nDescription={description}\n\n[Service]\nType=exec\n{}\n",
            started.line
        );
    } else {
        let _ = write!(text, "\n[Service]\nExecStart=\n{}\n", started.line);
    }
    for directive in directives {
        let _ = write!(
            text,
            "\n# {}\n{}\n",
            escape::comment(&directive.from),
            directive.text
        );
    }
    if service.whole {
        text.push_str("\n[Install]\nWantedBy=multi-user.target\n");
    }

    let name = if service.whole {
        format!("{unit}.service")
    } else {
        format!("{unit}.service.d/ringfence.conf")
    };
    let mut files = vec![ExportedFile { name, text }];
    if let Some(copy) = copy {
        files.push(ExportedFile {
            name: format!("ringfence/{unit}.yaml"),
            text: copy.to_yaml()?,
        });
    }
    Ok(Exported {
        files,
        account,
        notes,
    })
}

fn header(text: &mut String, copied: bool) {
    text.push_str(
        "# Written by `ringfence export systemd`; write it anew when the manifest has changed.\n\
         # Landlock and the filter of system calls are applied by landlock-runner alone. What stands beside\n\
         # ExecStart= is a second fence, which systemd puts up before.\n",
    );
    if copied {
        text.push_str(
            "# The manifest that is read is a copy without `limits: wall` and `processes`, which systemd enforces.\n",
        );
    }
}

/// The name of a unit, checked.
fn unit_name(written: &str) -> Result<String, ExportError> {
    let name = written.strip_suffix(".service").unwrap_or(written);
    let valid = |byte: u8| byte.is_ascii_alphanumeric() || b":-_.@".contains(&byte);
    if name.is_empty() || name.starts_with('.') || name.len() > 200 || !name.bytes().all(valid) {
        return Err(ExportError::Text {
            text: written.to_owned(),
            why: "it is no name of a unit, which has letters, digits and `:-_.@`; name one with --unit"
                .to_owned(),
        });
    }
    Ok(name.to_owned())
}

/// The plan for the newest kernel: its filter closes least.
fn newest_plan(manifest: &Manifest) -> Plan {
    Plan::new(
        manifest.policy.clone(),
        Kernel::with_abi(Abi::NEWEST.number().into()),
    )
}

/// What has to be readable beside the lines: the files that the wrapper opens, and where it changes to.
fn others(manifest: &Manifest, service: &Service, read: &Path) -> Vec<PathBuf> {
    let mut others = vec![PathBuf::from(&service.runner), read.to_owned()];
    if read == service.manifest {
        // The copy holds what others include.
        let policy = &manifest.policy;
        let sources = (policy.paths().iter().map(|line| &line.source))
            .chain(policy.ports().iter().map(|line| &line.source))
            .chain(policy.classes().iter().map(|line| &line.source))
            .chain(policy.syscalls().lines.iter().map(|line| &line.source));
        let files = sources.filter_map(|source| source.origin());
        others.extend(files.map(|origin| origin.file.to_path_buf()));
    }
    let program = service.command.first().or(manifest.command.first());
    others.extend(program.map(PathBuf::from));
    others.extend(manifest.directory.clone());
    others.extend(manifest.dependencies.of.iter().cloned());
    others.retain(|path| path.is_absolute());
    others
}
