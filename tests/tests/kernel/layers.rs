//! Sandboxes in sandboxes: up to 16, and a clear word about the 17th.

use std::ffi::OsString;

use ringfence::Access;
use ringfence_tests::executable;
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{Sandbox, stderr, stdout};

use crate::expect::assert_refused;

pub fn tests() -> Vec<Test> {
    vec![
        Test::new(
            "layers::status_answers_without_proc_and_outside_it_says_no_more",
            no_proc,
        ),
        Test::new("layers::sixteen_nest_and_status_counts_them", sixteen),
        Test::new("layers::the_seventeenth_gets_a_clear_message", seventeenth),
    ]
}

/// A command inside this many sandboxes.
fn nested(depth: usize, command: &[OsString]) -> (Sandbox, Vec<OsString>) {
    let runner = executable("landlock-runner");
    let all = Sandbox::empty()
        .allow(Access::RO, "/")
        .flags(["--log", "off"]);
    let layer: Vec<OsString> = [runner.into(), "--ro".into(), "/".into()]
        .into_iter()
        .chain(["--log".into(), "off".into()])
        .collect();
    let line = std::iter::repeat_n(layer, depth - 1)
        .flatten()
        .chain(command.iter().cloned())
        .collect();
    (all, line)
}

fn sixteen() {
    for depth in [1, 2, 16] {
        let status = [executable("ringfence").into(), "status".into()];
        let (sandbox, line) = nested(depth, &status);
        let output = sandbox.run(line);
        if sandbox.plan().check().is_err() {
            return assert_refused(&output);
        }
        let text = stdout(&output);
        assert!(
            text.contains(&format!("landlock layers  {depth} of at most 16\n")),
            "{text} {}",
            stderr(&output)
        );
        assert!(text.contains("no_new_privs     set\n"), "{text}");
    }
}

fn no_proc() {
    let workbench = executable("ringfence");
    let sandbox = Sandbox::for_probe().allow(Access::RO, &workbench);
    let output = sandbox.run([workbench.as_os_str(), "status".as_ref()]);
    if sandbox.plan().check().is_err() {
        return assert_refused(&output);
    }
    assert!(
        stdout(&output).contains("landlock layers  1 of"),
        "{}",
        stderr(&output)
    );
    let outside = sandbox.run([workbench.as_os_str(), "status".as_ref(), "1".as_ref()]);
    assert_eq!(outside.status.code(), Some(1));
    assert!(stderr(&outside).contains("a sandbox denies it"));
}

fn seventeenth() {
    let command = std::env::current_exe().expect("own path");
    let (sandbox, line) = nested(17, &[command.into()]);
    let output = sandbox.run(line);
    if sandbox.plan().check().is_err() {
        return assert_refused(&output);
    }
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(125), "{message}");
    assert!(message.contains("16 Landlock layers already"), "{message}");
}
