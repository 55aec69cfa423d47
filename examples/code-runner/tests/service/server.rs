//! A server for one test: a process of an ordinary user, with a state directory and a policy of its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ringfence_tests::world::is_root;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::client::{self, Response, Run, Stream};

/// The executable under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_code-runner");

/// A file of the example's own directory.
pub fn own(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What a server is started with.
pub struct Setup {
    directory: TempDir,
    user: Option<u32>,
    policy: String,
    flags: Vec<String>,
}

/// A server that runs; killed when it is dropped.
pub struct Server {
    setup: Setup,
    process: Child,
    pub address: SocketAddr,
}

impl Setup {
    /// The policy that is shipped, and a user of its own: the kernel counts processes by user, and
    /// tests run beside each other.
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);

        let directory = tempfile::Builder::new().prefix("code-runner-").tempdir();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let user = (std::process::id() % 100_000) * 100 + number + 100_000;
        let setup = Self {
            directory: directory.expect("a temporary directory"),
            user: is_root().then_some(user),
            policy: fs::read_to_string(own("policy.yaml")).expect("the policy that is shipped"),
            flags: Vec::new(),
        };
        fs::set_permissions(setup.path(""), fs::Permissions::from_mode(0o755)).expect("ours");
        for directory in ["state", "outside"] {
            fs::create_dir(setup.path(directory)).expect("a directory");
            setup.give(&setup.path(directory));
        }
        for file in ["secret", "outside/file"] {
            fs::write(setup.path(file), "original").expect("a file");
            fs::set_permissions(setup.path(file), fs::Permissions::from_mode(0o600)).expect("ours");
            setup.give(&setup.path(file));
        }
        setup
    }

    /// Makes the server's user the owner.
    fn give(&self, path: &Path) {
        if let Some(user) = self.user {
            chown(path, Some(user), Some(user)).expect("root may");
        }
    }

    /// A place in the directory of the test.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Changes the policy, which must contain what is replaced.
    pub fn policy(mut self, from: &str, to: &str) -> Self {
        assert!(self.policy.contains(from), "no `{from}` in the policy");
        self.policy = self.policy.replace(from, to);
        self
    }

    /// Adds flags.
    pub fn flags(mut self, flags: &[&str]) -> Self {
        self.flags.extend(flags.iter().map(ToString::to_string));
        self
    }

    /// A command of the server's user, outside of any sandbox.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command.current_dir(self.path("outside"));
        command
    }

    /// The words of the server's own command line.
    pub fn words(&self) -> Vec<String> {
        fs::write(self.path("policy.yaml"), &self.policy).expect("the policy");
        self.give(&self.path("policy.yaml"));
        let path = |name| self.path(name).display().to_string();
        let mut words = vec!["--listen".into(), "127.0.0.1:0".into()];
        words.extend([
            "--state".into(),
            path("state"),
            "--policy".into(),
            path("policy.yaml"),
        ]);
        words.extend(self.flags.iter().cloned());
        words
    }

    /// Starts it as it is.
    pub fn start(self) -> Server {
        let mut command = self.command(PROGRAM);
        command.args(self.words());
        self.start_by(command)
    }

    /// Starts it by a command.
    pub fn start_by(self, mut command: Command) -> Server {
        let mut process = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe"))
            .read_line(&mut line)
            .expect("its first line");
        let address = line.trim().strip_prefix("listening on http://");
        let address = address.and_then(|address| address.parse().ok());
        Server {
            setup: self,
            process,
            address: address.unwrap_or_else(|| panic!("not an address: {line}")),
        }
    }
}

impl Server {
    pub fn start() -> Self {
        Setup::new().start()
    }

    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.setup.path(name)
    }

    /// Runs Python to its end.
    pub fn python(&self, code: &str) -> Run {
        self.post("python", code).run()
    }

    /// Runs a script to its end.
    pub fn sh(&self, code: &str) -> Run {
        self.post("sh", code).run()
    }

    pub fn post(&self, language: &str, code: &str) -> Response {
        client::post(self.address, language, code).expect("an answer")
    }

    pub fn stream(&self, language: &str, code: &str) -> Stream {
        client::stream(self.address, language, code)
    }

    /// The twin of a job: the same code as the same user without a sandbox.
    pub fn twin(&self, code: &str) -> Run {
        let mut command = self.setup.command("/usr/bin/python3");
        let output = command
            .args(["-I", "-c", code])
            .output()
            .expect("python3 starts");
        Run {
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            exit: output.status.code().map(Into::into),
            ..Run::default()
        }
    }

    /// A number of the metrics; none is 0.
    pub fn metric(&self, name: &str) -> u64 {
        let text = client::get(self.address, "/metrics").body;
        let mut lines = text
            .lines()
            .filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        lines
            .next()
            .map_or(0, |number| number.parse().expect("a number"))
    }

    /// What is in the directory of all jobs.
    pub fn workspaces(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("state/jobs")).expect("the state directory");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        entries
            .map(|entry| name(entry).display().to_string())
            .collect()
    }

    /// The processes of jobs: those that were started beneath the state directory.
    pub fn processes(&self) -> Vec<PathBuf> {
        let state = self.path("state");
        let processes = fs::read_dir("/proc").expect("/proc").flatten();
        processes
            .map(|entry| entry.path())
            .filter(|path| fs::read_link(path.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&state)))
            .collect()
    }

    /// Fails unless nothing is left of any job. What was killed without a word takes a moment.
    pub fn assert_clean(&self) {
        eventually("no process of a job is left", || {
            self.processes().is_empty()
        });
        eventually("no directory of a job is left", || {
            self.workspaces().is_empty()
        });
    }

    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.pid().cast_signed()).expect("a process");
        kill_process(pid, signal).expect("it is ours");
    }

    /// Waits for its end by itself.
    pub fn wait(&mut self) -> ExitStatus {
        self.process.wait().expect("it is ours")
    }

    /// Kills it without a word, and starts another one in its place.
    pub fn replace(mut self) -> Self {
        self.process.kill().expect("it is ours");
        self.wait();
        let setup = std::mem::replace(&mut self.setup, Setup::new());
        setup.start()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Waits for something that needs a moment.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("not within ten seconds: {what}");
}
