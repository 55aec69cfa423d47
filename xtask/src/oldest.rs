//! The oldest Rust that ringfence is for, by the compiler itself: what metadata and lints say of it is not all.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::workspace;

/// Checks the workspace with this release (`1.89`), which rustup fetches once into `.cache`. Where it cannot be
/// had that is said, and nothing else.
pub fn check(release: &str) -> Result<()> {
    // The first of its releases: a later one would be another toolchain of the same size.
    let release = &format!("{release}.0");
    if !had(release) {
        println!("Rust {release}: not checked, as rustup cannot fetch it here");
        return Ok(());
    }
    eprintln!("== the workspace with Rust {release}");
    let status = rustup()
        .args(["run", release, "cargo", "check", "--workspace"])
        .args(["--locked", "--quiet", "--target-dir"])
        // Its own, where it does not undo what the usual compiler has made.
        .arg(workspace::target()?.join("oldest"))
        .current_dir(workspace::root())
        .status()
        .context("rustup could not be started")?;
    ensure!(
        status.success(),
        "ringfence does not compile with Rust {release}, which it says that it is for"
    );
    println!("Rust {release}: the workspace compiles");
    Ok(())
}

/// Whether the toolchain is there, or could be fetched.
fn had(release: &str) -> bool {
    let there = succeeds(rustup().args(["run", release, "rustc", "--version"]));
    there
        || succeeds(
            rustup()
                .args(["toolchain", "install", release])
                .args(["--profile=minimal", "--no-self-update"]),
        )
}

fn succeeds(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// rustup with toolchains of its own, so that the user's stay as they are.
fn rustup() -> Command {
    let mut command = Command::new("rustup");
    command.env("RUSTUP_HOME", home());
    // Those of the cargo that runs this program.
    for variable in ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC", "RUSTDOC"] {
        command.env_remove(variable);
    }
    command
}

fn home() -> PathBuf {
    workspace::cache().join("rustup")
}
