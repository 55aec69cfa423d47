//! What a command line asks for: a policy, a command, and how to start it.

use std::ffi::OsString;
use std::os::fd::RawFd;
use std::path::PathBuf;

use ringfence::{Action, InvalidLine, Policy, PolicyBuilder, Syscalls};
use ringfence_manifest::{Faults, Format, Limits, Manifest, Sources, Variables};

use crate::flags::Flag;

/// How the line on start is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Text,
    Json,
    Off,
}

/// What was said of the path flag that follows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) optional: bool,
    pub(crate) pattern: bool,
    pub(crate) except: Vec<PathBuf>,
}

/// A command line, flag by flag.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Invocation {
    policy: PolicyBuilder,
    pub(crate) manifest: Option<PathBuf>,
    /// The files that the manifest was read from.
    pub(crate) manifest_files: Vec<PathBuf>,
    pub(crate) variables: Variables,
    /// The built-in fragments that are added.
    pub(crate) fragments: Vec<&'static str>,
    pub(crate) limits: Limits,
    pub(crate) pending: Pending,
    pub(crate) answers_others: bool,
    pub(crate) with_deps: bool,
    pub(crate) deps_of: Vec<PathBuf>,
    pub(crate) env: Vec<(OsString, Option<OsString>)>,
    pub(crate) clear_env: bool,
    pub(crate) chdir: Option<PathBuf>,
    pub(crate) keep_fds: Vec<RawFd>,
    pub(crate) log: Option<LogFormat>,
    pub(crate) verbose: bool,
    pub(crate) command: Vec<OsString>,
}

impl Default for Invocation {
    fn default() -> Self {
        Self {
            policy: PolicyBuilder::default(),
            manifest: None,
            manifest_files: Vec::new(),
            variables: Variables::of_environment(),
            fragments: Vec::new(),
            limits: Limits::default(),
            pending: Pending::default(),
            answers_others: false,
            with_deps: false,
            deps_of: Vec::new(),
            env: Vec::new(),
            clear_env: false,
            chdir: None,
            keep_fds: Vec::new(),
            log: None,
            verbose: false,
            command: Vec::new(),
        }
    }
}

/// A command line that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UsageError {
    #[error("--{flag}: {why}")]
    Flag { flag: &'static str, why: String },
    #[error("--{flag}: a value is missing before `{}`", found.display())]
    NoValue { flag: &'static str, found: OsString },
    #[error("{0} stands before no path flag; write it before --ro, --rw, --fs or --connect-unix")]
    Dangling(&'static str),
    #[error(
        "--other-syscalls: there are others only beside a list of allowed calls; add --only-syscalls"
    )]
    NoOthers,
    #[error(
        "--other-syscalls: the manifest answers other calls with {0}; leave the flag out, or change `others:` there"
    )]
    OtherOthers(Action),
    #[error(
        "no command is given; write it behind the flags, as in `landlock-runner --ro /usr -- /usr/bin/id`, or as `command:` in the manifest"
    )]
    NoCommand,
    #[error("cannot use {}:\n\n{faults}\n", file.display())]
    Manifest { file: PathBuf, faults: Box<Faults> },
    #[error(
        "--set {name}: the manifest has no ${{{name}}}; leave it out, or write it as it stands there"
    )]
    NoSuchVariable { name: String },
    #[error("--set {name}: there is no manifest that could have ${{{name}}}; add --policy")]
    NoManifest { name: String },
    #[error("unknown flag --{name}{}", proposal(name))]
    UnknownFlag { name: String },
    #[error(transparent)]
    Line(#[from] InvalidLine),
    #[error(transparent)]
    Syntax(#[from] lexopt::Error),
}

fn proposal(name: &str) -> String {
    Flag::similar(name).map_or_else(
        || "; see --help".to_owned(),
        |similar| format!("; did you mean --{similar}?"),
    )
}

/// Fails if `--set` gives a value to what no variable is: a default may count instead of what was meant.
pub(crate) fn require_used(variables: &Variables, sources: &Sources) -> Result<(), UsageError> {
    let mut given = variables.given();
    match given.find(|name| !sources.have_variable(name)) {
        Some(name) => Err(UsageError::NoSuchVariable {
            name: name.to_owned(),
        }),
        None => Ok(()),
    }
}

impl Invocation {
    /// Puts one flag into effect.
    pub(crate) fn apply(&mut self, flag: &'static Flag, value: OsString) -> Result<(), UsageError> {
        (flag.set)(self, value).map_err(|why| UsageError::Flag {
            flag: flag.name,
            why,
        })
    }

    /// Adds to the policy.
    pub(crate) fn add(&mut self, add: impl FnOnce(PolicyBuilder) -> PolicyBuilder) {
        self.policy = add(std::mem::take(&mut self.policy));
    }

    /// Adds what the manifest says, if one was named. Of the start of the command, flags say more
    /// than the manifest.
    pub(crate) fn read_manifest(&mut self) -> Result<(), UsageError> {
        self.add_fragments()?;
        let Some(file) = self.manifest.take() else {
            let name = self.variables.given().next().map(str::to_owned);
            return name.map_or(Ok(()), |name| Err(UsageError::NoManifest { name }));
        };
        let manifest = match Manifest::read(&file, &self.variables) {
            Ok((manifest, sources)) => {
                require_used(&self.variables, &sources)?;
                self.manifest_files = sources.files().map(PathBuf::from).collect();
                manifest
            }
            Err(faults) => {
                let faults = Box::new(faults);
                return Err(UsageError::Manifest { file, faults });
            }
        };
        // A flag adds to the manifest, and here is nothing that both could mean.
        let (own, others) = (
            self.policy.lines().syscalls().others,
            manifest.policy.syscalls().others,
        );
        if self.answers_others && ![own, Syscalls::default().others].contains(&others) {
            return Err(UsageError::OtherOthers(others));
        }
        self.start_as(&manifest);
        self.limits = manifest.limits;
        self.add(|flags| PolicyBuilder::from(manifest.policy).merge(flags));
        Ok(())
    }

    fn add_fragments(&mut self) -> Result<(), UsageError> {
        let fragments = std::mem::take(&mut self.fragments);
        if fragments.is_empty() {
            return Ok(());
        }
        let text = format!("version: 1\ninclude: [{}]\n", fragments.join(", "));
        let name = "--include";
        let (manifest, _) =
            Manifest::parse(name, &text, Format::Yaml, &self.variables).map_err(|faults| {
                UsageError::Manifest {
                    file: name.into(),
                    faults: Box::new(faults),
                }
            })?;
        self.add(|flags| PolicyBuilder::from(manifest.policy).merge(flags));
        Ok(())
    }

    /// Takes over what a manifest says of the start of the command, where flags do not say it.
    pub(crate) fn start_as(&mut self, manifest: &Manifest) {
        if self.command.is_empty() {
            self.command = manifest.command.iter().map(OsString::from).collect();
        }
        self.chdir = self.chdir.take().or_else(|| manifest.directory.clone());
        self.with_deps |= manifest.dependencies.of_command;
        self.deps_of
            .extend(manifest.dependencies.of.iter().cloned());
        self.clear_env |= manifest.environment.clear;
        let variables = manifest.environment.variables.iter();
        let variables =
            variables.map(|(name, value)| (name.into(), value.as_ref().map(OsString::from)));
        self.env.splice(..0, variables);
    }

    /// The policy, complete.
    pub(crate) fn take_policy(&mut self) -> Result<Policy, UsageError> {
        let Pending {
            optional,
            pattern,
            except,
        } = &self.pending;
        for (is_pending, flag) in [
            (*optional, "--optional"),
            (*pattern, "--glob"),
            (!except.is_empty(), "--except"),
        ] {
            if is_pending {
                return Err(UsageError::Dangling(flag));
            }
        }
        let policy = std::mem::take(&mut self.policy).build()?;
        if self.answers_others && !policy.syscalls().is_allow_list() {
            return Err(UsageError::NoOthers);
        }
        Ok(policy)
    }
}

#[cfg(test)]
mod tests;
