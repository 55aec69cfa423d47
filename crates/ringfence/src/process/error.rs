//! Why a job was not started, as sentences.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use ringfence_sys::spawn::{LaunchError, Step};
use rustix::io::Errno;

use super::{CgroupError, Limit, NotRunnable};

/// Why a job was not started. Nothing of it is left then.
///
/// [`SpawnError::Wait`] alone comes later.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// There is no such program.
    #[error(transparent)]
    Program(#[from] NotRunnable),
    /// An argument or a variable cannot be passed on.
    #[error("cannot start `{}`: its arguments or its environment hold a NUL byte", .0.display())]
    Nul(OsString),
    /// A pipe or `/dev/null` could not be opened.
    #[error("cannot open what {0} of the job is connected to")]
    Stdio(&'static str, #[source] io::Error),
    /// Its directory could not be opened.
    #[error("cannot start in {}", .0.display())]
    Directory(PathBuf, #[source] io::Error),
    /// The filter would deny the start itself.
    #[error(
        "cannot start the job: it is started by execve, which the policy does not let pass; allow it there"
    )]
    Execve,
    /// The group of the job could not be closed, since no filter can be made for this machine.
    #[error(
        "cannot keep the job in its process group: the system calls of {0} are not known here; let it leave the \
         group, and end what it leaves behind by other means"
    )]
    Group(&'static str),
    /// A limit that would not hold.
    #[error("cannot limit {0} of the job: {1}")]
    Limit(Limit, &'static str),
    /// It cannot be another user's.
    #[error("cannot start the job as another user: {0}")]
    User(&'static str),
    /// The cgroup of the job could not be made.
    #[error(transparent)]
    Cgroup(#[from] CgroupError),
    /// This process could not be copied.
    #[error("cannot make a copy of this process")]
    Copy(#[source] io::Error),
    /// A copy of this process could not be restricted.
    #[error("cannot restrict a copy of this process: {step}")]
    Settle {
        /// The step that failed.
        step: StartStep,
        /// What the kernel said.
        source: io::Error,
    },
    /// The end of a job that was started cannot be told.
    #[error(
        "cannot wait for the job; a process that ignores SIGCHLD, or waits for any child in another thread, loses it"
    )]
    Wait(#[source] io::Error),
    /// A step of the start failed.
    #[error("cannot start {}: {step}", program.display())]
    Step {
        /// The file that was to be executed.
        program: PathBuf,
        /// The step.
        step: StartStep,
        /// What the kernel said.
        source: io::Error,
    },
}

/// A step on the way to the running program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StartStep {
    /// Memory for the stack of the new process.
    #[error("no memory for the stack of the new process")]
    Stack,
    /// `clone(2)`.
    #[error("the process could not be made")]
    Clone,
    /// `rt_sigaction(2)`, `rt_sigprocmask(2)`.
    #[error("its signals could not be set to their defaults")]
    Signals,
    /// `setpgid(2)`.
    #[error("it could not become leader of a process group")]
    Group,
    /// `cgroup.procs`.
    #[error("it could not enter its cgroup")]
    Cgroup,
    /// `dup3(2)`.
    #[error("its standard descriptors could not be put in their places")]
    Stdio,
    /// `fchdir(2)`.
    #[error("it could not enter its directory")]
    Directory,
    /// `prlimit(2)`.
    #[error("its limits could not be set")]
    Limits,
    /// `setgroups(2)`, `setgid(2)`, `setuid(2)`.
    #[error(
        "it could not become the other user; a user namespace may not know the number, and an outer filter may \
         deny setgroups, setgid or setuid"
    )]
    User,
    /// `close_range(2)`.
    #[error("the descriptors that it must not inherit could not be closed")]
    Descriptors,
    /// `prctl(2)`.
    #[error("no_new_privs could not be set; an outer filter may deny prctl")]
    NoNewPrivs,
    /// `capset(2)`.
    #[error(
        "its capabilities could not be given up (CAP_SYS_MODULE, CAP_SYS_RESOURCE, CAP_SETUID); an outer filter may \
         deny capget or capset"
    )]
    Capability,
    /// `landlock_restrict_self(2)`.
    #[error(
        "it could not be restricted by Landlock; the kernel stacks 16 layers, and an outer filter may deny \
         landlock_restrict_self"
    )]
    Landlock,
    /// `seccomp(2)`.
    #[error("its filter of system calls could not be installed")]
    Filter,
    /// `execve(2)`.
    #[error("it could not be executed")]
    Execute,
}

impl SpawnError {
    pub(super) fn step(program: PathBuf, error: LaunchError) -> Self {
        Self::Step {
            program,
            step: error.step.into(),
            source: error.error,
        }
    }

    /// Whether there is no such program, or no interpreter or loader of the name that it gives.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Program(NotRunnable::NotFound { .. }))
            || self.said_of_program() == Some(Errno::NOENT)
    }

    /// Whether the program may not be executed: by its mode, its mount, or the sandbox.
    pub fn is_not_executable(&self) -> bool {
        matches!(self, Self::Program(NotRunnable::NotExecutable(_)))
            || self.said_of_program() == Some(Errno::ACCESS)
    }

    /// What `execve` said. Other steps may say the same, of a directory say.
    fn said_of_program(&self) -> Option<Errno> {
        match self {
            Self::Step {
                step: StartStep::Execute,
                source,
                ..
            } => Errno::from_io_error(source),
            _ => None,
        }
    }

    /// What the kernel said, if it was asked.
    pub fn raw_os_error(&self) -> Option<i32> {
        match self {
            Self::Stdio(_, source)
            | Self::Directory(_, source)
            | Self::Copy(source)
            | Self::Settle { source, .. }
            | Self::Step { source, .. } => source.raw_os_error(),
            _ => None,
        }
    }
}

impl From<Step> for StartStep {
    fn from(step: Step) -> Self {
        match step {
            Step::Stack => Self::Stack,
            Step::Signals | Step::SignalMask => Self::Signals,
            Step::Group => Self::Group,
            Step::Cgroup => Self::Cgroup,
            Step::Stdio => Self::Stdio,
            Step::Directory => Self::Directory,
            Step::Limits => Self::Limits,
            Step::User => Self::User,
            Step::Descriptors => Self::Descriptors,
            Step::NoNewPrivs => Self::NoNewPrivs,
            Step::Capability => Self::Capability,
            Step::Landlock => Self::Landlock,
            Step::Filter => Self::Filter,
            Step::Execute => Self::Execute,
            _ => Self::Clone,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_directory_is_not_said_of_the_program() {
        let failed = |step, errno: Errno| SpawnError::Step {
            program: PathBuf::from("/usr/bin/true"),
            step,
            source: errno.into(),
        };
        assert!(failed(StartStep::Execute, Errno::NOENT).is_not_found());
        assert!(failed(StartStep::Execute, Errno::ACCESS).is_not_executable());
        for errno in [Errno::NOENT, Errno::ACCESS] {
            let error = failed(StartStep::Directory, errno);
            assert!(!error.is_not_found() && !error.is_not_executable());
        }
    }
}
