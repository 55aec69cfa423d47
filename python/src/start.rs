//! Starting a program: its arguments, its environment, and what it is connected to.

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt as _;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use ringfence::process::{SpawnError, Stdio};

use crate::cgroups::Cgroups;
use crate::job::Job;
use crate::sandbox::Inner;
use crate::{error, input, limits};

/// `subprocess.PIPE`, `STDOUT` and `DEVNULL`.
const PIPE: i32 = -1;
const STDOUT: i32 = -2;
const DEVNULL: i32 = -3;

/// Starts a program in a sandbox. What it is connected to is a descriptor, one of `subprocess`'s constants, or None
/// for this process's own.
#[pyfunction]
#[pyo3(signature = (policy, arguments, *, stdin=None, stdout=None, stderr=None, env=None, cwd=None, limits=None,
                    cgroups=None, executable=None, may_leave_group=false, uid=None, gid=None, groups=None))]
#[expect(
    clippy::too_many_arguments,
    reason = "keyword arguments, as subprocess has them"
)]
pub(crate) fn start(
    py: Python<'_>,
    policy: &Bound<'_, PyAny>,
    arguments: &Bound<'_, PyAny>,
    stdin: Option<i32>,
    stdout: Option<i32>,
    stderr: Option<i32>,
    env: Option<&Bound<'_, PyDict>>,
    cwd: Option<&Bound<'_, PyAny>>,
    limits: Option<&Bound<'_, PyAny>>,
    cgroups: Option<&Bound<'_, Cgroups>>,
    executable: Option<&Bound<'_, PyAny>>,
    may_leave_group: bool,
    uid: Option<u32>,
    gid: Option<u32>,
    groups: Option<Vec<u32>>,
) -> PyResult<Job> {
    let arguments: Vec<OsString> = input::one_or_list("args", arguments)?
        .iter()
        .map(|argument| input::os_string("args", argument))
        .collect::<PyResult<_>>()?;
    let Some((name, rest)) = arguments.split_first() else {
        return Err(error::value("args: name a program"));
    };
    let program = executable
        .map(|file| input::os_string("executable", file))
        .transpose()?;
    let directory = cwd.map(|cwd| input::os_string("cwd", cwd)).transpose()?;
    let limits = limits::read(limits)?;
    let environment = environment(env)?;
    let ends = Ends::new(py, [stdin, stdout, stderr])?;

    let inner = Inner::of(py, policy)?;
    let mut command = inner.sandbox().command(program.as_ref().unwrap_or(name));
    command
        .arg0(name)
        .args(rest)
        .limits(limits)
        .may_leave_group(may_leave_group);
    command.env_clear().envs(environment);
    if let Some(directory) = &directory {
        command.current_dir(directory);
    }
    if let Some(uid) = uid {
        command.uid(uid);
    }
    if let Some(gid) = gid {
        command.gid(gid);
    }
    if let Some(groups) = groups {
        command.groups(&groups);
    }
    if let Some(cgroups) = cgroups {
        command.cgroup(&cgroups.get().inner);
    }
    let [stdin, stdout, stderr] = ends.of_job;
    command.stdin(stdin).stdout(stdout).stderr(stderr);
    let child = py
        .detach(|| command.spawn())
        .map_err(|fault| error::spawn(py, &fault))?;
    Job::new(child, ends.ours, &limits)
        .map_err(|fault| error::kernel(py, "cannot watch the job", &fault))
}

/// The variables of a job. Those of this process are read here, attached, so that nobody changes them meanwhile.
fn environment(env: Option<&Bound<'_, PyDict>>) -> PyResult<Vec<(OsString, OsString)>> {
    let Some(env) = env else {
        return Ok(std::env::vars_os().collect());
    };
    env.iter()
        .map(|(name, value)| {
            let name = input::os_string("env", &name)?;
            if name.is_empty() || name.as_bytes().contains(&b'=') {
                let sentence = format!("env: `{}` is no name of a variable", name.display());
                return Err(error::value(sentence));
            }
            Ok((name, input::os_string("env", &value)?))
        })
        .collect()
}

/// What a job's standard descriptors are connected to.
struct Ends {
    of_job: [Stdio; 3],
    /// The other ends of pipes.
    ours: [Option<OwnedFd>; 3],
}

impl Ends {
    fn new(py: Python<'_>, [stdin, stdout, stderr]: [Option<i32>; 3]) -> PyResult<Self> {
        let failed = |which| move |fault| error::spawn(py, &SpawnError::Stdio(which, fault));
        let (input, to_input) = match stdin {
            None => (Stdio::inherit(), None),
            Some(PIPE) => {
                let (reader, writer) = io::pipe().map_err(failed("standard input"))?;
                (reader.into(), Some(writer.into()))
            }
            Some(DEVNULL) => (Stdio::null(), None),
            Some(fd) => (duplicate(py, fd)?.into(), None),
        };
        let (output, from_output) = output(py, stdout).map_err(failed("standard output"))??;
        let (error, from_error) = match (stderr, &output) {
            (Some(STDOUT), Some(output)) => {
                let both = output.try_clone().map_err(failed("standard error"))?;
                (Some(both), None)
            }
            (Some(STDOUT), None) => (Some(duplicate(py, 1)?), None),
            _ => self::output(py, stderr).map_err(failed("standard error"))??,
        };
        let connected = |end: Option<OwnedFd>| end.map_or(Stdio::inherit(), Stdio::from);
        Ok(Self {
            of_job: [input, connected(output), connected(error)],
            ours: [to_input, from_output, from_error],
        })
    }
}

/// The job's end, None for this process's own, and ours.
type Output = (Option<OwnedFd>, Option<OwnedFd>);

fn output(py: Python<'_>, stdio: Option<i32>) -> io::Result<PyResult<Output>> {
    Ok(Ok(match stdio {
        None => (None, None),
        Some(PIPE) => {
            let (reader, writer) = io::pipe()?;
            (Some(writer.into()), Some(reader.into()))
        }
        Some(DEVNULL) => {
            let null = File::options().write(true).open("/dev/null")?;
            (Some(null.into()), None)
        }
        Some(fd) => match duplicate(py, fd) {
            Ok(fd) => (Some(fd), None),
            Err(fault) => return Ok(Err(fault)),
        },
    }))
}

/// Another descriptor of what a number of Python's stands for.
#[allow(unsafe_code, reason = "Python's files are numbers")]
pub(crate) fn duplicate(py: Python<'_>, fd: RawFd) -> PyResult<OwnedFd> {
    if fd < 0 {
        return Err(error::value(format!("{fd} is no descriptor")));
    }
    // SAFETY: it is not -1, and borrowed for one call, which answers EBADF if nothing is open there.
    let fd = unsafe { BorrowedFd::borrow_raw(fd) };
    fd.as_fd()
        .try_clone_to_owned()
        .map_err(|fault| error::kernel(py, "cannot use the descriptor", &fault))
}
