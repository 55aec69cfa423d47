//! Containers of the real runtimes: a bundle whose root is a directory with this machine's programs.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use ringfence_tests::install::{Skip, need};
use rustix::process::geteuid;
use serde_json::{Value, json};

use crate::probe;

/// A runtime.
#[derive(Clone, Copy, Debug)]
pub enum Runtime {
    Crun,
    Runc,
}

/// A container that can be run again and again.
pub struct Container {
    runtime: Runtime,
    bundle: tempfile::TempDir,
}

impl Container {
    pub fn new(runtime: Runtime) -> Result<Self, Skip> {
        if !geteuid().is_root() {
            return Err(Skip("only root runs containers here".to_owned()));
        }
        match runtime {
            Runtime::Crun => need("crun", "crun")?,
            Runtime::Runc => need("runc", "runc")?,
        };
        let bundle = tempfile::tempdir().expect("a temporary directory");
        let root = bundle.path().join("root");
        for directory in [
            "root",
            "root/usr",
            "root/proc",
            "root/dev",
            "root/ringfence",
        ] {
            std::fs::create_dir(bundle.path().join(directory)).expect("a new directory");
        }
        for link in ["bin", "lib", "lib64"] {
            std::os::unix::fs::symlink(format!("usr/{link}"), root.join(link)).expect("a new link");
        }
        std::fs::write(root.join(&probe::FILE[1..]), "to read").expect("a new file");
        Ok(Self { runtime, bundle })
    }

    /// Writes a file into its root.
    pub fn file(&self, name: &str, text: &str) {
        std::fs::write(self.bundle.path().join("root").join(name), text).expect("a new file");
    }

    /// Runs a command in it, under this profile. The files are seen in its `/ringfence`.
    pub fn run(&self, profile: Option<&Value>, files: &[&Path], command: &[&str]) -> Output {
        let mut mounts = vec![
            json!({"destination": "/proc", "type": "proc", "source": "proc"}),
            bind(Path::new("/usr"), Path::new("/usr")),
        ];
        for file in files {
            let inside = Path::new("/ringfence").join(file.file_name().expect("a file"));
            mounts.push(bind(file, &inside));
        }
        let namespaces = ["pid", "mount", "ipc", "uts", "network"];
        let mut config = json!({
            "ociVersion": "1.0.2",
            "process": {
                "user": {"uid": 0, "gid": 0},
                "cwd": "/",
                "args": command,
                "env": ["PATH=/usr/sbin:/usr/bin"],
                "noNewPrivileges": true,
            },
            "root": {"path": "root"},
            "mounts": mounts,
            "linux": {"namespaces": namespaces.map(|of| json!({"type": of}))},
        });
        if let Some(profile) = profile {
            config["linux"]["seccomp"] = profile.clone();
        }
        let written = self.bundle.path().join("config.json");
        std::fs::write(written, config.to_string()).expect("a new file");
        let bundle = self.bundle.path().display();
        let name = bundle.to_string().replace(['/', '.'], "-");
        let name = format!("ringfence{name}");
        // crun knows no machine that has both versions of cgroups, and is shown one that has the
        // second.
        let line = match self.runtime {
            Runtime::Crun => format!(
                "mount -t cgroup2 none /sys/fs/cgroup && exec crun --cgroup-manager=disabled run -b {bundle} {name}"
            ),
            Runtime::Runc => format!("exec runc run -b {bundle} {name}"),
        };
        Command::new("unshare")
            .args(["--mount", "sh", "-c", &line])
            .stdin(Stdio::null())
            .output()
            .expect("unshare starts")
    }
}

fn bind(from: &Path, to: &Path) -> Value {
    json!({"destination": to, "type": "bind", "source": from, "options": ["rbind", "ro"]})
}

/// The test itself, which is the probe too.
pub fn this_program() -> PathBuf {
    std::env::current_exe().expect("a test knows its own path")
}
