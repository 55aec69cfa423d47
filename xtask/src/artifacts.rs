//! Static executables: they run on any x86-64 or AArch64 Linux, and in a virtual machine that holds nothing else.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::processor::Processor;
use crate::{tool, workspace};

/// At a fixed address: relocating a static executable at each start costs a tenth of what the wrapper
/// adds to a command, for the address randomisation of a process that only reads its own flags.
///
/// By GNU ld: as lld lays it out, starting touches a fifth more memory (1,116 KiB against 924).
const STATIC: &str = "-C target-feature=+crt-static -C relocation-model=static \
                      -C link-arg=-fuse-ld=bfd";

/// Has cargo say what it made.
const MESSAGES: [&str; 2] = ["--quiet", "--message-format=json-render-diagnostics"];

/// The two that ship.
const EXECUTABLES: [&str; 3] = [
    "--package=ringfence-cli",
    "--bin=landlock-runner",
    "--bin=ringfence",
];

/// A file that cargo made.
#[derive(Clone, Debug)]
pub struct Executable {
    pub name: String,
    pub path: PathBuf,
}

impl fmt::Display for Executable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
        write!(f, "{} ({} KiB)", self.path.display(), bytes.div_ceil(1024))
    }
}

/// The two executables as they ship, in `target/static/`.
pub fn release() -> Result<Vec<Executable>> {
    let built = made(
        static_cargo(Processor::NATIVE, "build", &without_paths())
            .args(MESSAGES)
            .arg("--release")
            .args(EXECUTABLES),
    )?;
    let folder = workspace::target()?.join("static");
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    built
        .into_iter()
        .map(|Executable { name, path: from }| {
            let path = folder.join(&name);
            // Removed first: a copy that runs at this moment cannot be overwritten.
            let _ = fs::remove_file(&path);
            fs::copy(&from, &path)
                .with_context(|| format!("{} cannot be written", path.display()))?;
            Ok(Executable { name, path })
        })
        .collect()
}

/// The same two for a processor that is emulated, which takes longer to run them than this one to compile them well.
pub fn emulated(processor: Processor) -> Result<Vec<Executable>> {
    made(
        static_cargo(processor, "build", "")
            .args(MESSAGES)
            .args(EXECUTABLES),
    )
}

/// Installs the same two beneath `root`. What [`release`] has compiled is not compiled again.
pub fn install(root: &Path) -> Result<Command> {
    let mut command = static_cargo(Processor::NATIVE, "install", &without_paths());
    command
        .args(["--quiet", "--locked", "--path=crates/ringfence-cli"])
        .arg("--target-dir")
        .arg(workspace::target()?)
        .arg("--root")
        .arg(root);
    Ok(command)
}

/// Leaves no path of this machine in the executables, so that whoever builds them elsewhere gets the same bytes.
pub fn without_paths() -> String {
    let home = env::var("CARGO_HOME").or_else(|_| env::var("HOME").map(|home| home + "/.cargo"));
    let folders = [
        (workspace::root().display().to_string(), "/ringfence"),
        (home.unwrap_or_default(), "/cargo"),
    ];
    folders
        .into_iter()
        .filter(|(folder, _)| !folder.is_empty())
        .flat_map(|(folder, name)| {
            [
                " --remap-path-prefix=".to_owned(),
                folder,
                format!("={name}"),
            ]
        })
        .collect()
}

/// The tests of the crate `ringfence-tests` that each kernel of the matrix runs, in this order.
const KERNEL_TESTS: [&str; 4] = ["kernel", "model", "jobs", ESCAPES];
/// Those of threads, which take too long to be run on each.
pub const THREADS: &str = "threads";
/// Those that need a C program as well.
const ESCAPES: &str = "escapes";

/// The tests that need a real kernel.
pub fn kernel_tests(processor: Processor) -> Result<Vec<Executable>> {
    let test = |name| static_test(name, processor);
    KERNEL_TESTS.into_iter().map(test).collect()
}

/// The tests that some kernels run besides.
pub fn thread_tests(processor: Processor) -> Result<Executable> {
    static_test(THREADS, processor)
}

fn static_test(name: &str, processor: Processor) -> Result<Executable> {
    let test = format!("--test={name}");
    let mut command = static_cargo(processor, "test", "");
    command.args(["--no-run", "--package=ringfence-tests", &test]);
    one(&mut command)
}

/// The C program of the tests called `escapes`, which know how to compile it.
pub fn escape_program(processor: Processor) -> Result<PathBuf> {
    let mut command = Command::new(static_test(ESCAPES, Processor::NATIVE)?.path);
    let path = tool::shown(command.args(["program", &processor.gcc()]))?;
    Ok(path.trim().into())
}

/// Process 1 of the virtual machines.
pub fn vm_init(processor: Processor) -> Result<Executable> {
    one(static_cargo(processor, "build", "").arg("--package=vm-init"))
}

/// A test of the crate `ringfence-tests`, as `cargo test --workspace` links it.
pub fn native_test(name: &str) -> Result<Executable> {
    const TEST: &str = r#""kind":["test"]"#;

    let mut command = workspace::cargo("test");
    // All of the workspace: alone it has dependencies with fewer features, and they and it would be
    // compiled once more.
    command.args(["--no-run", "--workspace"]).args(MESSAGES);
    tool::shown(&mut command)?
        .lines()
        .filter(|message| message.contains(TEST))
        .filter_map(executable)
        .find(|test| test.name == name)
        .with_context(|| format!("cargo built no test {name}"))
}

fn one(command: &mut Command) -> Result<Executable> {
    let built = made(command.args(MESSAGES))?;
    built
        .into_iter()
        .next()
        .with_context(|| format!("{command:?} made no executable"))
}

/// A command of cargo's that makes static executables.
fn static_cargo(processor: Processor, subcommand: &str, more: &str) -> Command {
    let target = processor.target();
    let flags = env::var("RUSTFLAGS").unwrap_or_default();
    let mut command = workspace::cargo(subcommand);
    command
        // Without a target of their own the flags would reach procedural macros, which cannot be static.
        .arg(format!("--target={target}"))
        .env("RUSTFLAGS", format!("{flags} {STATIC}{more}").trim_start())
        // Debug information would fill the memory of the virtual machines, whose processors are slow.
        .env("CARGO_PROFILE_DEV_DEBUG", "0")
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "1");
    if processor != Processor::NATIVE {
        let target = target.to_uppercase().replace('-', "_");
        command.env(format!("CARGO_TARGET_{target}_LINKER"), processor.gcc());
    }
    command
}

/// The executables that a command of cargo's makes.
fn made(command: &mut Command) -> Result<Vec<Executable>> {
    Ok(tool::shown(command)?
        .lines()
        .filter_map(executable)
        .collect())
}

/// The executable that one of cargo's messages announces.
fn executable(message: &str) -> Option<Executable> {
    let message: Value = serde_json::from_str(message).ok()?;
    let name = message["target"]["name"].as_str()?.into();
    let path = message["executable"].as_str()?.into();
    Some(Executable { name, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_messages_about_executables_count() {
        let test = r#"{"reason":"compiler-artifact","target":{"name":"kernel"},"executable":"/t/kernel-1"}"#;
        assert_eq!(executable(test).unwrap().path, PathBuf::from("/t/kernel-1"));
        let library =
            r#"{"reason":"compiler-artifact","target":{"name":"anyhow"},"executable":null}"#;
        assert!(executable(library).is_none());
        assert!(executable("warning: text").is_none());
    }
}
