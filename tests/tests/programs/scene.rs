//! The scene of a test: a user, a folder, and commands run there with and without the sandbox.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use ringfence::{Abi, Kernel};
use ringfence_tests::executable;
pub use ringfence_tests::install::{PATH, Skip};
use ringfence_tests::trial::{Outcome, Test};
use ringfence_tests::wrapper::{NOBODY, Sandbox, stderr, stdout};
use rustix::process::{Pid, Signal, geteuid, kill_process_group};
use tempfile::TempDir;

/// Far more than any command here takes; what runs longer hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// What a test does in its scene.
pub trait Job: FnOnce(&Scene) -> Result<(), Skip> + Copy + Send + 'static {}

impl<T: FnOnce(&Scene) -> Result<(), Skip> + Copy + Send + 'static> Job for T {}

/// A test for each user that can run it here: root and on its behalf nobody, or whoever we are.
pub fn each_user(name: &str, job: impl Job) -> Vec<Test> {
    if !geteuid().is_root() {
        return ordinary_user(name, job);
    }
    let mut tests = ordinary_user(&format!("{name}_as_nobody"), job);
    tests.push(as_user(
        &format!("{name}_as_root"),
        || Scene::new(None),
        job,
    ));
    tests
}

/// A test that runs as an ordinary user only: nobody, if we are root.
pub fn ordinary_user(name: &str, job: impl Job) -> Vec<Test> {
    vec![as_user(name, Scene::ordinary, job)]
}

/// A test that runs as the user of the tests themselves only.
pub fn own_user(name: &str, job: impl Job) -> Vec<Test> {
    vec![as_user(name, || Scene::new(None), job)]
}

/// A test that needs root, and is none for anyone else.
pub fn root(name: &str, job: impl Job) -> Vec<Test> {
    if geteuid().is_root() {
        own_user(name, job)
    } else {
        Vec::new()
    }
}

fn as_user(name: &str, scene: fn() -> Result<Scene, Skip>, job: impl Job) -> Test {
    Test::may_skip(name, move || match scene().and_then(|scene| job(&scene)) {
        Ok(()) => Outcome::Passed,
        Err(Skip(reason)) => Outcome::Skipped(reason),
    })
}

/// The folder of the machine's shared libraries.
pub fn libraries() -> String {
    format!("/usr/lib/{}-linux-gnu", std::env::consts::ARCH)
}

/// A command of which no argument holds a space.
pub fn words(command: &str) -> Vec<&str> {
    command.split_whitespace().collect()
}

/// A user, and the folder that belongs to it and in which its commands start.
pub struct Scene {
    user: Option<u32>,
    folder: TempDir,
}

impl Scene {
    fn new(user: Option<u32>) -> Result<Self, Skip> {
        let abi = Kernel::probe_abi().abi();
        if abi < Abi::new(4) {
            return Err(Skip(format!(
                "these policies deny ports, which needs Landlock ABI 4; this kernel has {}",
                abi.number()
            )));
        }
        if user.is_some() {
            reachable_for_all(&executable("landlock-runner"))?;
        }
        let folder = tempfile::Builder::new()
            .prefix("ringfence-programs-")
            .permissions(Permissions::from_mode(0o755))
            .tempdir()
            .expect("a temporary folder");
        let scene = Self { user, folder };
        scene.give(scene.folder.path());
        Ok(scene)
    }

    /// One of an ordinary user: nobody, if we are root.
    pub fn ordinary() -> Result<Self, Skip> {
        Self::new(geteuid().is_root().then_some(NOBODY))
    }

    /// Where a name of this scene is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes folders that belong to the user.
    pub fn folders(&self, names: &[&str]) {
        for name in names {
            std::fs::create_dir(self.path(name)).expect("a new folder");
            self.give(&self.path(name));
        }
    }

    /// Makes a file that belongs to the user.
    pub fn file(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a new file");
        self.give(&self.path(name));
    }

    /// What a file holds, or nothing if it does not exist.
    pub fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Makes a path belong to the user.
    pub fn give(&self, path: &Path) {
        if self.user.is_some() {
            chown(path, self.user, self.user).expect("root may give files away");
        }
    }

    /// A sandbox from flags as an operator writes them. Relative paths begin at the scene's folder.
    pub fn sandbox(&self, flags: &str) -> Sandbox {
        let sandbox = Sandbox::empty()
            .in_directory(self.folder.path())
            .flags(["--log", "off"])
            .flags(flags.split_whitespace());
        match self.user {
            Some(user) => sandbox.as_user(user),
            None => sandbox,
        }
    }

    /// A command in a sandbox.
    pub fn sandboxed(&self, sandbox: &Sandbox, command: &[&str]) -> Command {
        self.furnished(sandbox.command(command))
    }

    /// The same command without a sandbox, by the same user.
    pub fn plain(&self, command: &[&str]) -> Command {
        let mut plain = self.service(command);
        if let Some(user) = self.user {
            plain.uid(user).gid(user);
        }
        plain
    }

    /// A command without a sandbox, by the user of the tests themselves.
    pub fn service(&self, command: &[&str]) -> Command {
        let mut service = Command::new(command[0]);
        service.args(&command[1..]);
        self.furnished(service)
    }

    fn furnished(&self, mut command: Command) -> Command {
        command
            .current_dir(self.folder.path())
            .env_clear()
            .envs([("PATH", PATH), ("LC_ALL", "C")])
            .env("HOME", self.folder.path());
        command
    }

    /// Runs a command that prepares the scene.
    pub fn prepare(&self, command: &[&str]) -> Output {
        succeeded(run(&mut self.plain(command)), command)
    }

    /// Shows that a command succeeds in the sandbox.
    pub fn allows(&self, sandbox: &Sandbox, command: &[&str]) -> Output {
        succeeded(run(&mut self.sandboxed(sandbox, command)), command)
    }

    /// Shows that a command fails in the sandbox for lack of permission and without its effect,
    /// and that the same command without the sandbox succeeds, with the effect.
    pub fn refuses(&self, sandbox: &Sandbox, command: &[&str], effect: impl Fn(&Output) -> bool) {
        refused(
            &mut self.sandboxed(sandbox, command),
            &mut self.plain(command),
            effect,
        );
    }

    /// [`Scene::refuses`] for a program that has other words for what it lacks.
    pub fn refuses_saying(
        &self,
        words: &str,
        sandbox: &Sandbox,
        command: &[&str],
        effect: impl Fn(&Output) -> bool,
    ) {
        let sandboxed = &mut self.sandboxed(sandbox, command);
        let output = run(sandboxed);
        failed(&output, sandboxed);
        let said = stderr(&output);
        assert!(said.contains(words), "no {words:?}: {sandboxed:?}\n{said}");
        contrasts(&output, &mut self.plain(command), effect);
    }
}

/// [`Scene::refuses`] for two commands that are ready.
pub fn refused(sandboxed: &mut Command, twin: &mut Command, effect: impl Fn(&Output) -> bool) {
    let output = run(sandboxed);
    denied(&output, sandboxed);
    contrasts(&output, twin, effect);
}

/// Shows that the effect came with the twin only. This was the output without it.
fn contrasts(output: &Output, twin: &mut Command, effect: impl Fn(&Output) -> bool) {
    assert!(!effect(output), "it failed, yet it did it: {output:?}");
    let output = run(twin);
    assert!(
        output.status.success(),
        "the twin without the sandbox fails too: {twin:?}\n{}",
        stderr(&output)
    );
    assert!(effect(&output), "the twin did not do it either: {twin:?}");
}

/// Shows that a program (not the wrapper itself) failed, and says that it lacked permission.
pub fn denied(output: &Output, command: &Command) {
    failed(output, command);
    let said = stderr(output);
    assert!(
        names_permission(&said),
        "it failed for another reason than EACCES: {command:?}\n{said}"
    );
}

/// Shows that a program (not the wrapper itself) failed.
fn failed(output: &Output, command: &Command) {
    assert!(!output.status.success(), "it is allowed: {command:?}");
    assert!(
        !matches!(output.status.code(), Some(125..=127)),
        "it did not even start: {command:?}\n{}",
        stderr(output)
    );
}

fn names_permission(said: &str) -> bool {
    // Few print the C library's words: node has a case of its own, SQLite the error's number alone.
    ["permission denied", "eacces", "(13) open("]
        .iter()
        .any(|words| said.to_lowercase().contains(words))
}

fn succeeded(output: Output, command: &[&str]) -> Output {
    assert!(
        output.status.success(),
        "{command:?} failed: {}\n{}{}",
        output.status,
        stdout(&output),
        stderr(&output)
    );
    output
}

/// Runs a command to its end, or kills it and its children at the limit.
pub fn run(command: &mut Command) -> Output {
    let child = command
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let group = Pid::from_child(&child);
    let (done, watched) = mpsc::channel::<()>();
    thread::spawn(move || {
        if watched.recv_timeout(LIMIT) == Err(RecvTimeoutError::Timeout) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    });
    let output = child.wait_with_output().expect("a child can be waited for");
    drop(done);
    output
}

fn reachable_for_all(file: &Path) -> Result<(), Skip> {
    let closed = file.ancestors().find(|path| {
        let metadata = std::fs::metadata(path).expect("what exists has metadata");
        metadata.mode() & 0o001 == 0
    });
    closed.map_or(Ok(()), |path| {
        Err(Skip(format!(
            "nobody cannot reach {}: {} is closed to others",
            file.display(),
            path.display()
        )))
    })
}
