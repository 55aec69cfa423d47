//! Many requests at once, and what is left after them: nothing.
//!
//! 500 of them; 10,000 with `RINGFENCE_LONG=1`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ringfence_tests::trial::Test;

use crate::client::{abandon, post};
use crate::server::{Server, Setup, eventually};
use crate::test;

/// How many clients ask at once.
const IN_FLIGHT: usize = 64;

/// What the server may hold more than before, in KiB: what allocators keep of 64 requests at once.
const MORE_MEMORY: usize = 4 << 10;

pub fn tests() -> Vec<Test> {
    vec![
        test("load::many_requests_leave_nothing_behind", many),
        test("load::clients_that_go_away_leave_nothing_behind", abandoned),
    ]
}

fn many() {
    let count = if std::env::var_os("RINGFENCE_LONG").is_some() {
        10_000
    } else {
        500
    };
    let server = Setup::new().flags(&["--queue", "64"]).start();
    // Whatever is made once is there before it is counted.
    ask(&server, 2 * IN_FLIGHT);
    let (memory, descriptors) = (memory(&server), descriptors(&server));
    let begin = Instant::now();
    ask(&server, count);
    let time = begin.elapsed();
    server.assert_clean();
    let after = self::memory(&server);
    println!(
        "{count} requests in {:.1} s ({:.0} a second), VmRSS {memory} KiB before, {after} KiB after",
        time.as_secs_f64(),
        f64::from(u32::try_from(count).expect("a small number")) / time.as_secs_f64()
    );
    assert_eq!(self::descriptors(&server), descriptors);
    assert!(
        after < memory + MORE_MEMORY,
        "{memory} KiB, now {after} KiB"
    );
    let all = u64::try_from(count + 2 * IN_FLIGHT).expect("a small number");
    assert_eq!(server.metric("code_runner_jobs_started_total"), all);
    let ended = "code_runner_jobs_ended_total{limit=\"\",outcome=\"success\"}";
    assert_eq!(server.metric(ended), all);
}

/// While they wait, while their jobs start, and while these run.
fn abandoned() {
    let setup = Setup::new().policy("wall: 10s", "wall: 300s");
    let server = setup.flags(&["--queue", "64"]).start();
    ask(&server, IN_FLIGHT);
    let descriptors = descriptors(&server);
    std::thread::scope(|scope| {
        for client in 0..16 {
            let address = server.address;
            scope.spawn(move || {
                for round in 0..16 {
                    let code = "mkdir d; : > d/f; sleep 300 & sleep 300";
                    let after = Duration::from_millis((client * 7 + round * 3) % 40);
                    abandon(address, "sh", code, after);
                }
            });
        }
    });
    server.assert_clean();
    eventually("nobody runs or waits", || {
        server.metric("code_runner_jobs_running") + server.metric("code_runner_requests_queued")
            == 0
    });
    assert_eq!(self::descriptors(&server), descriptors);
    assert_eq!(
        server.metric("code_runner_jobs_started_total"),
        server.metric("code_runner_job_seconds_count")
    );
    assert_eq!(server.sh("echo 1").stdout, "1\n");
}

/// Asks so many times, from as many clients as are in flight; each answer must be its own.
fn ask(server: &Server, count: usize) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..IN_FLIGHT {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    let (language, code) = match number % 10 {
                        0 => ("python", format!("open('f', 'w'); print({number} * 2)")),
                        _ => ("sh", format!("mkdir d; : > d/f; echo $(({number} * 2))")),
                    };
                    let response = post(server.address, language, &code).expect("an answer");
                    assert_eq!(response.run().stdout, format!("{}\n", number * 2));
                }
            });
        }
    });
}

/// VmRSS in KiB.
fn memory(server: &Server) -> usize {
    let path = format!("/proc/{}/status", server.pid());
    let status = std::fs::read_to_string(path).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    number.expect("a number")
}

fn descriptors(server: &Server) -> usize {
    let count = || {
        let path = format!("/proc/{}/fd", server.pid());
        std::fs::read_dir(path)
            .expect("it is ours, or we are root")
            .count()
    };
    // Connections that clients have just closed take a moment.
    let mut counts = (0..50).map(|_| {
        std::thread::sleep(Duration::from_millis(20));
        count()
    });
    counts.by_ref().min().expect("fifty")
}
