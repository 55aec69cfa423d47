//! Many threads at once, in a process that is busy otherwise, and within another sandbox.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::ScopedJoinHandle;

use ringfence::{Kernel, Plan, Template};
use ringfence_tests::trial::Test;
use ringfence_tests::world::World;

use crate::scene::{job, policy, sandbox, test, unsandboxed};

pub fn tests() -> Vec<Test> {
    vec![
        test(
            "together::threads_start_jobs_while_others_fork_and_change_the_environment",
            busy,
        ),
        test(
            "together::a_job_starts_within_another_sandbox_and_is_in_both",
            nested,
        ),
    ]
}

fn busy() {
    let policy = policy().build().expect("a policy");
    let template = Template::new(policy, Kernel::probe()).expect("a template");
    let world = World::new();
    let denied = world.outside().join("file").display().to_string();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let twin = unsandboxed(&["read", &denied]).status().expect("it starts");
                assert!(twin.success(), "a plain child was restricted");
            }
        });
        scope.spawn(|| {
            let mut kept: Vec<Vec<u8>> = Vec::new();
            let mut size = 1usize;
            while !stop.load(Ordering::Relaxed) {
                size = size % 70_000 + 977;
                kept.push(vec![1; size]);
                if kept.len() > 50 {
                    kept.clear();
                }
            }
        });
        let workers: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    for round in 0..40 {
                        let sandbox = template.with_rw(world.inside()).expect("a sandbox");
                        let code = (round % 100).to_string();
                        let mut command = job(&sandbox, &["exit", &code]);
                        let ended = command.status().expect("it starts");
                        assert_eq!(ended.code(), Some(round % 100));
                        let mut command = job(&sandbox, &["read", &denied]);
                        let output = command.output().expect("it starts");
                        assert_eq!(output.ended.code(), Some(13));
                    }
                })
            })
            .collect();
        let results: Vec<_> = workers.into_iter().map(ScopedJoinHandle::join).collect();
        stop.store(true, Ordering::Relaxed);
        assert!(results.into_iter().all(|result| result.is_ok()));
    });
}

fn nested() {
    let world = World::new();
    let outer = policy().rw(world.inside()).build().expect("a policy");
    let inner = sandbox(policy().rw(world.inside()).rw(world.outside()));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let outer = Plan::new(outer, Kernel::probe());
            let held = outer.prepare().expect("a sandbox").enforce_this_thread();
            held.expect("this thread is restricted");
            for (zone, expected) in [(world.inside(), Some(0)), (world.outside(), Some(13))] {
                let file = zone.join("file").display().to_string();
                let ended = job(&inner, &["read", &file]).status().expect("it starts");
                assert_eq!(ended.code(), expected);
            }
        });
    });
}
