//! What the library does for a C program; the statements are those of the programs in `c/behaviour`.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock};

use ringfence_tests::executable;
use ringfence_tests::trial::Test;
use tempfile::TempDir;

use crate::library::{Linked, compile, source, succeeds, test_of_sandboxes, text};

pub fn tests() -> Vec<Test> {
    let mut tests: Vec<Test> = programs()
        .iter()
        .flat_map(|file| statements(file))
        .collect();
    tests.push(test_of_sandboxes(
        "the_plan_for_this_kernel_is_what_the_workbench_prints",
        the_plan_is_the_workbenchs,
    ));
    tests
}

/// The programs' sources.
pub fn programs() -> Vec<PathBuf> {
    let folder = fs::read_dir(source("behaviour")).expect("the programs");
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.expect("a file").path()).collect();
    files.retain(|file| file.extension().is_some_and(|kind| kind == "c"));
    files.sort();
    files
}

/// A test for each statement of a program, which is compiled for the first that runs.
fn statements(file: &Path) -> Vec<Test> {
    let code = fs::read_to_string(file).expect("the statements");
    let file = file.to_owned();
    let program = Arc::new(LazyLock::new(move || {
        compile("gcc", &file, &[], Linked::Shared)
    }));
    code.lines()
        .filter_map(|line| line.trim().strip_prefix("STATEMENT(")?.strip_suffix("),"))
        .map(|name| {
            let (name, program) = (name.to_owned(), Arc::clone(&program));
            test_of_sandboxes(&format!("c_{name}"), move || {
                succeeds(program.command().arg(name));
            })
        })
        .collect()
}

/// Byte for byte, where symlinks lead and what is missing included.
fn the_plan_is_the_workbenchs() {
    let program = compile("gcc", &source("agree.c"), &[], Linked::Shared);
    let directory = TempDir::new().expect("a directory");
    std::os::unix::fs::symlink("/usr/bin", directory.path().join("link")).expect("a link");
    let link = directory.path().join("link");
    for more in ["", "  - /no/such/path\n"] {
        let manifest = directory.path().join("policy.yaml");
        let text_of = format!(
            "version: 1\nro:\n  - /usr\n  - {}\n{more}bind-tcp: [8080]\n",
            link.display()
        );
        fs::write(&manifest, text_of).expect("a file");
        let by_workbench = |flags: &[&str]| {
            let mut command = Command::new(executable("ringfence"));
            let output = command.args(flags).arg(&manifest).output();
            text(&output.expect("the workbench starts").stdout)
        };
        let expected =
            by_workbench(&["plan", "--json", "--policy"]) + &by_workbench(&["plan", "--policy"]);
        assert_eq!(expected.contains("\"starts\": true"), more.is_empty());

        let mut child = program
            .command()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        write!(stdin, "file\t{}\nplan\trunning\n", manifest.display()).expect("it reads");
        drop(stdin);
        let output = child.wait_with_output().expect("an end");
        assert_eq!(text(&output.stdout), expected);
    }
}
