//! The whole file system of a virtual machine: process 1, the tests, and the few files that programs look for.

use std::env;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::Options;
use super::cpio::Cpio;
use crate::artifacts::{self, Executable};
use crate::processor::Processor;

const FOLDERS: [&str; 7] = ["dev", "etc", "proc", "root", "sys", "tests", "tmp"];

const PASSWD: &str =
    "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n";
const GROUP: &str = "root:x:0:\nnogroup:x:65534:\n";
/// What no sandbox may read; the hash is of nothing.
const SHADOW: &str = "root:*:20000:0:99999:7:::\nnobody:*:20000:0:99999:7:::\n";
const HOSTS: &str = "127.0.0.1 localhost\n::1 localhost\n";

/// Builds everything that runs inside, and writes the archive to `path`.
pub fn write(options: &Options, path: &Path) -> Result<()> {
    let processor = options.processor;
    let mut cpio = Cpio::default();
    for folder in FOLDERS {
        cpio.folder(folder, 0o755);
    }
    // Process 1 gets its output from here, before it mounts anything on /dev.
    cpio.device("dev/console", 0o600, 5, 1);
    cpio.file("etc/passwd", 0o644, PASSWD.as_bytes());
    cpio.file("etc/group", 0o644, GROUP.as_bytes());
    cpio.file("etc/shadow", 0o600, SHADOW.as_bytes());
    cpio.file("etc/hosts", 0o644, HOSTS.as_bytes());
    // One a line.
    cpio.file(
        "tests/arguments",
        0o644,
        options.test_args.join("\n").as_bytes(),
    );

    cpio.file("tests/environment", 0o644, handed_on().as_bytes());

    program(&mut cpio, "init", &artifacts::vm_init(processor)?.path)?;
    let executables = match processor {
        Processor::NATIVE => artifacts::release()?,
        other => artifacts::emulated(other)?,
    };
    for executable in executables {
        program(
            &mut cpio,
            &format!("tests/{}", executable.name),
            &executable.path,
        )?;
    }
    let tests = match &options.program {
        Some(other) => vec![Executable {
            name: "program".into(),
            path: other.clone(),
        }],
        None => {
            program(
                &mut cpio,
                "tests/escape",
                &artifacts::escape_program(processor)?,
            )?;
            let threads = artifacts::thread_tests(processor)?;
            program(&mut cpio, &format!("tests/{}", threads.name), &threads.path)?;
            artifacts::kernel_tests(processor)?
        }
    };
    // What to run, one name a line.
    let names: Vec<_> = tests.iter().map(|test| test.name.as_str()).collect();
    cpio.file("tests/run", 0o644, names.join("\n").as_bytes());
    for test in &tests {
        program(&mut cpio, &format!("tests/{}", test.name), &test.path)?;
    }
    fs::write(path, cpio.finish()).with_context(|| format!("{} cannot be written", path.display()))
}

/// What of this environment the tests shall find in theirs: `NAME=value`, one a line.
fn handed_on() -> String {
    ["RINGFENCE_SEED", "RINGFENCE_OPERATIONS"]
        .into_iter()
        .filter_map(|name| Some(format!("{name}={}\n", env::var(name).ok()?)))
        .collect()
}

fn program(cpio: &mut Cpio, name: &str, path: &Path) -> Result<()> {
    let content = fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
    cpio.file(name, 0o755, &content);
    Ok(())
}
