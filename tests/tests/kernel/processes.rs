//! Other processes: a sandboxed one neither signals, traces nor gains privileges over them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use ringfence::{Access, Class, Request};
use ringfence_tests::trial::{Outcome, Test};
use ringfence_tests::wrapper::{NOBODY, Sandbox};
use rustix::io::Errno;

use crate::classes::Victim;
use crate::expect::{assert_verdict, verdict};
use crate::world::{World, copy_of_probe, is_root, unsandboxed};

pub fn tests() -> Vec<Test> {
    vec![
        Test::may_skip(
            "processes::memory_of_an_outside_process_is_unreadable",
            memory,
        ),
        Test::may_skip(
            "processes::a_set_user_id_program_gains_nothing",
            set_user_id,
        ),
    ]
}

fn memory() -> Outcome {
    let victim = Victim::start();
    let act = victim.stage_words("trace");
    if !unsandboxed(&act).status.success() {
        return Outcome::Skipped("this user may not trace to begin with (Yama)".to_owned());
    }
    let sandbox = Sandbox::for_probe().allow(Access::READ, "/proc");
    let expected = verdict(&sandbox, Request::Class(Class::Ptrace), Errno::ACCESS);
    assert_verdict(&sandbox, &act, expected);
    Outcome::Passed
}

fn set_user_id() -> Outcome {
    if !is_root() {
        return Outcome::Skipped("only root can make a set-user-ID program of root's".to_owned());
    }
    let world = World::new();
    let program = world.inside().join("program");
    copy_of_probe(&program);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o4755)).expect("own file");

    let twin = Command::new(&program)
        .args(["probe", "be-root"])
        .uid(NOBODY)
        .gid(NOBODY)
        .status()
        .expect("the copy starts");
    if !twin.success() {
        return Outcome::Skipped("the temporary directory is mounted nosuid".to_owned());
    }
    let sandbox = Sandbox::for_probe()
        .allow(Access::RO, &program)
        .as_user(NOBODY);
    let output = sandbox.run([program.as_os_str(), "probe".as_ref(), "be-root".as_ref()]);
    let expected = if sandbox.plan().check().is_ok() {
        Errno::PERM.raw_os_error()
    } else {
        125
    };
    assert_eq!(output.status.code(), Some(expected));
    Outcome::Passed
}
