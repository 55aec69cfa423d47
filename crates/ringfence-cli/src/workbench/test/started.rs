//! The command under its sandbox, for `ready` and `exits`.

use std::ffi::OsString;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use clap::ArgMatches;
use ringfence_manifest::{Expectation, Expected, Readiness};
use rustix::process::{Pid, Signal, kill_process_group};

use super::outcome::Found;
use super::output::Standing;

/// How long a command may take to end once it is asked to.
const GRACE: Duration = Duration::from_secs(2);

const PAUSE: Duration = Duration::from_millis(10);

/// A command that runs; stopped with all of its process group when this goes.
pub(super) struct Started {
    child: Child,
    since: Instant,
}

impl Started {
    pub(super) fn new(
        matches: &ArgMatches,
        words: &[OsString],
        expectations: &[Expectation],
    ) -> Result<Self, String> {
        for expectation in expectations {
            if let Expected::Ready { at, .. } = &expectation.expected
                && answers(at)
            {
                return Err(format!(
                    "`{}` holds before the command is started; stop what answers there, or remove it",
                    super::outcome::said(&expectation.expected)
                ));
            }
        }
        let mut command = Command::new("/proc/self/exe");
        command.arg("run").arg("--policy");
        if let Some(file) = matches.get_one::<PathBuf>("file") {
            command.arg(file);
        }
        for value in matches.get_many::<OsString>("set").into_iter().flatten() {
            command.arg("--set").arg(value);
        }
        // Standard output is for what was found.
        command
            .arg("--")
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let child = command.process_group(0).spawn();
        Ok(Self {
            child: child.map_err(|error| format!("cannot start the command: {error}"))?,
            since: Instant::now(),
        })
    }

    pub(super) fn ready(&mut self, at: &Readiness, within: Duration) -> Found {
        loop {
            if answers(at) {
                return (Standing::Holds, String::new());
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return (
                    Standing::Fails,
                    format!("the command ended before: {}", ended(status)),
                );
            }
            if self.since.elapsed() > within {
                return (
                    Standing::Fails,
                    format!("it does not answer after {within:?}"),
                );
            }
            std::thread::sleep(PAUSE);
        }
    }

    pub(super) fn exits(&mut self, code: u8, within: Duration) -> Found {
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) if status.code() == Some(code.into()) => {
                    return (Standing::Holds, String::new());
                }
                Ok(Some(status)) => return (Standing::Fails, ended(status)),
                Ok(None) if self.since.elapsed() > within => {
                    return (Standing::Fails, format!("it still runs after {within:?}"));
                }
                Ok(None) => std::thread::sleep(PAUSE),
                Err(error) => return (Standing::Fails, format!("cannot wait for it: {error}")),
            }
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let Some(group) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) else {
            return;
        };
        // A group whose processes have all ended is not there.
        let _ = kill_process_group(group, Signal::TERM);
        let end = Instant::now() + GRACE;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < end {
            std::thread::sleep(PAUSE);
        }
        let _ = kill_process_group(group, Signal::KILL);
        let _ = self.child.wait();
    }
}

fn answers(at: &Readiness) -> bool {
    match at {
        Readiness::Tcp(port) => TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).is_ok(),
        Readiness::Unix(path) => UnixStream::connect(path).is_ok(),
        Readiness::File(path) => path.exists(),
        _ => false,
    }
}

fn ended(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("it ended with code {code}"),
        (None, Some(signal)) => format!("signal {signal} ended it"),
        _ => "it ended".to_owned(),
    }
}
