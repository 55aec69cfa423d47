//! The same programs under AddressSanitizer and under valgrind, which find what C programs must not meet:
//! memory that is read after it was freed, freed twice, or never.
//!
//! Neither sees more of the library than what it allocates, frees and reads of C's memory, since the library
//! is compiled without them. Valgrind knows no Landlock and no filters: sandboxes are made by best effort
//! there, and hold nothing. LeakSanitizer looks at a process by ptrace, which a sandbox denies, so that
//! programs which restrict themselves are not asked about leaks by it.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use ringfence_tests::trial::Test;
use tempfile::TempDir;

use crate::agreement;
use crate::arguments::Generated;
use crate::behaviour;
use crate::library::{
    LIBRARY, Linked, Program, compile, example, source, test, test_of_sandboxes, text,
};

const VALGRIND: &[(&str, &str)] = &[("valgrind", "valgrind")];
const SANITIZERS: [&str; 3] = [
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
    "-fno-omit-frame-pointer",
];

pub fn tests() -> Vec<Test> {
    vec![
        test(
            "address_sanitizer_finds_nothing_in_what_no_function_should_be_given",
            &[],
            || {
                let program = Generated::new();
                quiet(&sanitized(&program.file), "");
            },
        ),
        test(
            "address_sanitizer_finds_nothing_in_plans_and_answers",
            &[],
            || quiet(&sanitized(&source("agree.c")), &agreement::script()),
        ),
        test_of_sandboxes(
            "address_sanitizer_finds_nothing_in_sandboxes_and_programs",
            || {
                for file in behaviour::programs() {
                    quiet(&sanitized(&file), "");
                }
            },
        ),
        test_of_sandboxes(
            "address_sanitizer_finds_nothing_in_the_examples",
            examples_sanitized,
        ),
        test(
            "address_sanitizer_sees_what_the_library_frees",
            &[],
            a_fault_is_seen,
        ),
        test(
            "valgrind_finds_nothing_in_plans_and_answers",
            VALGRIND,
            || {
                let program = compile("gcc", &source("agree.c"), &[], Linked::Shared);
                under_valgrind(&program, &agreement::script());
            },
        ),
        test(
            "valgrind_finds_nothing_in_handles_of_every_kind",
            VALGRIND,
            || {
                let program = compile("gcc", &source("handles.c"), &[], Linked::Shared);
                under_valgrind(&program, "");
            },
        ),
    ]
}

fn sanitized(file: &Path) -> Program {
    compile("gcc", file, &SANITIZERS, Linked::Shared)
}

/// Runs a program that ends well, and says nothing on standard error.
fn quiet(program: &Program, input: &str) {
    let output = fed(&mut program.command(), input);
    let said = text(&output.stderr);
    assert!(
        output.status.success() && said.is_empty(),
        "{}: {said}{}",
        output.status,
        text(&output.stdout)
    );
}

fn fed(command: &mut Command, input: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.as_bytes().to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("an end");
    // A program that failed has not read it all.
    let _ = writer.join();
    output
}

fn examples_sanitized() {
    let directory = TempDir::new().expect("a directory");
    let own = sanitized(&example("self-sandbox.c"));
    let mut command = own.command();
    // The leak detector would trace the process, which is restricted by then.
    command.env("ASAN_OPTIONS", "detect_leaks=0");
    command.arg(directory.path());
    let output = fed(&mut command, "write greeting hello\nread /etc/shadow\n");
    assert!(output.status.success() && output.stderr.is_empty());
    assert_eq!(
        text(&output.stdout),
        "write greeting: done\nread /etc/shadow: Permission denied\n"
    );

    let host = sanitized(&example("plugin-host.c"));
    let mut command = host.command();
    command
        .arg(directory.path())
        .args(["/bin/true", "/bin/cat"]);
    let output = fed(&mut command, "hello\n");
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).ends_with("/bin/cat: hello\n"));
}

/// The twin of the tests above: they would notice.
fn a_fault_is_seen() {
    let program = sanitized(&source("fault.c"));
    // A second free reads what it frees before it frees it, which is nobody's memory by then.
    for (fault, name) in [
        ("1", "AddressSanitizer"),
        ("2", "heap-use-after-free"),
        ("3", "detected memory leaks"),
    ] {
        let output = program.command().arg(fault).output().expect("it starts");
        let said = text(&output.stderr);
        let is_seen = !output.status.success() && said.contains(name);
        assert!(is_seen, "{fault}: {said}");
    }
}

fn under_valgrind(program: &Program, input: &str) {
    let mut command = LIBRARY.run(Path::new("valgrind"));
    command
        .args(["--quiet", "--error-exitcode=99", "--leak-check=full"])
        // A filter that all jobs share is kept as long as the process.
        .args(["--show-leak-kinds=definite,indirect,possible"])
        .args(["--errors-for-leak-kinds=definite,indirect,possible"])
        .arg(&program.path);
    let output = fed(&mut command, input);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{}: {said}", output.status);
    // What it says of system calls that it does not know is no finding.
    let findings = said.lines().filter(|line| line.starts_with("=="));
    assert_eq!(findings.count(), 0, "{said}");
}
