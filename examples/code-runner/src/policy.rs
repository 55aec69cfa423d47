//! What jobs may do and use up: the manifest, made ready once for all of them.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use ringfence::process::Limits;
use ringfence::{AccessFs, Kernel, PrepareError, Request, Template, WORDS};
use ringfence_manifest::{Faults, Manifest, Variables};

/// The policy of all jobs.
pub struct JobPolicy {
    /// Of which each request gets a sandbox with its own directory added.
    pub template: Template,
    /// What a job may use up.
    pub limits: Limits,
    /// The variables of its environment.
    pub environment: Vec<(OsString, OsString)>,
}

/// Why a manifest does not do for jobs.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    #[error("cannot use the policy of the jobs:\n{0}")]
    Faults(Faults),
    #[error("cannot use {}: jobs take no {what} from it; take that out", file.display())]
    Unused { file: PathBuf, what: &'static str },
    #[error(
        "cannot use {}: what jobs find in their environment must be named; say `environment: {{clear: true}}`",
        .0.display()
    )]
    Environment(PathBuf),
    #[error("cannot use {}: strangers get no sandbox that holds less than was asked for; take `best-effort` out", .0.display())]
    BestEffort(PathBuf),
    #[error(
        "cannot limit processes (limits: processes): the kernel does not count those of root; start as another user"
    )]
    ProcessesOfRoot,
    #[error("cannot make the sandbox of the jobs")]
    Prepare(#[from] PrepareError),
    #[error("cannot look at {}", .0.display())]
    Gone(PathBuf, #[source] io::Error),
    #[error("cannot use {}: `{line}` lets jobs change it, and so what later jobs may do; keep it elsewhere", file.display())]
    Changeable { file: PathBuf, line: String },
    #[error(
        "cannot keep jobs apart: the policy allows `{word}` in {}; narrow that line, or take another --state",
        directory.display()
    )]
    State {
        directory: PathBuf,
        word: &'static str,
    },
}

impl JobPolicy {
    /// Reads a manifest; the sandbox of the jobs is made here, so that nothing of it fails later.
    pub fn read(path: &Path, output: u64) -> Result<Self, PolicyError> {
        let (manifest, sources) =
            Manifest::read(path, &Variables::of_environment()).map_err(PolicyError::Faults)?;
        let unused = [
            ("command", !manifest.command.is_empty()),
            ("directory", manifest.directory.is_some()),
            (
                "dependencies",
                manifest.dependencies.of_command || !manifest.dependencies.of.is_empty(),
            ),
        ];
        if let Some((what, _)) = unused.into_iter().find(|(_, is_there)| *is_there) {
            let file = path.to_owned();
            return Err(PolicyError::Unused { file, what });
        }
        if !manifest.environment.clear {
            return Err(PolicyError::Environment(path.to_owned()));
        }
        if manifest.policy.best_effort() {
            return Err(PolicyError::BestEffort(path.to_owned()));
        }
        let limits = limits(&manifest, output);
        if limits.processes.is_some() && rustix::process::geteuid().is_root() {
            return Err(PolicyError::ProcessesOfRoot);
        }
        let environment = environment(&manifest);
        let template = Template::new(manifest.policy, Kernel::probe())?;
        for file in sources.files() {
            let gone = |error| PolicyError::Gone(file.to_owned(), error);
            if let Some(line) = template.sandbox().may_change(file).map_err(gone)? {
                return Err(PolicyError::Changeable {
                    file: file.to_owned(),
                    line: line.to_string(),
                });
            }
        }
        Ok(Self {
            template,
            limits,
            environment,
        })
    }

    /// Fails if the policy itself allows anything in the directory that has those of all jobs.
    pub fn require_closed(&self, directory: &Path) -> Result<(), PolicyError> {
        let plan = self.template.sandbox().plan();
        let known = AccessFs::known_to(plan.kernel().abi());
        let job = directory.join("any");
        let is_open = |right| plan.decide(Request::Path(right, &job)).is_allowed();
        let mut words = WORDS.iter();
        match words.find(|word| word.rights.intersection(known).iter().any(is_open)) {
            Some(word) => Err(PolicyError::State {
                directory: directory.to_owned(),
                word: word.name,
            }),
            None => Ok(()),
        }
    }
}

fn limits(manifest: &Manifest, output: u64) -> Limits {
    Limits {
        output: Some(output),
        ..Limits::from(&manifest.limits)
    }
}

/// The variables with a value, and those that are kept from the server's environment.
fn environment(manifest: &Manifest) -> Vec<(OsString, OsString)> {
    let variables = manifest.environment.variables.iter();
    variables
        .filter_map(|(name, value)| {
            let value = match value {
                Some(value) => value.into(),
                None => std::env::var_os(name)?,
            };
            Some((name.into(), value))
        })
        .collect()
}
