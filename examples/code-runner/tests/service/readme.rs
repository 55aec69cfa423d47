//! The command lines of the README work as they stand.

use std::process::Command;

use ringfence_tests::trial::{Outcome, Test};

use crate::may_skip;
use crate::server::{Server, own};

pub fn tests() -> Vec<Test> {
    vec![may_skip(
        "readme::its_command_lines_give_what_it_shows",
        || {
            if Command::new("curl").arg("--version").output().is_err() {
                return Outcome::Skipped("there is no curl".into());
            }
            lines();
            Outcome::Passed
        },
    )]
}

/// Each `$ curl` line of the blocks that name this file, with what is shown beneath it; `…` stands for anything.
fn lines() {
    let server = Server::start();
    let text = std::fs::read_to_string(own("README.md")).expect("the README");
    let opening = format!("```console,by={}\n", file!());
    let blocks = text.split(&opening).skip(1);
    let blocks = blocks.filter_map(|block| block.split("```").next());
    let mut tried = 0;
    for block in blocks {
        for shown in block.split("$ ").filter(|shown| shown.starts_with("curl ")) {
            let (line, expected) = command(shown);
            let line = line.replace("127.0.0.1:8080", &server.address.to_string());
            let output = Command::new("sh")
                .args(["-c", &line])
                .output()
                .expect("sh starts");
            let output = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(
                matches(&output, &expected),
                "{line}\n{output}\nexpected:\n{expected}"
            );
            tried += 1;
        }
    }
    assert!(tried >= 5, "{tried} lines");
}

/// A command, which goes on after a backslash or within quotes, and the lines beneath.
fn command(shown: &str) -> (String, String) {
    let mut command = String::new();
    let mut lines = shown.lines();
    for line in lines.by_ref() {
        command += line;
        command.push('\n');
        let is_open = command.matches('\'').count() % 2 == 1 || line.ends_with('\\');
        if !is_open {
            break;
        }
    }
    (command, lines.collect::<Vec<_>>().join("\n"))
}

fn matches(output: &str, expected: &str) -> bool {
    let mut rest = output.trim();
    let expected = expected.trim();
    let mut pieces = expected.split('…');
    let first = pieces.next().unwrap_or_default();
    if expected.is_empty() {
        return true;
    }
    let Some(after) = rest.strip_prefix(first) else {
        return false;
    };
    rest = after;
    for piece in pieces {
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
    }
    rest.is_empty() || expected.ends_with('…')
}
