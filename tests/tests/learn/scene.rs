//! A folder with a job in it, done plainly, under watch, and under a policy.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ringfence_manifest::{Manifest, Variables};
use ringfence_tests::executable;
use ringfence_tests::install::PATH;
use ringfence_tests::ports::free_port;
use ringfence_tests::world::is_root;
use ringfence_tests::wrapper::{NOBODY, done, stderr, text};
use tempfile::TempDir;

/// Who does the job.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum User {
    /// Who runs the tests.
    Same,
    /// An ordinary user, whoever runs the tests.
    Ordinary,
}

/// A folder with `work`, where the job is done, `home`, `tmp`, and a canary beside them.
pub struct Scene {
    folder: TempDir,
    user: User,
    port: u16,
}

impl Scene {
    pub fn new() -> Self {
        Self::of(User::Same)
    }

    /// One in which this user does the job.
    pub fn of(user: User) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("ringfence-learn-")
            .tempdir()
            .expect("a temporary folder");
        let user = if is_root() { user } else { User::Same };
        let port = free_port();
        let scene = Self { folder, user, port };
        scene.give("");
        for name in ["home", "tmp", "tmp-later"] {
            scene.folder(name);
        }
        std::fs::write(scene.path("canary"), "a secret\n").expect("a canary");
        scene.begin("");
        scene
    }

    pub fn path(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().canonicalize().expect("the folder");
        folder.join(name)
    }

    /// Makes a folder beside `work`, of the one who does the job.
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir(&path).expect("a folder");
        self.give(name);
        path
    }

    /// Makes `work` anew, as a script leaves it.
    pub fn begin(&self, script: &str) {
        let work = self.path("work");
        if work.exists() {
            std::fs::remove_dir_all(&work).expect("the folder of the last time");
        }
        self.folder("work");
        self.succeeds(&["sh", "-ec", script]);
    }

    /// Gives a file or folder to the one who does the job.
    fn give(&self, name: &str) {
        if self.user == User::Ordinary {
            std::os::unix::fs::chown(self.path(name), Some(NOBODY), Some(NOBODY)).expect("root");
        }
    }

    /// A command as the job is started.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let path = std::env::join_paths(directories_of_programs()).expect("plain paths");
        let mut command = Command::new(program);
        command
            .current_dir(self.path("work"))
            .env_clear()
            .envs([("PATH", &*path), ("LC_ALL", OsStr::new("C"))])
            .env("PORT", self.port.to_string())
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"));
        if self.user == User::Ordinary {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    /// Runs a command plainly; it must succeed.
    pub fn succeeds(&self, words: &[&str]) -> Output {
        done(self.command(words[0]).args(&words[1..]))
    }

    /// Runs a command under watch; the policy is in `policy.yaml`.
    pub fn learn(&self, words: &[&str]) -> Output {
        self.learn_with(&[], words)
    }

    /// The same with these flags.
    pub fn learn_with(&self, flags: &[&str], words: &[&str]) -> Output {
        let mut command = self.learning(flags, words);
        command.output().expect("ringfence starts")
    }

    /// The command that does so.
    pub fn learning(&self, flags: &[&str], words: &[&str]) -> Command {
        let mut command = self.command(executable("ringfence"));
        command
            .arg("learn")
            .args(flags)
            .arg("-o")
            .arg(self.path("policy.yaml"))
            .arg("--")
            .args(words);
        command
    }

    /// The manifest that was learned.
    pub fn policy(&self) -> String {
        std::fs::read_to_string(self.path("policy.yaml")).expect("a manifest")
    }

    /// The same, read.
    pub fn manifest(&self) -> Manifest {
        let variables = Variables::default()
            .set("HOME", text(&self.path("home")))
            .set("TMPDIR", text(&self.path("tmp")));
        let read = Manifest::read(&self.path("policy.yaml"), &variables);
        read.unwrap_or_else(|faults| panic!("{faults}")).0
    }

    /// A command under the policy, with these flags beside it, and another place for temporary files than
    /// it was learned with.
    pub fn confined(&self, flags: &[&str], words: &[&str]) -> Command {
        let mut command = self.command(executable("landlock-runner"));
        command
            .env("TMPDIR", self.path("tmp-later"))
            .args(["--log", "off", "--policy"])
            .arg(self.path("policy.yaml"))
            .args(flags)
            .arg("--")
            .args(words);
        command
    }

    /// Shows that a command under the policy lacks permission and without it succeeds.
    pub fn denies(&self, flags: &[&str], words: &[&str]) {
        let command = &mut self.confined(flags, words);
        let output = command.output().expect("landlock-runner starts");
        let said = stderr(&output);
        assert!(
            !output.status.success() && said.contains("Permission denied"),
            "it is not denied: {words:?}\n{said}\n{}",
            self.policy()
        );
        self.succeeds(words);
    }
}

/// Where programs are looked for: those of the system, the newest server of `PostgreSQL`, and the toolchain
/// that made this test.
pub fn directories_of_programs() -> impl Iterator<Item = PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let newest = versions
        .flatten()
        .map(|version| version.path().join("bin"))
        .max();
    let cargo = Path::new(env!("CARGO"));
    std::env::split_paths(PATH)
        .chain(newest)
        .chain(cargo.parent().map(Path::to_owned))
}
