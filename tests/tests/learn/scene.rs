//! A folder with a job in it, done plainly, under watch, and under a policy.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ringfence_tests::executable;
use ringfence_tests::install::PATH;
use ringfence_tests::wrapper::{stderr, stdout};
use tempfile::TempDir;

/// A folder with `work`, where the job is done, `home`, `tmp`, and a canary beside them.
pub struct Scene {
    folder: TempDir,
}

impl Scene {
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("ringfence-learn-")
            .tempdir()
            .expect("a temporary folder");
        let scene = Self { folder };
        for name in ["home", "tmp"] {
            std::fs::create_dir(scene.path(name)).expect("a folder");
        }
        std::fs::write(scene.path("canary"), "a secret\n").expect("a canary");
        scene.begin("");
        scene
    }

    pub fn path(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().canonicalize().expect("the folder");
        folder.join(name)
    }

    /// Makes `work` anew, as a script leaves it.
    pub fn begin(&self, script: &str) {
        let work = self.path("work");
        if work.exists() {
            std::fs::remove_dir_all(&work).expect("the folder of the last time");
        }
        std::fs::create_dir(&work).expect("a folder");
        self.succeeds(&["sh", "-ec", script]);
    }

    /// A command as the job is started.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.path("work"))
            .env_clear()
            .envs([("PATH", PATH), ("LC_ALL", "C")])
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"));
        command
    }

    /// Runs a command plainly; it must succeed.
    pub fn succeeds(&self, words: &[&str]) -> Output {
        done(self.command(words[0]).args(&words[1..]))
    }

    /// Runs a command under watch; the policy is in `policy.yaml`.
    pub fn learn(&self, words: &[&str]) -> Output {
        self.learn_as("dirs", words)
    }

    /// The same with this tightness.
    pub fn learn_as(&self, tightness: &str, words: &[&str]) -> Output {
        self.command(executable("ringfence"))
            .args(["learn", "--tightness", tightness, "-o"])
            .arg(self.path("policy.yaml"))
            .arg("--")
            .args(words)
            .output()
            .expect("ringfence starts")
    }

    /// The manifest that was learned.
    pub fn policy(&self) -> String {
        std::fs::read_to_string(self.path("policy.yaml")).expect("a manifest")
    }

    /// A command under the policy, with these flags beside it.
    pub fn confined(&self, flags: &[&str], words: &[&str]) -> Command {
        let mut command = self.command(executable("landlock-runner"));
        command
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

/// Runs a command that must succeed.
pub fn done(command: &mut Command) -> Output {
    let output = command.output().expect("a program starts");
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        stdout(&output),
        stderr(&output)
    );
    output
}

/// A path for a command line.
pub fn text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}
