//! A folder with a job in it, run plainly, under a policy, and explained.

use std::path::PathBuf;
use std::process::{Command, Output};

use ringfence_tests::executable;
use ringfence_tests::install::PATH;
use ringfence_tests::wrapper::{done, stderr, text};
use serde_json::Value;
use tempfile::TempDir;

/// A manifest with what programs of the system are made of, and the entries of `fs` that are behind it.
macro_rules! system {
    ($more:literal) => {
        concat!(
            "version: 1\n",
            "ro: [/usr, /etc]\n",
            "fs:\n",
            "  - {path: /lib, access: [ro], optional: true}\n",
            "  - {path: /lib64, access: [ro], optional: true}\n",
            "  - {path: /bin, access: [ro], optional: true}\n",
            $more
        )
    };
}
pub(crate) use system;

/// A folder with `work`, where the job is done, and what is written beside it.
pub struct Scene {
    folder: TempDir,
}

impl Scene {
    /// A scene as a script leaves `work`.
    pub fn new(script: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("ringfence-explain-")
            .tempdir()
            .expect("a temporary folder");
        let scene = Self { folder };
        std::fs::create_dir(scene.path("work")).expect("a folder");
        scene.begin(script);
        scene
    }

    pub fn path(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().canonicalize().expect("the folder");
        folder.join(name)
    }

    /// Makes `work` anew.
    pub fn begin(&self, script: &str) {
        let work = self.path("work");
        std::fs::remove_dir_all(&work).expect("the folder of the last time");
        std::fs::create_dir(&work).expect("a folder");
        self.succeeds(&["sh", "-ec", script]);
    }

    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(self.path("work"))
            .env_clear()
            .envs([("PATH", PATH), ("LC_ALL", "C")]);
        command
    }

    /// Runs a command plainly; it must succeed.
    pub fn succeeds(&self, words: &[&str]) -> Output {
        done(self.command(words[0]).args(&words[1..]))
    }

    /// Writes the policy; `WORK` in it stands for the folder of the job.
    pub fn policy(&self, manifest: &str) -> PathBuf {
        let manifest = manifest.replace("WORK", &text(&self.path("work")));
        let file = self.path("policy.yaml");
        std::fs::write(&file, manifest).expect("a manifest");
        file
    }

    /// `ringfence run` under the policy, with more flags.
    pub fn run(&self, flags: &[&str], words: &[&str]) -> Command {
        let mut command = self.command(executable("ringfence"));
        command
            .args(["run", "--log", "off", "--policy"])
            .arg(self.path("policy.yaml"))
            .args(flags)
            .arg("--")
            .args(words);
        command
    }

    /// The same, explained: how the command ended, and what was denied.
    pub fn explain(&self, flags: &[&str], words: &[&str]) -> (Output, Value) {
        let report = self.path("explained");
        let to = text(&report);
        let mut all = vec!["--explain", "--json", "--explain-to", &to];
        all.extend(flags);
        let output = self.run(&all, words).output().expect("ringfence starts");
        let report = std::fs::read_to_string(&report)
            .unwrap_or_else(|error| panic!("no explanation ({error}): {}", stderr(&output)));
        let report = serde_json::from_str(&report)
            .unwrap_or_else(|error| panic!("{error} in {report:?}: {}", stderr(&output)));
        (output, report)
    }
}

/// The text of a value; empty if it has none.
pub fn text_at<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// What was denied.
pub fn denied(report: &Value) -> &[Value] {
    items(report, "denied")
}

/// The items of a list.
pub fn items<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], |items| items)
}
