//! A command line of landrun (<https://github.com/Zouuup/landrun>, 0.1.16) → manifest.

use lexopt::{Arg, Parser, ValueExt};
use ringfence::{Access, PathLine, Policy, PolicyBuilder, PortClass, Ports, closest};
use ringfence_manifest::{Environment, Manifest};

use super::{ImportError, Imported};

const FORMAT: &str = "a command line of landrun";

/// What landrun calls `rw`, which does not execute.
const RW: Access = Access::READ
    .union(Access::WRITE)
    .union(Access::CREATE)
    .union(Access::REMOVE)
    .union(Access::RENAME)
    .union(Access::IOCTL);

const FLAGS: [&str; 19] = [
    "ro",
    "rox",
    "rw",
    "rwx",
    "unix",
    "bind-tcp",
    "connect-tcp",
    "env",
    "best-effort",
    "ignore-missing",
    "unrestricted-filesystem",
    "unrestricted-network",
    "unrestricted-scoped",
    "add-exec",
    "ldd",
    "log-level",
    "log-disable-originating",
    "log-enable-subprocesses",
    "log-disable-subdomains",
];

/// Reads the words of a command line: landrun's own name may be the first.
///
/// # Errors
/// A flag that landrun does not have, a value that it would refuse, a relative path, a word that is no UTF-8.
///
/// ```
/// let words = ["landrun", "--rox", "/usr", "--rw=/tmp", "--connect-tcp", "443", "curl"];
/// let imported = ringfence_export::import::landrun(words.map(Into::into))?;
/// assert_eq!(imported.manifest.command, ["curl"]);
/// assert_eq!(imported.manifest.policy.paths().len(), 2);
/// # Ok::<(), ringfence_export::import::ImportError>(())
/// ```
pub fn landrun(
    words: impl IntoIterator<Item = std::ffi::OsString>,
) -> Result<Imported, ImportError> {
    let mut words = words.into_iter().peekable();
    words.next_if(|word| {
        std::path::Path::new(word).file_name() == Some(std::ffi::OsStr::new("landrun"))
    });
    let mut read = Reading {
        policy: Policy::builder(),
        manifest: Manifest::default(),
        paths: Vec::new(),
        ignore_missing: false,
        notes: Vec::new(),
    };
    // landrun passes no variable of its own environment on.
    read.manifest.environment = Environment {
        clear: true,
        variables: Vec::new(),
    };
    let mut parser = Parser::from_args(words);
    while let Some(argument) = parser.next().map_err(syntax)? {
        match argument {
            Arg::Long(name) => {
                let name = name.to_owned();
                read.flag(&name, &mut parser)?;
            }
            Arg::Short(letter) => return Err(unknown(&format!("-{letter}"), "")),
            Arg::Value(first) => {
                let rest = parser.raw_args().map_err(syntax)?;
                for word in std::iter::once(first).chain(rest) {
                    let word = word.string().map_err(syntax)?;
                    read.manifest.command.push(word);
                }
            }
        }
    }
    read.finish()
}

struct Reading {
    policy: PolicyBuilder,
    manifest: Manifest,
    paths: Vec<(Access, String)>,
    ignore_missing: bool,
    notes: Vec<String>,
}

impl Reading {
    fn flag(&mut self, name: &str, parser: &mut Parser) -> Result<(), ImportError> {
        let mut value = || parser.value().and_then(ValueExt::string).map_err(syntax);
        match name {
            "ro" => self.paths(Access::READ, &value()?),
            "rox" => self.paths(Access::RO, &value()?),
            "rw" => self.paths(RW, &value()?),
            "rwx" => self.paths(RW | Access::EXECUTE, &value()?),
            "unix" => self.paths(Access::CONNECT_UNIX, &value()?),
            "bind-tcp" => return self.ports(PortClass::BindTcp, &value()?),
            "connect-tcp" => return self.ports(PortClass::ConnectTcp, &value()?),
            "env" => {
                let value = value()?;
                let variable = match value.split_once('=') {
                    Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                    None => (value, None),
                };
                self.manifest.environment.variables.push(variable);
            }
            "best-effort" => self.change(PolicyBuilder::best_effort),
            "ignore-missing" => self.ignore_missing = true,
            "unrestricted-filesystem" => self.change(PolicyBuilder::unrestricted_fs),
            "unrestricted-network" => self.change(PolicyBuilder::unrestricted_net),
            "unrestricted-scoped" => self.change(PolicyBuilder::unrestricted_ipc),
            "add-exec" | "ldd" => {
                self.manifest.dependencies.of_command = true;
                let note = format!(
                    "--{name} became `with-deps`, which allows the command's file, its loader and its libraries \
                     and not the directories that they are in"
                );
                self.notes.push(note);
            }
            "log-level" => {
                value()?;
                self.notes
                    .push("--log-level says nothing of the sandbox".to_owned());
            }
            "log-enable-subprocesses" => self.change(PolicyBuilder::audit),
            "log-disable-originating" | "log-disable-subdomains" => {
                self.notes.push(format!(
                    "--{name} has no key in a manifest: `audit` records what is denied to the command and \
                     all that it starts"
                ));
            }
            _ => {
                let similar =
                    closest(name, FLAGS).map(|similar| format!("; did you mean --{similar}?"));
                return Err(unknown(&format!("--{name}"), &similar.unwrap_or_default()));
            }
        }
        Ok(())
    }

    fn change(&mut self, change: impl FnOnce(PolicyBuilder) -> PolicyBuilder) {
        self.policy = change(std::mem::take(&mut self.policy));
    }

    /// landrun takes several paths with commas between.
    fn paths(&mut self, access: Access, value: &str) {
        let paths = value.split(',').map(str::trim);
        self.paths
            .extend(paths.map(|path| (access, path.to_owned())));
    }

    fn ports(&mut self, class: PortClass, value: &str) -> Result<(), ImportError> {
        for text in value.split(',').map(str::trim) {
            let port: u16 = text.parse().map_err(|_| {
                ImportError::part(
                    format!("--{} {value}", class.name()),
                    format!("`{text}` is no port; they go from 0 to 65535"),
                )
            })?;
            if port == 0 && !class.binds() {
                let note = "--connect-tcp 0 was left out: no program can connect to port 0";
                self.notes.push(note.to_owned());
                continue;
            }
            self.change(|policy| {
                policy.port_line(ringfence::PortLine {
                    class,
                    ports: Ports::from(port),
                    source: ringfence::Source::Api,
                })
            });
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Imported, ImportError> {
        let writes = self.paths.iter().any(|(access, _)| access.contains(RW));
        for (access, path) in std::mem::take(&mut self.paths) {
            if !path.starts_with('/') {
                return Err(ImportError::relative(&path));
            }
            let line = PathLine {
                optional: self.ignore_missing,
                ..PathLine::new(access, path)
            };
            self.change(|policy| policy.path_line(line));
        }
        if writes {
            self.notes.push(
                "--rw and --rwx of landrun also let a program that has the privilege create device files; add \
                 `make-device` if it is needed"
                    .to_owned(),
            );
        }
        self.notes.push(
            "landrun has no filter of system calls and leaves UDP open: what `ringfence plan` lists as denied may \
             need a line"
                .to_owned(),
        );
        self.manifest.policy = self.policy.build()?;
        Ok(Imported {
            manifest: self.manifest,
            notes: self.notes,
        })
    }
}

fn unknown(flag: &str, proposal: &str) -> ImportError {
    ImportError::Syntax {
        format: FORMAT,
        why: format!("it has no flag {flag}{proposal}"),
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "it is what map_err hands over"
)]
fn syntax(error: lexopt::Error) -> ImportError {
    ImportError::Syntax {
        format: FORMAT,
        why: error.to_string(),
    }
}
