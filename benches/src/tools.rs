//! The programs that are measured, and those that measure, built for this kernel.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use ringfence::Kernel;
use serde_json::Value;

use crate::error::Error;

const FLOOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/floor.c");
const LOOPS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/loops.c");
const PEAK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peak.c");

/// The C program with the fewest system calls.
///
/// It keeps the descriptors of its paths, as that is a call less for each, unless `paths` of them
/// do not fit into the limit of open files.
pub(crate) fn floor(into: &Path, paths: usize) -> Result<PathBuf, Error> {
    let abi = Kernel::probe_abi().abi().number();
    if abi < 4 {
        return Err(Error::OldKernel(abi));
    }
    let close = if keeps_open(paths) {
        "(void)fd"
    } else {
        "close(fd)"
    };
    compile(
        FLOOR,
        into.join("floor"),
        &[
            &format!("-DABI={abi}"),
            &format!("-DCLOSE_PATH(fd)={close}"),
        ],
    )
}

/// Whether a process here may have so many paths open at a time.
pub(crate) fn keeps_open(paths: usize) -> bool {
    const OTHERS: u64 = 16;
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.is_none_or(|limit| paths as u64 + OTHERS <= limit)
}

/// The program that measures memory, and is the target while it does.
pub(crate) fn peak(into: &Path) -> Result<PathBuf, Error> {
    let flags = ["-nostdlib", "-fno-stack-protector"];
    compile(PEAK, into.join("peak"), &flags)
}

/// The program that makes one call many times.
pub(crate) fn loops(into: &Path) -> Result<PathBuf, Error> {
    compile(LOOPS, into.join("loops"), &[])
}

fn compile(source: &'static str, output: PathBuf, flags: &[&str]) -> Result<PathBuf, Error> {
    let failed = |why: String| Error::Compile { what: source, why };
    let run = Command::new("gcc")
        .args(["-O2", "-static"])
        .args(flags)
        .arg(source)
        .arg("-o")
        .arg(&output)
        .output()
        .map_err(|error| {
            failed(format!(
                "gcc does not start ({error}); install gcc and libc6-dev"
            ))
        })?;
    if !run.status.success() {
        return Err(failed(String::from_utf8_lossy(&run.stderr).into_owned()));
    }
    Ok(output)
}

/// The peer, static and with the profile of the product's own executables.
pub(crate) fn peer() -> Result<PathBuf, Error> {
    let failed = |why: String| Error::Compile {
        what: "the peer",
        why,
    };
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // --target, because without it RUSTFLAGS would reach procedural macros, which cannot be static.
    let run = Command::new(cargo)
        .args([
            "build",
            "--quiet",
            "--release",
            "--package",
            "ringfence-benches",
        ])
        .args([
            "--bin",
            "peer",
            "--message-format",
            "json-render-diagnostics",
        ])
        .args(["--target", &target])
        .env("RUSTFLAGS", "-C target-feature=+crt-static")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .map_err(|error| failed(format!("cargo does not start: {error}")))?;
    if !run.status.success() {
        return Err(failed(String::from_utf8_lossy(&run.stderr).into_owned()));
    }
    String::from_utf8_lossy(&run.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| failed("cargo named no executable".to_owned()))
}

/// A copy of an executable that is on the disk like one that was installed long ago.
///
/// Of the same bytes, a file just written is executed some 15 % faster than one that has been
/// written back. Without this the floor, compiled a moment ago, would be at an advantage.
pub(crate) fn aged(from: &Path, to: &Path) -> Result<PathBuf, Error> {
    fs::copy(from, to)
        .and_then(|_| File::open(to)?.sync_all())
        .map_err(Error::io(format!("copy {}", from.display())))?;
    Ok(to.to_owned())
}
