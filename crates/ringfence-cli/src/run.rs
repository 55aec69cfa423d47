//! From a command line to the running command, for the wrapper and for `ringfence run`.

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};

use ringfence::{
    Access, Dependency, EnforceError, Entries, Found, Kernel, PathLine, Plan, Policy, PrepareError,
    Sandbox, Source, Syscall, SyscallEffect, Syscalls,
};
use ringfence_manifest::Limits;

use crate::command::{Command, CommandError, Environment};
use crate::invocation::{Invocation, LogFormat, UsageError};
use crate::limits::{self, LimitError};
use crate::{deps, log, ui};

/// The exit code if the sandbox could not be set up.
pub(crate) const SETUP_FAILED: u8 = 125;

/// What may be wrong where the command itself is followed by `--`.
const STRAY_SEPARATOR: &str = "hint: a `--` follows what was taken for the command; if that was \
                               meant for a flag, repeat the flag: each takes one value";

/// Why the command was not started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("cannot close the descriptors that the command must not inherit")]
    Descriptors(#[source] io::Error),
    #[error(
        "the command is started by execve, which the policy does not list; add it with \
         `--only-syscalls execve`"
    )]
    UnlistedExecve,
    #[error(
        "the command is started by execve, which a line denies; take it out of `--deny-syscalls`, or \
         let it pass a group with `--allow-syscalls execve`"
    )]
    DeniedExecve,
    #[error(
        "`{line}` lets the command change {}, which its own policy is read from; move the file out of \
         there",
        file.display()
    )]
    OwnManifest { file: PathBuf, line: String },
    #[error("cannot see who may change {}, which the policy was read from", .0.display())]
    ManifestGone(PathBuf, #[source] io::Error),
    #[cfg(feature = "workbench")]
    #[error("cannot watch the command: its filter of system calls is refused")]
    Watch(#[source] io::Error),
    #[error("cannot change to {}", .0.display())]
    Directory(PathBuf, #[source] io::Error),
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error(transparent)]
    Usage(#[from] UsageError),
    #[error(transparent)]
    Dependencies(#[from] deps::Error),
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    #[error(transparent)]
    Enforce(#[from] EnforceError),
    #[error(transparent)]
    Command(#[from] CommandError),
}

/// Restricts this process and becomes the command. Returns only on failure, with the exit code.
pub(crate) fn run(program: &str, invocation: Invocation) -> u8 {
    let separated = invocation.command.iter().any(|word| word == "--");
    match prepare(program, invocation, |_| {}).and_then(Prepared::start) {
        Ok(never) => match never {},
        Err(error) => failed(program, &error, separated),
    }
}

/// Says why the command was not started; the exit code.
pub(crate) fn failed(program: &str, error: &StartError, separated: bool) -> u8 {
    let StartError::Command(error) = error else {
        return ui::fail(program, error, SETUP_FAILED);
    };
    let code = ui::fail(program, error, error.exit_code());
    if separated {
        ui::note(program, STRAY_SEPARATOR);
    }
    code
}

/// A command and its sandbox, before this process is restricted.
pub(crate) struct Prepared {
    pub(crate) sandbox: Sandbox,
    pub(crate) command: Command,
    directory: Option<PathBuf>,
    limits: Limits,
}

impl Prepared {
    /// Restricts this process and becomes the command.
    pub(crate) fn start(self) -> Result<Infallible, StartError> {
        if let Some(directory) = self.directory {
            std::env::set_current_dir(&directory)
                .map_err(|error| StartError::Directory(directory, error))?;
        }
        limits::apply(&self.limits)?;
        // A program just executed has one thread, and this one starts no other.
        let plan = self.sandbox.enforce_this_thread()?;
        Err(self.command.execute(&plan).into())
    }
}

/// Reads the manifest, finds the command, makes the sandbox ready, and says what it will be; `seen` is shown
/// the policy.
pub(crate) fn prepare(
    program: &str,
    mut invocation: Invocation,
    seen: impl FnOnce(&Policy),
) -> Result<Prepared, StartError> {
    ringfence_sys::close_on_exec_above_stderr(&invocation.keep_fds)
        .map_err(StartError::Descriptors)?;
    invocation.read_manifest()?;
    if invocation.command.is_empty() {
        return Err(UsageError::NoCommand.into());
    }
    limits::check(&invocation.limits)?;
    let environment = Environment::of(&invocation);
    let command = Command::new(&invocation, &environment)?;
    if invocation.with_deps {
        command.require_file(&invocation)?;
        add_dependencies(program, &mut invocation, &command.program, &environment)?;
    }
    for started in std::mem::take(&mut invocation.deps_of) {
        add_dependencies(program, &mut invocation, &started, &environment)?;
    }
    let policy = invocation.take_policy()?;
    // Errata are for the line on start alone, and a kernel without filters is noticed when the filter
    // is installed; best effort has to know before.
    let told = matches!(invocation.log, Some(LogFormat::Text | LogFormat::Json));
    let kernel = if told || policy.best_effort() {
        Kernel::probe()
    } else {
        Kernel::probe_abi()
    };
    require_execve(policy.syscalls())?;
    seen(&policy);
    let plan = Plan::new(policy, kernel);
    let sandbox = plan.prepare()?;
    require_own_manifest(&invocation.manifest_files, &sandbox)?;
    report(program, &invocation, sandbox.plan());
    Ok(Prepared {
        sandbox,
        command,
        directory: invocation.chdir,
        limits: invocation.limits,
    })
}

/// Fails if the command could change a file that its policy is read from: one run must not choose what
/// a later one allows.
pub(crate) fn require_own_manifest(files: &[PathBuf], sandbox: &Sandbox) -> Result<(), StartError> {
    for file in files {
        let line = sandbox
            .may_change(file)
            .map_err(|error| StartError::ManifestGone(file.clone(), error))?;
        if let Some(line) = line {
            return Err(StartError::OwnManifest {
                file: file.clone(),
                line: line.to_string(),
            });
        }
    }
    Ok(())
}

/// The policy that [`run`] would enforce, with what `with-deps` adds.
#[cfg(feature = "workbench")]
pub(crate) fn policy(
    program: &str,
    invocation: &mut Invocation,
) -> Result<Policy, Box<dyn std::error::Error>> {
    let environment = Environment::of(invocation);
    if invocation.with_deps && !invocation.command.is_empty() {
        let command = Command::new(invocation, &environment)?;
        add_dependencies(program, invocation, &command.program, &environment)?;
    }
    for started in std::mem::take(&mut invocation.deps_of) {
        add_dependencies(program, invocation, &started, &environment)?;
    }
    Ok(invocation.take_policy()?)
}

/// Fails if the filter would deny the start itself.
fn require_execve(syscalls: &Syscalls) -> Result<(), StartError> {
    match syscalls.effect_on(Syscall::EXECVE) {
        Some(SyscallEffect::Deny(_)) => Err(StartError::DeniedExecve),
        None if syscalls.is_allow_list() => Err(StartError::UnlistedExecve),
        _ => Ok(()),
    }
}

/// Says what the sandbox will be, before the command has the terminal.
fn report(program: &str, invocation: &Invocation, plan: &Plan) {
    if invocation.log != Some(LogFormat::Off) {
        print_skipped(program, plan, invocation.verbose);
    }
    if invocation.verbose {
        print_paths(program, plan);
    }
    log::start(program, invocation.log, plan);
}

/// What an executable needs in order to start where and as the command would.
pub(crate) fn closure(
    invocation: &Invocation,
    executable: &Path,
    environment: &Environment,
) -> Result<deps::Closure, deps::Error> {
    let (path, library_path, preload) = (
        environment.get("PATH"),
        environment.get("LD_LIBRARY_PATH"),
        environment.get("LD_PRELOAD"),
    );
    deps::closure(
        executable,
        &deps::Environment {
            path: path.as_deref(),
            library_path: library_path.as_deref(),
            preload: preload.as_deref(),
            directory: invocation.chdir.as_deref(),
        },
    )
}

/// Allows what an executable needs in order to start.
fn add_dependencies(
    program: &str,
    invocation: &mut Invocation,
    executable: &Path,
    environment: &Environment,
) -> Result<(), deps::Error> {
    let closure = closure(invocation, executable, environment)?;
    for file in closure.files {
        let line = PathLine {
            source: Source::Dependency(Box::new(Dependency {
                reason: file.reason.to_string(),
                device: file.device,
                inode: file.inode,
            })),
            ..PathLine::new(Access::RO, file.path)
        };
        invocation.add(|policy| policy.path_line(line));
    }
    if invocation.verbose {
        for note in closure.notes {
            ui::note(program, &format!("--with-deps: {note}"));
        }
    }
    Ok(())
}

/// Says which optional paths are missing; of those in manifests, which are written for many machines,
/// only if more is wanted.
fn print_skipped(program: &str, plan: &Plan, verbose: bool) {
    for path in plan.paths() {
        let told = verbose || path.line.source.origin().is_none();
        if told && *path.found == Found::Missing {
            let missing = ui::shown(&path.line.path);
            ui::note(
                program,
                &format!("skipped `{}`: {missing} does not exist", path.line),
            );
        }
    }
}

/// Shows each path that was added, led elsewhere or is redundant, and what patterns and exceptions
/// came to.
fn print_paths(program: &str, plan: &Plan) {
    for path in plan.paths() {
        let added = matches!(path.line.source, Source::Dependency(_));
        let place = path.path().filter(|place| *place != path.line.path);
        let redundant = matches!(path.found, Found::CoveredAt(_));
        let expansion = path.expansion();
        if !added && place.is_none() && !redundant && expansion.is_none() {
            continue;
        }
        let place = place.map_or(String::new(), |place| {
            format!(" is at {}", ui::shown(place))
        });
        let redundant = if redundant {
            " (redundant: a wider line covers it)"
        } else {
            ""
        };
        let expansion = expansion.map_or(String::new(), |expansion| format!(": {expansion}"));
        let line = path.line;
        ui::note(program, &format!("`{line}`{place}{redundant}{expansion}"));
        if let Found::Entries(entries) = path.found {
            print_entries(program, entries);
        }
    }
}

/// Shows the paths that a pattern or exceptions came to.
fn print_entries(program: &str, entries: &Entries) {
    const MOST: usize = 50;

    for entry in entries.granted().take(MOST) {
        ui::note(program, &format!("  {}", ui::shown(entry)));
    }
    if let Some(more @ 1..) = entries.granted().len().checked_sub(MOST) {
        ui::note(program, &format!("  and {more} more"));
    }
}
