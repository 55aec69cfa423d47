//! The probe, in and out of sandboxes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub use ringfence_tests::world::{ORIGINAL, World, is_root};

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
