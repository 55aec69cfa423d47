//! A command that is going to be started in a sandbox.

use std::collections::BTreeMap;
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ringfence_sys::spawn::{Bounds, Launch, launch};
use ringfence_sys::{CStrings, above_standard};
use rustix::fs::{CWD, Mode, OFlags};

use super::cgroup::JobCgroup;
use super::child::Job;
use super::group::{self, Programs};
use super::user::User;
use super::{Cgroups, Child, Ended, Limits, Output, SpawnError, Stdio, find_program};
use crate::capabilities;
use crate::policy::SyscallEffect;
use crate::sandbox::Sandbox;
use crate::seccomp::{Program, Syscall};

/// A command that is going to be started in a sandbox, in the words of [`std::process::Command`].
///
/// It is started by `clone` with `CLONE_VM` and `CLONE_VFORK`: the memory of this process is neither
/// copied nor marked, however large it is, and only the calling thread waits until the program runs.
/// It may be started any number of times, and from many threads at once.
///
/// What differs from [`std::process::Command`]:
/// - The program leads a process group that it cannot leave, and when it ends, or the [`Child`] is
///   dropped, all of the group is killed. `setsid`, `setpgid` and `clone` with `CLONE_PARENT` fail with
///   EPERM there, and 32-bit programs end ([`Command::may_leave_group`] lifts that).
/// - No descriptor above 2 is inherited, whether it is close-on-exec or not.
/// - All signals are at their defaults, and none is blocked.
/// - `no_new_privs` is set.
/// - There is no `process_group`: the job leads a group of its own, by which all that it started is found
///   and ended. Nor is there `pre_exec`: no code of this process runs between the start and the sandbox.
///
/// ```no_run
/// use ringfence::Policy;
///
/// let policy = Policy::builder().ro("/usr").ro("/lib").ro("/lib64").build()?;
/// let sandbox = policy.prepare()?;
/// let output = sandbox.command("/usr/bin/id").env_clear().output()?;
/// println!("{}", String::from_utf8_lossy(&output.stdout));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Command<'s> {
    sandbox: &'s Sandbox,
    program: OsString,
    /// What it is called, if not as it is found.
    name: Option<OsString>,
    arguments: Vec<OsString>,
    clear: bool,
    /// Without a value a variable is removed.
    variables: BTreeMap<OsString, Option<OsString>>,
    directory: Option<PathBuf>,
    user: User,
    stdio: [Option<Stdio>; 3],
    limits: Limits,
    cgroups: Option<&'s Cgroups>,
    may_leave_group: bool,
}

impl Sandbox {
    /// A command in this sandbox. A name without a slash is looked for in PATH of the command's
    /// environment.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command<'_> {
        Command {
            sandbox: self,
            program: program.as_ref().to_owned(),
            name: None,
            arguments: Vec::new(),
            clear: false,
            variables: BTreeMap::new(),
            directory: None,
            user: User::default(),
            stdio: [const { None }; 3],
            limits: Limits::default(),
            cgroups: None,
            may_leave_group: false,
        }
    }
}

impl<'s> Command<'s> {
    /// Calls it by another name, the first of its arguments: for programs that do what they are called.
    pub fn arg0(&mut self, name: impl AsRef<OsStr>) -> &mut Self {
        self.name = Some(name.as_ref().to_owned());
        self
    }

    /// Adds an argument.
    pub fn arg(&mut self, argument: impl AsRef<OsStr>) -> &mut Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(&mut self, arguments: impl IntoIterator<Item = A>) -> &mut Self {
        for argument in arguments {
            self.arg(argument);
        }
        self
    }

    /// Sets a variable of its environment.
    pub fn env(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> &mut Self {
        let value = value.as_ref().to_owned();
        self.variables.insert(name.as_ref().to_owned(), Some(value));
        self
    }

    /// Sets variables of its environment.
    pub fn envs<N: AsRef<OsStr>, V: AsRef<OsStr>>(
        &mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> &mut Self {
        for (name, value) in variables {
            self.env(name, value);
        }
        self
    }

    /// Takes a variable out of its environment.
    pub fn env_remove(&mut self, name: impl AsRef<OsStr>) -> &mut Self {
        self.variables.insert(name.as_ref().to_owned(), None);
        self
    }

    /// Starts from an empty environment instead of this process's: what a job is not given, it cannot
    /// tell anyone.
    pub fn env_clear(&mut self) -> &mut Self {
        self.clear = true;
        self.variables.clear();
        self
    }

    /// Starts it in this directory. A relative name of the program is relative to it.
    pub fn current_dir(&mut self, directory: impl AsRef<Path>) -> &mut Self {
        self.directory = Some(directory.as_ref().to_owned());
        self
    }

    /// Starts it as this user: without a capability unless that is root, and with no supplementary groups
    /// unless [`Command::groups`] names some. [`Command::gid`] has to be said as well. What the job opens it
    /// opens as this user, its directory included; what it is given was opened by this process.
    ///
    /// Another user than this process's needs `CAP_SETUID`, `CAP_SETGID` and `CAP_KILL`, by which the job is
    /// ended.
    ///
    /// The kernel marks the memory of this process, which the new one shares for a moment, as not to be dumped
    /// (`PR_SET_DUMPABLE`): from then on it leaves no core dump, or one for root, only root can trace it, and its files
    /// in `/proc` are root's. That keeps processes of that user out of its memory. Do not undo it while jobs are
    /// started. Where the sysctl `fs.suid_dumpable` is 1, which opens that memory, or cannot be read, the start is
    /// refused.
    pub fn uid(&mut self, uid: u32) -> &mut Self {
        self.user.uid = Some(uid);
        self
    }

    /// Starts it in this group. Another one than this process's needs `CAP_SETGID`.
    pub fn gid(&mut self, gid: u32) -> &mut Self {
        self.user.gid = Some(gid);
        self
    }

    /// Starts it with these supplementary groups, for which `CAP_SETGID` is needed.
    pub fn groups(&mut self, groups: &[u32]) -> &mut Self {
        self.user.groups = Some(groups.to_owned());
        self
    }

    /// Where its standard input comes from; this process's own unless [`Command::output`] starts it,
    /// which connects it with `/dev/null`.
    pub fn stdin(&mut self, stdio: impl Into<Stdio>) -> &mut Self {
        self.stdio[0] = Some(stdio.into());
        self
    }

    /// Where its standard output goes; to this process's own unless [`Command::output`] starts it.
    pub fn stdout(&mut self, stdio: impl Into<Stdio>) -> &mut Self {
        self.stdio[1] = Some(stdio.into());
        self
    }

    /// Where its standard error goes; to this process's own unless [`Command::output`] starts it.
    pub fn stderr(&mut self, stdio: impl Into<Stdio>) -> &mut Self {
        self.stdio[2] = Some(stdio.into());
        self
    }

    /// What it may use up.
    pub fn limits(&mut self, limits: Limits) -> &mut Self {
        self.limits = limits;
        self
    }

    /// Puts it into a cgroup of its own beneath one that was delegated. Limits of memory and processes
    /// then hold for the job as a whole, and nothing can leave it.
    pub fn cgroup(&mut self, cgroups: &'s Cgroups) -> &mut Self {
        self.cgroups = Some(cgroups);
        self
    }

    /// Lets it begin sessions and process groups: for shells with job control and programs that make
    /// daemons. Without a cgroup, what leaves the job's group outlives the job.
    pub fn may_leave_group(&mut self, may: bool) -> &mut Self {
        self.may_leave_group = may;
        self
    }

    /// The program, as it was named.
    pub fn get_program(&self) -> &OsStr {
        &self.program
    }

    /// Its arguments, without its own name.
    pub fn get_args(&self) -> impl ExactSizeIterator<Item = &OsStr> {
        self.arguments.iter().map(OsString::as_os_str)
    }

    /// The variables that were set, and those that were taken out, which have no value.
    pub fn get_envs(&self) -> impl ExactSizeIterator<Item = (&OsStr, Option<&OsStr>)> {
        let variables = self.variables.iter();
        variables.map(|(name, value)| (name.as_os_str(), value.as_deref()))
    }

    /// Where it starts, if that was said.
    pub fn get_current_dir(&self) -> Option<&Path> {
        self.directory.as_deref()
    }

    /// Starts it.
    ///
    /// # Errors
    /// [`SpawnError`] with the step that failed; nothing of the job is left then.
    pub fn spawn(&mut self) -> Result<Child, SpawnError> {
        self.spawn_with(&Stdio::inherit(), &Stdio::inherit())
    }

    /// Starts it and waits for its end.
    ///
    /// # Errors
    /// As [`Command::spawn`]; [`SpawnError::Wait`] where the end cannot be told.
    pub fn status(&mut self) -> Result<Ended, SpawnError> {
        self.spawn()?.wait().map_err(SpawnError::Wait)
    }

    /// Starts it, waits for its end, and collects what it writes to standard output and error.
    ///
    /// # Errors
    /// As [`Command::status`].
    pub fn output(&mut self) -> Result<Output, SpawnError> {
        self.spawn_with(&Stdio::null(), &Stdio::piped())?
            .wait_with_output()
            .map_err(SpawnError::Wait)
    }

    /// Starts it; `input` and `output` stand for what was not said.
    pub(crate) fn spawn_with(&self, input: &Stdio, output: &Stdio) -> Result<Child, SpawnError> {
        self.require_execve()?;
        let in_cgroup = self.cgroups.is_some();
        self.limits
            .require_possible(in_cgroup, || self.user.is_exempt(true))?;
        let [stdin, stdout, stderr] = &self.stdio;
        let broken = |which| move |error| SpawnError::Stdio(which, error);
        let (stdin, to_stdin) = stdin
            .as_ref()
            .unwrap_or(input)
            .input()
            .map_err(broken("standard input"))?;
        let (stdout, from_stdout) = stdout
            .as_ref()
            .unwrap_or(output)
            .output()
            .map_err(broken("standard output"))?;
        let (stderr, from_stderr) = stderr
            .as_ref()
            .unwrap_or(output)
            .output()
            .map_err(broken("standard error"))?;
        let job = self.start([stdin.fd(), stdout.fd(), stderr.fd()])?;
        Ok(Child::new(to_stdin, from_stdout, from_stderr, job))
    }

    fn start(&self, stdio: [Option<BorrowedFd<'_>>; 3]) -> Result<Job, SpawnError> {
        let variables = self.environment();
        let path = variables
            .iter()
            .find(|(name, _)| name == "PATH")
            .map(|(_, value)| value.as_os_str());
        let start = self.directory.as_deref().unwrap_or(Path::new(""));
        let file = find_program(&self.program, path, start)?;
        let nul = || SpawnError::Nul(self.program.clone());
        let program = c_string(file.clone().into()).ok_or_else(nul)?;
        let arguments: CStrings = std::iter::once(self.name.as_ref().unwrap_or(&self.program))
            .chain(&self.arguments)
            .map(|argument| c_string(argument.clone()).ok_or_else(nul))
            .collect::<Result<_, _>>()?;
        let environment: CStrings = variables
            .into_iter()
            .map(|(mut variable, value)| {
                variable.push("=");
                variable.push(value);
                c_string(variable).ok_or_else(nul)
            })
            .collect::<Result<_, _>>()?;
        let directory = self.open_directory()?;
        let filter = self.filter()?;
        let user = self.user.change()?;
        let cgroup = self
            .cgroups
            .map(|cgroups| cgroups.job(&self.limits))
            .transpose()?;
        let resources = &self.limits.resources(cgroup.is_some());
        let started = Instant::now();
        let launched = launch(&Launch {
            program: &program,
            arguments: &arguments,
            environment: &environment,
            bounds: Bounds {
                stdio,
                directory: directory.as_ref().map(OwnedFd::as_fd),
                cgroup: cgroup.as_ref().map(JobCgroup::procs),
                limits: resources,
                user,
                own_group: true,
                keep: &[],
                give_up: capabilities::given_up(self.sandbox.plan(), resources),
                ruleset: self.sandbox.ruleset(),
                restrict_flags: self.sandbox.restrict_flags(),
                filter: filter.map(Program::instructions),
            },
        })
        .map_err(|error| SpawnError::step(file, error))?;
        let in_group = !self.may_leave_group;
        Ok(Job::new(launched, started, self.limits, in_group, cgroup))
    }

    fn filter(&self) -> Result<Option<&'s Program>, SpawnError> {
        if self.may_leave_group {
            Ok(self.sandbox.filter().map(Programs::plain))
        } else {
            group::filter(self.sandbox).map(Some)
        }
    }

    /// The variables that it will have. Those of this process are taken by std, which holds off other
    /// threads that change them by std.
    fn environment(&self) -> Vec<(OsString, OsString)> {
        let mut variables: Vec<(OsString, OsString)> = if self.clear {
            Vec::new()
        } else {
            std::env::vars_os().collect()
        };
        for (name, value) in &self.variables {
            variables.retain(|(known, _)| known != name);
            if let Some(value) = value {
                variables.push((name.clone(), value.clone()));
            }
        }
        variables
    }

    fn open_directory(&self) -> Result<Option<OwnedFd>, SpawnError> {
        let Some(directory) = &self.directory else {
            return Ok(None);
        };
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        rustix::fs::openat(CWD, directory, flags, Mode::empty())
            .map_err(io::Error::from)
            .and_then(above_standard)
            .map(Some)
            .map_err(|error| SpawnError::Directory(directory.clone(), error))
    }

    /// Fails if the filter would deny the start itself.
    fn require_execve(&self) -> Result<(), SpawnError> {
        let syscalls = &self.sandbox.plan().syscalls;
        match syscalls.effect_on(Syscall::EXECVE) {
            Some(SyscallEffect::Deny(_)) => Err(SpawnError::Execve),
            None if syscalls.is_allow_list() => Err(SpawnError::Execve),
            _ => Ok(()),
        }
    }
}

fn c_string(text: OsString) -> Option<CString> {
    CString::new(text.into_vec()).ok()
}
