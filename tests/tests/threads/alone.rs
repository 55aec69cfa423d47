//! Policies of one mechanism, or of none.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

use ringfence::{Action, Policy, PolicyBuilder};
use rustix::io::Errno;

use crate::attempt::FREE;
use crate::crew::{ALL, Crew};
use crate::raw;
use crate::scene::{Case, Scene, prepare};

pub fn cases() -> Vec<Case> {
    vec![
        Case::new("a_filter_alone_is_for_all_threads", |scene| {
            let crew = Crew::new(scene, ALL);
            let socket = "socket".parse().expect("a call");
            enforce(nothing().deny_syscall(socket, Action::EPERM));
            let denied = Err(Errno::PERM);
            crew.assert_all(scene, [Ok(()), Ok(()), denied, denied, denied]);
        })
        .without_landlock(),
        Case::new("a_domain_alone_is_for_all_threads", |scene| {
            let crew = Crew::new(scene, ALL);
            let files = Policy::builder().unrestricted_net().unrestricted_ipc();
            let allowed = scene.inside();
            enforce(files.unrestricted_syscalls().ro(allowed));
            let mut expected = FREE;
            expected[0] = Err(Errno::ACCESS);
            crew.assert_all(scene, expected);
        }),
        Case::new(
            "a_policy_of_nothing_sets_no_new_privs_and_leaves_all_alone",
            |scene| {
                assert!(set_in_all("NoNewPrivs:", "0"));
                let crew = Crew::new(scene, ALL);
                enforce(nothing().unrestricted_syscalls());
                if ringfence::Kernel::probe().abi() < ringfence::Abi::new(8) {
                    assert!(set_in_all("NoNewPrivs:", "1"));
                }
                crew.assert_all(scene, FREE);
            },
        )
        .without_landlock(),
        Case::new(
            "a_filter_that_kills_for_any_other_call_kills_no_thread",
            only_few_calls,
        )
        .without_landlock(),
        Case::new("no_thread_of_root_may_load_modules_afterwards", |scene| {
            if !any_may_load_modules() {
                crate::scene::skip("this user has no CAP_SYS_MODULE to lose");
            }
            let crew = Crew::new(scene, ALL);
            scene.enforce();
            assert!(!any_may_load_modules());
            drop(crew.attempts());
        }),
    ]
}

/// A restricted thread goes on without a further system call. Allowed is what the library and the
/// watchdog of the case need.
fn only_few_calls(_: &Scene) {
    let calls = ["close", "munmap", "brk", "madvise", "clock_nanosleep"];
    let calls = calls.map(|call| call.parse().expect("a call"));
    let policy = nothing().only_syscalls(calls).other_syscalls(Action::Kill);
    let (started, count) = (AtomicU32::new(0), AtomicU32::new(0));
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                started.fetch_add(1, SeqCst);
                loop {
                    count.fetch_add(1, SeqCst);
                }
            });
        }
        while started.load(SeqCst) < 3 {
            std::hint::spin_loop();
        }
        enforce(policy);
        let before = count.load(SeqCst);
        while count.load(SeqCst) < before.saturating_add(1_000_000) {
            std::hint::spin_loop();
        }
        raw::end_process();
    });
}

/// Leaves everything alone but system calls.
fn nothing() -> PolicyBuilder {
    let policy = Policy::builder().unrestricted_fs().unrestricted_net();
    policy.unrestricted_ipc()
}

fn enforce(policy: PolicyBuilder) {
    prepare(policy).enforce().expect("it is enforced");
}

fn statuses() -> Vec<String> {
    let tasks = fs::read_dir("/proc/self/task").expect("/proc is mounted");
    tasks
        .map(|task| task.expect("an entry").path().join("status"))
        .map(|status| fs::read_to_string(status).expect("no thread ends here"))
        .collect()
}

fn set_in_all(name: &str, value: &str) -> bool {
    let line = format!("{name}\t{value}");
    let statuses = statuses();
    assert!(!statuses.is_empty());
    statuses
        .iter()
        .all(|status| status.lines().any(|found| found == line))
}

fn any_may_load_modules() -> bool {
    let module = rustix::thread::CapabilitySet::SYS_MODULE.bits();
    statuses().iter().any(|status| {
        let line = status.lines().find_map(|line| line.strip_prefix("CapPrm:"));
        let set = u64::from_str_radix(line.expect("the line").trim(), 16);
        set.expect("a set") & module != 0
    })
}
