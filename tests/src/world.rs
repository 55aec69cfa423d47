//! A place for one test: a zone that the sandbox allows, and one that it does not.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// What every file in a zone holds before a test.
pub const ORIGINAL: &str = "original";

/// Two directories alike, made anew for each try.
pub struct World {
    directory: TempDir,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// Makes both zones, open to every user: what denies an act is the sandbox, not a file mode.
    ///
    /// # Panics
    /// If the temporary directory cannot be written.
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
    ///
    /// # Panics
    /// If a test has removed it.
    pub fn path(&self) -> PathBuf {
        self.directory
            .path()
            .canonicalize()
            .expect("the world exists")
    }
}

/// Gives every user every right on a path.
///
/// # Panics
/// If it is not our own.
pub fn open_to_all(path: &Path) {
    fs::set_permissions(path, fs::Permissions::from_mode(0o777)).expect("own path");
}

/// Whether this test runs as root, whom file modes and ptrace rules do not stop.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
