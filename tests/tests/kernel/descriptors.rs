//! Descriptors above 2: closed unless named.

use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};

use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{Sandbox, stderr};
use rustix::io::{Errno, FdFlags};

use crate::expect::{Verdict, assert_refused, assert_verdict};
use crate::world::{World, unsandboxed};

pub fn tests() -> Vec<Test> {
    vec![
        Test::new("descriptors::an_inherited_descriptor_is_closed", closed),
        Test::new("descriptors::a_named_descriptor_is_kept", kept),
        Test::new("descriptors::one_that_is_not_open_cannot_be_kept", not_open),
        Test::new("descriptors::a_full_table_is_said_to_be_full", full_table),
    ]
}

/// A descriptor of a file outside that every child of this process inherits.
fn inheritable(world: &World) -> OwnedFd {
    let file = File::open(world.outside().join("file")).expect("own file");
    rustix::io::fcntl_setfd(&file, FdFlags::empty()).expect("an open descriptor");
    file.into()
}

fn started(sandbox: &Sandbox, verdict: Verdict) -> Verdict {
    match sandbox.plan().check() {
        Ok(()) => verdict,
        Err(_) => Verdict::Refused,
    }
}

fn closed() {
    let world = World::new();
    let descriptor = inheritable(&world);
    let act = ["descriptor", &descriptor.as_raw_fd().to_string()];
    assert_eq!(unsandboxed(&act).status.code(), Some(0));
    let sandbox = Sandbox::for_probe();
    let expected = started(&sandbox, Verdict::Denied(Errno::NOENT));
    assert_verdict(&sandbox, &act, expected);
}

fn kept() {
    let world = World::new();
    let descriptor = inheritable(&world);
    let number = descriptor.as_raw_fd().to_string();
    let sandbox = Sandbox::for_probe().flags(["--keep-fd", &number]);
    let expected = started(&sandbox, Verdict::Allowed);
    assert_verdict(&sandbox, &["descriptor", &number], expected);
}

fn not_open() {
    let output = Sandbox::for_probe().flags(["--keep-fd", "987"]).run(["x"]);
    assert_eq!(output.status.code(), Some(125));
    assert!(stderr(&output).contains("descriptor 987 is not open"));
}

fn full_table() {
    let sandbox = Sandbox::for_probe();
    let command = std::env::current_exe().expect("own path");
    let wrapper = sandbox.command([command]);
    let act: Vec<_> = [
        "with-descriptors".into(),
        "4".into(),
        wrapper.get_program().into(),
    ]
    .into_iter()
    .chain(wrapper.get_args().map(Into::into))
    .collect::<Vec<std::path::PathBuf>>();
    let output = unsandboxed(&act);
    if sandbox.plan().check().is_err() {
        return assert_refused(&output);
    }
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(125), "{message}");
    assert!(
        message.contains("the table of open files is full"),
        "{message}"
    );
}
