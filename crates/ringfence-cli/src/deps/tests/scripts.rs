//! Scripts and their interpreters, as the kernel starts them.

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::super::program::MAX_SCRIPTS;
use super::super::{Environment, Error, Reason, closure};
use super::notes;

fn script(directory: &TempDir, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = directory.path().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    path
}

fn reasons(command: &Path, path: Option<&OsStr>) -> Vec<(PathBuf, Reason)> {
    let environment = Environment {
        path,
        ..Environment::default()
    };
    let closure = closure(command, &environment).unwrap_or_else(|e| panic!("{e}"));
    let files = closure.files.into_iter();
    files
        .filter(|file| file.reason.is_executed())
        .map(|file| (file.path, file.reason))
        .collect()
}

#[test]
fn the_interpreter_of_a_script_and_its_loader_are_included() {
    let home = TempDir::new().unwrap();
    let of = script(&home, "script", "#! \t/bin/sh  -e \nexit 0\n");
    let found = reasons(&of, None);
    assert_eq!(found[0], (of.clone(), Reason::Command));
    let sh = PathBuf::from("/bin/sh");
    assert_eq!(found[1], (sh.clone(), Reason::ScriptInterpreter { of }));
    assert_eq!(found[2].1, Reason::ElfInterpreter { of: sh });
    assert_eq!(found.len(), 3);
}

#[test]
fn the_program_that_env_starts_is_included() {
    let home = TempDir::new().unwrap();
    let program = home.path().join("tool");
    symlink("/bin/sh", &program).unwrap();
    let lines = [
        "tool",
        "-S tool -u",
        "-Stool",
        "-vS -i A=b -u HOME tool -x",
        "--split-string=tool -",
    ];
    for line in lines {
        let of = script(&home, "script", format!("#!/usr/bin/env {line}\n"));
        let found = reasons(&of, Some(home.path().as_os_str()));
        assert!(
            found.contains(&(program.clone(), Reason::EnvProgram { of })),
            "{line}: {found:?}"
        );
    }
}

#[test]
fn a_program_that_env_will_not_find_is_noted() {
    let home = TempDir::new().unwrap();
    // Without -S, all of the line is one name.
    let of = script(&home, "script", "#!/usr/bin/env sh -e\n");
    let closure = closure(&of, &Environment::default()).unwrap();
    let expected = format!(
        "sh -e, which env is to start for {}, was not found in PATH",
        of.display()
    );
    assert_eq!(notes(&closure), [expected]);
}

#[test]
fn scripts_are_followed_as_far_as_the_kernel_does() {
    let home = TempDir::new().unwrap();
    let mut interpreter = PathBuf::from("/bin/true");
    for depth in 1..=MAX_SCRIPTS + 1 {
        let text = format!("#!{}\n", interpreter.display());
        interpreter = script(&home, &depth.to_string(), text);
        let answer = closure(&interpreter, &Environment::default());
        assert_eq!(
            answer.is_ok(),
            Command::new(&interpreter).status().is_ok(),
            "{depth}: {answer:?}"
        );
        assert_eq!(answer.is_ok(), depth <= MAX_SCRIPTS);
    }
}

#[test]
fn scripts_that_lead_back_to_themselves_are_an_error() {
    let home = TempDir::new().unwrap();
    let path = home.path().join("script");
    let direct = script(&home, "script", format!("#!{}\n", path.display()));
    let answer = closure(&direct, &Environment::default());
    assert!(
        matches!(answer, Err(Error::InterpreterLoop { .. })),
        "{answer:?}"
    );

    let by_env = script(&home, "script", "#!/usr/bin/env script\n");
    let environment = Environment {
        path: Some(home.path().as_os_str()),
        ..Environment::default()
    };
    let answer = closure(&by_env, &environment);
    assert!(
        matches!(answer, Err(Error::InterpreterLoop { .. })),
        "{answer:?}"
    );
}

#[test]
fn a_line_is_too_long_when_it_is_for_the_kernel() {
    let home = TempDir::new().unwrap();
    for length in 245..265 {
        let name = "#!".len() + home.path().as_os_str().len() + "/".len();
        let interpreter = home.path().join("x".repeat(length - name));
        symlink("/bin/true", &interpreter).unwrap();
        for end in ["", "\n", " ", " -e\n"] {
            let of = script(&home, "script", format!("#!{}{end}", interpreter.display()));
            let answer = closure(&of, &Environment::default());
            let started = loop {
                match Command::new(&of).status() {
                    // A process that another test forked meanwhile still holds it open for writing.
                    Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => {}
                    started => break started,
                }
            };
            assert_eq!(
                answer.is_ok(),
                started.is_ok(),
                "{length} {end:?}: {answer:?}, {started:?}"
            );
            assert!(
                matches!(answer, Ok(_) | Err(Error::LineTooLong { .. })),
                "{answer:?}"
            );
        }
    }
}

#[test]
fn what_the_kernel_cannot_start_is_an_error() {
    let home = TempDir::new().unwrap();
    for text in [
        "",
        "#",
        "#!",
        "#! \n/bin/sh",
        "echo",
        "#!\0/bin/sh\n",
        "\n#!/bin/sh",
    ] {
        let path = script(&home, "script", text);
        let answer = closure(&path, &Environment::default());
        assert!(
            matches!(answer, Err(Error::NotAProgram { .. })),
            "{text:?}: {answer:?}"
        );
    }
    let of = script(&home, "script", "#!/nonexistent/sh\n");
    let answer = closure(&of, &Environment::default());
    let text = answer.unwrap_err().to_string();
    assert!(
        text.starts_with("/nonexistent/sh, the interpreter of "),
        "{text}"
    );
}

#[test]
fn a_command_without_a_slash_is_looked_up_in_path() {
    let home = TempDir::new().unwrap();
    fs::write(home.path().join("tool"), "not executable").unwrap();
    let other = TempDir::new().unwrap();
    let tool = other.path().join("tool");
    symlink("/bin/true", &tool).unwrap();
    let path = std::env::join_paths([home.path(), other.path()]).unwrap();
    let found = reasons(Path::new("tool"), Some(&path));
    assert_eq!(found[0], (tool, Reason::Command));
    let answer = closure(Path::new("tool"), &Environment::default());
    assert!(matches!(answer, Err(Error::NotFound { .. })), "{answer:?}");
    let answer = closure(Path::new("/nonexistent"), &Environment::default());
    assert!(
        matches!(answer, Err(Error::Unreadable { .. })),
        "{answer:?}"
    );
}
