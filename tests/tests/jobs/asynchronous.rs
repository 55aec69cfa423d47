//! Jobs under tokio: the same limits and ends, many at once on few threads.

use std::future::Future;
use std::time::{Duration, Instant};

use ringfence::process::tokio::Event;
use ringfence::process::{Limit, Limits, Stdio, Stream};
use ringfence_tests::trial::Test;
use tokio::io::AsyncWriteExt as _;

use crate::scene::{eventually, job, lives, policy, sandbox, test};

pub fn tests() -> Vec<Test> {
    vec![
        test("asynchronous::output_and_status_are_the_jobs_own", output),
        test(
            "asynchronous::what_is_written_comes_as_it_is_written",
            events,
        ),
        test(
            "asynchronous::a_streamed_job_that_is_killed_tells_its_end",
            killed,
        ),
        test(
            "asynchronous::input_can_be_written_while_output_is_read",
            input,
        ),
        test(
            "asynchronous::what_was_written_before_the_end_is_told_to_a_busy_task_as_well",
            busy,
        ),
        test(
            "asynchronous::a_process_that_may_leave_and_floods_the_output_does_not_hold_up_the_end",
            floods,
        ),
        test("asynchronous::limits_end_the_job", limits),
        test("asynchronous::a_dropped_future_ends_its_job", dropped),
        test(
            "asynchronous::a_dropped_job_needs_no_further_thread",
            dropped_without_thread,
        ),
        test(
            "asynchronous::a_job_may_be_dropped_after_its_runtime",
            outlives_runtime,
        ),
        test("asynchronous::many_jobs_need_few_threads", many),
    ]
}

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(future)
}

fn output() {
    let sandbox = sandbox(policy());
    run(async {
        let mut command = job(&sandbox, &["say", "out", "err"]);
        let output = command.output_async().await.expect("it starts");
        assert_eq!(
            (&*output.stdout, &*output.stderr),
            (&b"out"[..], &b"err"[..])
        );
        let mut command = job(&sandbox, &["exit", "7"]);
        let ended = command.status_async().await.expect("it starts");
        assert_eq!(ended.code(), Some(7));
        let mut child = job(&sandbox, &["sleep", "60"])
            .spawn_async()
            .expect("it starts");
        assert_eq!(child.try_wait().expect("it runs"), None);
        child.kill().expect("it is ours");
        let killed = child.wait().await.expect("its end");
        assert_eq!(child.try_wait().expect("its end"), Some(killed));
        let mut command = job(&sandbox, &["leave-behind"]);
        let output = command.output_async().await.expect("it starts");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let pid = text.trim().parse().expect("a number");
        eventually("it is gone", || !lives(pid));
    });
}

fn events() {
    let sandbox = sandbox(policy());
    run(async {
        let mut command = job(&sandbox, &["flood"]);
        let limits = Limits {
            output: Some(100_000),
            ..Limits::default()
        };
        command.limits(limits).stdout(Stdio::piped());
        let mut events = command.spawn_async().expect("it starts").events();
        let (mut bytes, mut end) = (0, None);
        while let Some(event) = events.next().await.expect("an event") {
            match event {
                Event::Output(Stream::Stdout, chunk) => bytes += chunk.len(),
                Event::Ended(ended) => end = Some(ended),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(bytes, 100_000);
        assert_eq!(end.expect("its end").limit, Some(Limit::Output));
        assert_eq!(events.next().await.expect("nothing"), None);
    });
}

fn killed() {
    let sandbox = sandbox(policy());
    run(async {
        let mut command = job(&sandbox, &["sleep", "60"]);
        command.stdout(Stdio::piped());
        let child = command.spawn_async().expect("it starts");
        let pid = child.id().expect("it runs").cast_signed();
        let mut events = child.events();
        events.kill().expect("it is ours");
        let event = events.next().await.expect("an event").expect("its end");
        let Event::Ended(ended) = event else {
            panic!("{event:?}");
        };
        assert_eq!((ended.code(), ended.limit), (None, None));
        assert!(!lives(pid), "its end is told when it is gone");
        events.kill().expect("one that has ended is no error");
    });
}

/// A task that has done much without a pause is told by tokio that nothing is ready.
fn busy() {
    let sandbox = sandbox(policy());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    for done in 100..130 {
        let output = runtime.block_on(async {
            let mut command = job(&sandbox, &["say", "out", "err"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped());
            let child = command.spawn_async().expect("it starts");
            tokio::time::sleep(Duration::from_millis(30)).await;
            for _ in 0..done {
                tokio::task::coop::consume_budget().await;
            }
            child.wait_with_output().await.expect("its end")
        });
        assert_eq!(
            (&*output.stdout, &*output.stderr),
            (&b"out"[..], &b"err"[..]),
            "after {done}"
        );
    }
}

fn floods() {
    let sandbox = sandbox(policy());
    run(async {
        let mut command = job(&sandbox, &["leave-flooding"]);
        command.may_leave_group(true).stdout(Stdio::piped());
        let mut events = command.spawn_async().expect("it starts").events();
        let start = Instant::now();
        while events.next().await.expect("an event").is_some() {
            // So that there is always more.
            std::thread::sleep(Duration::from_millis(2));
            assert!(start.elapsed() < Duration::from_secs(10), "for ever");
        }
    });
}

fn input() {
    let sandbox = sandbox(policy());
    run(async {
        let mut command = job(&sandbox, &["cat"]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn_async().expect("it starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let writer = tokio::spawn(async move { stdin.write_all(&vec![b'x'; 1 << 20]).await });
        let output = child.wait_with_output().await.expect("its end");
        writer.await.expect("no panic").expect("the job reads");
        assert_eq!(output.stdout.len(), 1 << 20);
    });
}

fn limits() {
    let sandbox = sandbox(policy());
    run(async {
        let mut command = job(&sandbox, &["sleep", "60"]);
        let limits = Limits {
            wall: Some(Duration::from_millis(100)),
            ..Limits::default()
        };
        command.limits(limits);
        let by_status = command.status_async().await.expect("it starts");
        let by_output = command.output_async().await.expect("it starts").ended;
        for ended in [by_status, by_output] {
            assert_eq!(ended.limit, Some(Limit::Wall));
        }
    });
}

fn dropped() {
    let sandbox = sandbox(policy());
    run(async {
        let mut command = job(&sandbox, &["sleep", "60"]);
        let child = command.spawn_async().expect("it starts");
        let pid = child.id().expect("it runs").cast_signed();
        drop(child);
        eventually("the child is gone", || !lives(pid));
        let mut started = None;
        let waiting = async {
            let mut child = command.spawn_async().expect("it starts");
            started = child.id();
            child.wait().await
        };
        let late = tokio::time::timeout(Duration::from_millis(50), waiting).await;
        assert!(late.is_err(), "it sleeps for a minute");
        let pid = started.expect("it ran").cast_signed();
        eventually("the awaited child is gone", || !lives(pid));
    });
}

/// One that waited for it in the runtime's place could not always be had.
fn dropped_without_thread() {
    const NAME: &str = "buried";

    let threads = || {
        let tasks = std::fs::read_dir("/proc/self/task").expect("/proc");
        tasks
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
            .filter(|name| name.trim() == NAME)
            .count()
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name(NAME)
        .enable_all()
        .build()
        .expect("a runtime");
    let sandbox = sandbox(policy());
    runtime.block_on(async {
        let mut command = job(&sandbox, &["sleep", "60"]);
        let child = command.spawn_async().expect("it starts");
        let pid = child.id().expect("it runs");
        drop(child);
        let entry = format!("/proc/{pid}");
        eventually("its end is taken", || {
            !std::fs::exists(&entry).expect("/proc")
        });
        assert_eq!(threads(), 1, "the worker alone");
        // Twin: what a thread of its own looks like.
        tokio::task::spawn_blocking(|| ()).await.expect("it runs");
        assert_eq!(threads(), 2);
    });
}

fn outlives_runtime() {
    let sandbox = sandbox(policy());
    let mut command = job(&sandbox, &["sleep", "60"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    for dropped_within in [false, true] {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let child = runtime.block_on(async { command.spawn_async().expect("it starts") });
        let pid = child.id().expect("it runs").cast_signed();
        if dropped_within {
            runtime.block_on(async { drop(child) });
            drop(runtime);
        } else {
            drop(runtime);
            assert!(lives(pid));
            drop(child);
        }
        eventually("it is gone", || !lives(pid));
    }
}

fn many() {
    let sandbox = sandbox(policy());
    let sandbox: &'static _ = Box::leak(Box::new(sandbox));
    let start = Instant::now();
    run(async {
        let jobs: Vec<_> = (0..100)
            .map(|_| {
                tokio::spawn(async {
                    let mut command = job(sandbox, &["sleep", "1"]);
                    command.status_async().await.expect("it starts").success()
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(500)).await;
        let threads = std::fs::read_dir("/proc/self/task").expect("/proc").count();
        // Those of the runtime and of the tests beside this one; none for each job.
        assert!(threads < 60, "{threads} threads");
        for job in jobs {
            assert!(job.await.expect("no panic"));
        }
    });
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "they slept one after the other"
    );
}
