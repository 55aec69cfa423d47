//! A place for one test: a zone that the sandbox allows, and one that it does not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// What every file in a zone holds before a test.
pub const ORIGINAL: &str = "original";

/// Two directories alike, made anew for each try.
pub struct World {
    directory: TempDir,
}

impl World {
    /// Makes both zones, open to every user: what denies an act is the sandbox, not a file mode.
    pub fn new() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("ringfence-")
            .tempdir()
            .expect("a temporary directory");
        let world = Self { directory };
        open_to_all(world.directory.path());
        for zone in [world.inside(), world.outside()] {
            for path in [&zone, &zone.join("empty"), &zone.join("other")] {
                fs::create_dir(path).expect("a directory in the zone");
                open_to_all(path);
            }
            let file = zone.join("file");
            fs::write(&file, ORIGINAL).expect("a file in the zone");
            open_to_all(&file);
        }
        world
    }

    /// What sandboxes of tests allow.
    pub fn inside(&self) -> PathBuf {
        self.path().join("inside")
    }

    /// What they do not.
    pub fn outside(&self) -> PathBuf {
        self.path().join("outside")
    }

    /// The directory that both are in, resolved.
    pub fn path(&self) -> PathBuf {
        self.directory
            .path()
            .canonicalize()
            .expect("the world exists")
    }
}

fn open_to_all(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o777)).expect("own path");
}

/// The command line that makes this program try `act`.
pub fn probe(act: &[impl AsRef<Path>]) -> Vec<PathBuf> {
    let program = std::env::current_exe().expect("a test knows its own path");
    [program, "probe".into()]
        .into_iter()
        .chain(act.iter().map(|word| word.as_ref().to_owned()))
        .collect()
}

/// Tries `act` without a sandbox: the twin of each denial.
pub fn unsandboxed(act: &[impl AsRef<Path>]) -> Output {
    let line = probe(act);
    Command::new(&line[0])
        .args(&line[1..])
        .output()
        .expect("the probe starts")
}

/// Puts a copy of this program, which is a probe, at `path`.
pub fn copy_of_probe(path: &Path) {
    let program = std::env::current_exe().expect("a test knows its own path");
    fs::copy(program, path).expect("a copy of the probe");
    // A process that another test forked meanwhile holds the copy open for writing until it
    // executes something; before that the copy cannot be executed (ETXTBSY).
    while Command::new(path)
        .args(["probe", "stat", "/"])
        .status()
        .is_err_and(|error| error.kind() == std::io::ErrorKind::ExecutableFileBusy)
    {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// Whether this test runs as root, whom file modes and ptrace rules do not stop.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
