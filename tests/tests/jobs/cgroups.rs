//! Jobs in cgroups of their own: nothing leaves one, and its limits hold for the job as a whole.
//!
//! Only root may mount the file system of cgroups, so that each test does in a process and a mount
//! namespace of its own.

use std::process::{Command, ExitCode};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use ringfence::process::{CgroupError, Cgroups, Limit, Limits, SpawnError, Stdio};
use ringfence_tests::trial::{Outcome, Test};
use ringfence_tests::world::{World, is_root};

use crate::scene::{eventually, job, lives, policy, sandbox, this};

pub fn tests() -> Vec<Test> {
    vec![
        skippable(
            "cgroups::a_daemon_ends_with_its_job_and_the_cgroup_is_removed",
            "daemon",
        ),
        skippable(
            "cgroups::memory_and_processes_are_limited_or_refused",
            "limits",
        ),
        skippable("cgroups::what_is_no_cgroup_is_refused", "none"),
    ]
}

fn skippable(name: &str, case: &'static str) -> Test {
    Test::may_skip(name, move || {
        let plan = ringfence::Plan::new(
            policy().build().expect("a policy"),
            ringfence::Kernel::probe(),
        );
        if plan.check().is_err() {
            return Outcome::Absent("this kernel restricts nothing".to_owned());
        }
        if !is_root() {
            return Outcome::Absent("only root may mount the file system of cgroups".to_owned());
        }
        let output = Command::new(this()).args(["cgroup", case]).output();
        let output = output.expect("this program starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if let Some(reason) = text.strip_prefix("absent: ") {
            return Outcome::Absent(reason.trim().to_owned());
        }
        assert!(
            output.status.success(),
            "{text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        Outcome::Passed
    })
}

pub fn main(words: &[String]) -> ExitCode {
    let world = World::new();
    let mounted = unshare(CloneFlags::CLONE_NEWNS)
        .and_then(|()| {
            mount(
                None::<&str>,
                "/",
                None::<&str>,
                MsFlags::MS_REC | MsFlags::MS_PRIVATE,
                None::<&str>,
            )
        })
        .and_then(|()| {
            let place = world.outside();
            mount(
                Some("cgroup2"),
                &place,
                Some("cgroup2"),
                MsFlags::empty(),
                None::<&str>,
            )
        });
    if let Err(errno) = mounted {
        println!("absent: cgroups of version 2 cannot be mounted here: {errno}");
        return ExitCode::SUCCESS;
    }
    let delegated = world
        .outside()
        .join(format!("ringfence-test-{}", std::process::id()));
    // A controller is there unless version 1 has it.
    let root = world.outside().join("cgroup.subtree_control");
    let has = |controller: &str| std::fs::write(&root, format!("+{controller}")).is_ok();
    let (memory, pids) = (has("memory"), has("pids"));
    std::fs::create_dir(&delegated).expect("a cgroup");
    let own = delegated.join("cgroup.subtree_control");
    for (controller, there) in [("memory", memory), ("pids", pids)] {
        if there {
            std::fs::write(&own, format!("+{controller}")).expect("the controller for jobs");
        }
    }
    let cgroups = Cgroups::at(&delegated).expect("a cgroup");
    // Left by a server that was killed and had this process id.
    let stale = delegated.join(format!("ringfence-{}-0", std::process::id()));
    std::fs::create_dir(&stale).expect("a cgroup");
    match words.first().map(String::as_str) {
        Some("daemon") => daemon(&cgroups, &world),
        Some("limits") => limits(&cgroups, memory, pids),
        _ => none(&world),
    }
    std::fs::remove_dir(&stale).expect("nothing is in it");
    let left: Vec<_> = std::fs::read_dir(&delegated)
        .expect("the cgroup")
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .filter(|name| name.to_string_lossy().starts_with("ringfence-"))
        .collect();
    std::fs::remove_dir(&delegated).expect("nothing is in it");
    assert!(left.is_empty(), "{left:?}");
    ExitCode::SUCCESS
}

fn daemon(cgroups: &Cgroups, world: &World) {
    let sandbox = sandbox(policy().rw(world.inside()));
    let file = world.inside().join("pid");
    let path = file.display().to_string();
    let told = || std::fs::read_to_string(&file).is_ok_and(|text| text.contains(' '));
    let mut command = job(&sandbox, &["daemon-and-wait", &path]);
    command
        .may_leave_group(true)
        .cgroup(cgroups)
        .stdin(Stdio::null());
    let mut child = command.spawn().expect("it starts");
    eventually("the daemon has told its number", told);
    let text = std::fs::read_to_string(&file).expect("its number");
    let pid = text
        .split(' ')
        .next()
        .and_then(|number| number.parse().ok())
        .expect("a number");
    assert!(lives(pid));
    child.kill().expect("it is ours");
    child.wait().expect("its end");
    eventually("the daemon is gone", || !lives(pid));
}

fn limits(cgroups: &Cgroups, memory: bool, pids: bool) {
    let sandbox = sandbox(policy());
    let run = |act: &[&str], limits| {
        let mut command = job(&sandbox, act);
        command.limits(limits).cgroup(cgroups).output()
    };
    let refused = |limit| move |error: &SpawnError| matches!(error, SpawnError::Cgroup(CgroupError::Controller { limit: of, .. }) if *of == limit);
    let little = Limits {
        memory: Some(50 << 20),
        ..Limits::default()
    };
    let result = run(&["allocate", "300"], little);
    if memory {
        let ended = result.expect("it starts").ended;
        assert_eq!(ended.limit, Some(Limit::Memory), "{ended}");
    } else {
        assert!(
            result.as_ref().is_err_and(refused(Limit::Memory)),
            "{result:?}"
        );
    }
    let alone = Limits {
        processes: Some(1),
        ..Limits::default()
    };
    let result = run(&["leave-behind", "quiet"], alone);
    if pids {
        let ended = result.expect("it starts").ended;
        assert_eq!(ended.limit, Some(Limit::Processes), "{ended}");
    } else {
        assert!(
            result.as_ref().is_err_and(refused(Limit::Processes)),
            "{result:?}"
        );
    }
    let ended = run(&["exit", "3"], Limits::default())
        .expect("it starts")
        .ended;
    assert_eq!((ended.code(), ended.limit), (Some(3), None));
}

fn none(world: &World) {
    let error = Cgroups::at(world.inside()).unwrap_err();
    assert!(matches!(error, CgroupError::NotACgroup(_)), "{error}");
}
