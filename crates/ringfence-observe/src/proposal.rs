//! Lines that could be added to a policy, as flags and as YAML.

use std::fmt;
use std::path::Path;

use ringfence::{
    Access, ClassLine, PathLine, Policy, PolicyBuilder, PortLine, SyscallEffect, SyscallLine,
};
use ringfence_manifest::Manifest;

use crate::sensitive::Sensitive;

/// What could be added; several lines about paths belong together.
#[derive(Clone, Debug)]
pub(crate) enum Line {
    Paths(Vec<PathLine>),
    Port(PortLine),
    Class(ClassLine),
    Call(SyscallLine),
}

impl Line {
    pub(crate) fn add(&self, policy: PolicyBuilder) -> PolicyBuilder {
        match self.clone() {
            Self::Paths(lines) => lines.into_iter().fold(policy, PolicyBuilder::path_line),
            Self::Port(line) => policy.port_line(line),
            Self::Class(line) => policy.class_line(line),
            Self::Call(line) => policy.syscall_line(line),
        }
    }
}

impl fmt::Display for Line {
    /// As flags, which a shell reads as they are meant.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Paths(lines) => {
                for (number, line) in lines.iter().enumerate() {
                    let separator = if number == 0 { "" } else { " " };
                    write!(f, "{separator}{}", flag(line))?;
                }
                Ok(())
            }
            Self::Port(line) => write!(f, "--{} {}", line.class.name(), line.ports),
            Self::Class(line) => write!(f, "--allow {}", line.class.name()),
            Self::Call(line) => line.fmt(f),
        }
    }
}

fn flag(line: &PathLine) -> String {
    let path = for_shell(&line.path);
    match line.access {
        Access::RO | Access::RW => format!("--{} {path}", line.access),
        Access::CONNECT_UNIX => format!("--connect-unix {path}"),
        access => format!("--fs {access}={path}"),
    }
}

/// A path as a word of a POSIX shell; what is no UTF-8 or cannot be printed is shown, and no more.
fn for_shell(path: &Path) -> String {
    let text: String = path
        .to_string_lossy()
        .chars()
        .map(|character| {
            if ringfence::is_strange(character) {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect();
    let is_plain = |character: char| character.is_alphanumeric() || "/._-+,:@%".contains(character);
    if text.chars().all(is_plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Something that could be added, in every form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// As flags.
    pub flags: String,
    /// As lines of a manifest; none if YAML cannot say it.
    pub yaml: Option<String>,
    /// Why adding it would be unwise, if it would.
    pub warning: Option<String>,
}

impl Proposal {
    pub(crate) fn new(line: &Line, sensitive: &Sensitive) -> Self {
        let policy = line.add(Policy::builder()).build().ok();
        let yaml = policy.and_then(|policy| Manifest::from(policy).to_yaml().ok());
        let warning = match line {
            Line::Paths(lines) => lines
                .iter()
                .find_map(|line| sensitive.concern(line.access.rights(), &line.path))
                .map(|concern| concern.to_string()),
            Line::Port(line) if line.ports == ringfence::Ports::Any => {
                Some("opens every port of this kind, at every address".to_owned())
            }
            Line::Class(line) => Some(format!("opens all of it: {}", line.class.summary())),
            Line::Call(line) if line.effect == SyscallEffect::Allow => {
                Some(format!("lets {} pass whatever it is about", line.calls))
            }
            Line::Port(_) | Line::Call(_) => None,
        };
        Self {
            flags: line.to_string(),
            yaml: yaml.map(|yaml| yaml.trim_start_matches("version: 1\n").to_owned()),
            warning,
        }
    }
}
