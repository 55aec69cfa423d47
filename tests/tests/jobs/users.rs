//! Jobs of another user than their starter.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;

use ringfence::Access;
use ringfence::process::{Limits, SpawnError, Stdio};
use ringfence_tests::trial::Test;
use ringfence_tests::world::{World, is_root};
use rustix::process::{getegid, geteuid};
use rustix::thread::{CapabilitySet, capabilities, set_capabilities};

use crate::scene::{as_root, eventually, job, lives, policy, sandbox, test};

const NOBODY: u32 = 65534;

pub fn tests() -> Vec<Test> {
    vec![
        as_root(
            "users::a_job_of_another_user_has_its_numbers_and_no_capability",
            numbers,
        ),
        as_root(
            "users::a_job_of_another_user_opens_what_that_user_may",
            files,
        ),
        as_root("users::a_job_of_another_user_ends_like_any_other", ends),
        as_root(
            "users::processes_of_another_user_are_limited_for_root_as_well",
            processes,
        ),
        test(
            "users::another_user_is_refused_without_its_group_or_the_right_to_it",
            refused,
        ),
        test("users::ones_own_numbers_are_no_change", own),
        as_root(
            "users::a_job_does_not_become_anothers_whom_its_starter_could_not_kill",
            beyond_reach,
        ),
    ]
}

fn numbers() {
    let sandbox = sandbox(policy().allow(Access::READ, "/proc"));
    let status = |field: &str, groups: Option<&[u32]>| {
        let mut command = job(&sandbox, &["status", field]);
        command.uid(NOBODY).gid(NOBODY - 1);
        if let Some(groups) = groups {
            command.groups(groups);
        }
        let output = command.output().expect("the job starts");
        assert!(output.ended.success(), "{}", output.ended);
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    // What root may hand on to whoever it starts; a thread has its own.
    let mut sets = capabilities(None).expect("one's own");
    sets.inheritable |= CapabilitySet::KILL;
    set_capabilities(None, sets).expect("it is permitted");
    assert_eq!(status("Uid", None), ["65534"; 4].join("\t"));
    assert_eq!(status("Gid", None), ["65533"; 4].join("\t"));
    assert_eq!(status("Groups", None), "");
    assert_eq!(status("Groups", Some(&[7, 9])), "7 9");
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(status(set, None), "0000000000000000", "{set}");
    }
}

fn files() {
    let world = World::new();
    let sandbox = sandbox(policy().ro(world.inside()));
    let file = world.inside().join("file");
    let private = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&file, private).expect("it is ours");
    let mut command = job(&sandbox, &["read", &file.display().to_string()]);
    // Twin: as root.
    assert!(command.status().expect("it starts").success());
    command.uid(NOBODY).gid(NOBODY);
    assert_eq!(command.status().expect("it starts").code(), Some(13));
    // Nor does it begin in a directory that its user may not enter.
    let private = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(world.inside(), private).expect("it is ours");
    let error = command.current_dir(world.inside()).spawn().unwrap_err();
    assert_eq!(error.raw_os_error(), Some(13), "{error}");
}

fn ends() {
    let sandbox = sandbox(policy());
    let mut command = job(&sandbox, &["leave-behind"]);
    let output = command.uid(NOBODY).gid(NOBODY).output().expect("it starts");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let pid = text.trim().parse().expect("a number");
    eventually("what it left behind is gone", || !lives(pid));
    let mut command = job(&sandbox, &["sleep", "60"]);
    let child = command.uid(NOBODY).gid(NOBODY).spawn().expect("it starts");
    let pid = child.id().cast_signed();
    assert!(lives(pid));
    drop(child);
    assert!(!lives(pid));
}

/// Of a user who has no other processes.
fn processes() {
    let sandbox = sandbox(policy());
    let code = |processes| {
        let mut command = job(&sandbox, &["leave-behind", "quiet"]);
        let limits = Limits {
            processes: Some(processes),
            ..Limits::default()
        };
        command.uid(54_321).gid(54_321).limits(limits);
        command.output().expect("it starts").ended.code()
    };
    assert_eq!(code(8), Some(0));
    assert_eq!(code(1), Some(11));
}

fn refused() {
    let sandbox = sandbox(policy());
    let mut command = job(&sandbox, &["exit", "0"]);
    let alone = command.uid(54_321).spawn().unwrap_err();
    assert!(matches!(alone, SpawnError::User(_)), "{alone:?}");
    assert_eq!(
        alone.to_string(),
        "cannot start the job as another user: it would keep this process's group; say `gid` as well"
    );
    if is_root() {
        return;
    }
    for (command, missing) in [
        (job(&sandbox, &["exit", "0"]).uid(0).gid(0), "CAP_SETUID"),
        (job(&sandbox, &["exit", "0"]).gid(0), "CAP_SETGID"),
        (job(&sandbox, &["exit", "0"]).groups(&[]), "CAP_SETGID"),
    ] {
        let sentence = command.spawn().unwrap_err().to_string();
        assert!(sentence.contains(missing), "{sentence}");
    }
}

fn beyond_reach() {
    let sandbox = sandbox(policy());
    let become_another = || {
        let mut command = job(&sandbox, &["become", "54321"]);
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("a pipe");
        BufReader::new(output)
            .read_line(&mut line)
            .expect("it tells");
        (child, line.trim().to_owned())
    };
    let (mut child, uid) = become_another();
    assert_eq!(uid, "54321");
    child.kill().expect("root may");

    let sets = capabilities(None).expect("one's own");
    let mut fewer = sets;
    fewer.effective -= CapabilitySet::KILL;
    set_capabilities(None, fewer).expect("it is given up");
    let (mut child, uid) = become_another();
    let killed = child.kill();
    // So that it ends also where that failed.
    set_capabilities(None, sets).expect("it is still permitted");
    drop(child);
    killed.expect("it is killed");
    assert_eq!(uid, "0");
}

fn own() {
    let sandbox = sandbox(policy());
    let mut command = job(&sandbox, &["exit", "0"]);
    command.uid(geteuid().as_raw()).gid(getegid().as_raw());
    assert!(command.status().expect("it starts").success());
}
