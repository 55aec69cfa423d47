//! The program of the techniques: compiled once, or given.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// For this machine.
pub const COMPILER: &str = "gcc";

const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/escapes");

/// At a fixed address, so that a victim's memory is where the technique's own is; static, for
/// sandboxes and virtual machines without libraries.
const FLAGS: [&str; 6] = ["-O1", "-static", "-no-pie", "-Wall", "-Wextra", "-Werror"];

/// The program, or why there is none.
pub fn ready() -> Result<PathBuf, String> {
    if let Some(given) = std::env::var_os("RINGFENCE_ESCAPE") {
        return Ok(given.into());
    }
    made_by(COMPILER)
}

/// The program as this compiler makes it, unless it has been made before.
pub fn made_by(compiler: &str) -> Result<PathBuf, String> {
    let test = std::env::current_exe().map_err(|error| error.to_string())?;
    let profile = test.ancestors().nth(2).ok_or("target/PROFILE/deps/TEST")?;
    let program = profile.join(format!("escape-{compiler}"));
    let sources = sources().map_err(|error| format!("{SOURCES}: {error}"))?;
    if !is_newer(&program, &sources) {
        compile(compiler, &sources, &program)?;
    }
    Ok(program)
}

fn sources() -> std::io::Result<Vec<PathBuf>> {
    let mut all: Vec<_> = fs::read_dir(SOURCES)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    all.sort();
    Ok(all)
}

fn is_newer(program: &Path, sources: &[PathBuf]) -> bool {
    let time = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    let newest: Option<SystemTime> = sources.iter().filter_map(|path| time(path)).max();
    time(program).is_some_and(|made| newest.is_none_or(|newest| made > newest))
}

fn compile(compiler: &str, sources: &[PathBuf], program: &Path) -> Result<(), String> {
    // Another run may be executing the old one, and a half-written one is never seen.
    let unfinished = program.with_extension(std::process::id().to_string());
    let run = Command::new(compiler)
        .args(FLAGS)
        .args(
            sources
                .iter()
                .filter(|path| path.extension().is_some_and(|kind| kind == "c")),
        )
        .arg("-o")
        .arg(&unfinished)
        .output()
        .map_err(|error| {
            format!("{compiler} does not start ({error}); install it, and the C library's headers")
        })?;
    if !run.status.success() {
        return Err(format!(
            "{compiler} fails: {}",
            String::from_utf8_lossy(&run.stderr)
        ));
    }
    fs::rename(&unfinished, program).map_err(|error| format!("{}: {error}", program.display()))
}
