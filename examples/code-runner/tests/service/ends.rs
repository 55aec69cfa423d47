//! How jobs and the server end: clients that go away, queues that are full, signals.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use ringfence_tests::trial::Test;
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::client;
use crate::server::{Server, Setup, eventually};
use crate::test;

pub fn tests() -> Vec<Test> {
    vec![
        test("ends::a_client_that_goes_away_ends_its_job", disconnect),
        test("ends::a_client_that_reads_nothing_holds_up_no_job", deaf),
        test("ends::a_full_queue_turns_requests_away", queue),
        test("ends::a_signal_lets_running_jobs_end", drain),
        test("ends::the_grace_time_is_not_exceeded", grace),
        test("ends::a_second_signal_ends_jobs_at_once", twice),
    ]
}

const KILLED: &str = "code_runner_jobs_ended_total{limit=\"\",outcome=\"killed\"}";
const RUNNING: &str = "code_runner_jobs_running";
const QUEUED: &str = "code_runner_requests_queued";

fn disconnect() {
    let server = Setup::new().policy("wall: 10s", "wall: 300s").start();
    for language in ["sh", "python"] {
        let code = match language {
            "sh" => "sleep 300 & sleep 300 & echo started; wait",
            _ => {
                "import os, time\nopen('file', 'w')\nos.fork()\nos.write(1, b'started\\n')\ntime.sleep(300)"
            }
        };
        let mut stream = server.stream(language, code);
        assert_eq!(stream.stdout(), "started");
        assert!(!server.processes().is_empty());
        drop(stream);
        server.assert_clean();
    }
    eventually("both are counted", || server.metric(KILLED) == 2);
    assert_eq!(server.metric(RUNNING), 0);
}

fn deaf() {
    let server = Setup::new().flags(&["--jobs", "1"]).start();
    // More than sockets keep, from a job that then ends by itself.
    let code = "import sys\nsys.stdout.write('x' * 1_000_000)";
    let deaf = server.stream("python", code);
    eventually("the job has ended", || {
        server.metric("code_runner_job_seconds_count") == 1
    });
    assert_eq!(server.sh("echo 1").stdout, "1\n");
    drop(deaf);
}

fn queue() {
    let server = Setup::new()
        .policy("wall: 10s", "wall: 300s")
        .flags(&["--jobs", "1", "--queue", "1"])
        .start();
    let mut first = server.stream("sh", "echo 1; sleep 300");
    assert_eq!(first.stdout(), "1");
    let address = server.address;
    let ask = move || client::post(address, "sh", "echo 2").expect("an answer");
    let second = std::thread::spawn(ask);
    eventually("one waits", || server.metric(QUEUED) == 1);
    assert_eq!(server.metric(RUNNING), 1);
    let third = server.post("sh", "echo 3");
    assert_eq!(third.status, 503, "{third:?}");
    assert_eq!(third.header("retry-after"), Some("1"));
    assert!(third.body.contains("Try again"), "{third:?}");
    assert_eq!(server.metric("code_runner_requests_refused_total"), 1);
    drop(first);
    assert_eq!(second.join().expect("no panic").run().stdout, "2\n");
    // Who leaves the queue makes room in it.
    let mut first = server.stream("sh", "echo 1; sleep 300");
    assert_eq!(first.stdout(), "1");
    let body = json!({"language": "sh", "code": "echo 4"}).to_string();
    let waiting = TcpStream::connect(address).expect("a connection");
    let head = "POST /run HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\n";
    let text = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    std::io::Write::write_all(&mut &waiting, text.as_bytes()).expect("it is sent");
    eventually("one waits", || server.metric(QUEUED) == 1);
    drop(waiting);
    eventually("nobody waits", || server.metric(QUEUED) == 0);
    drop(first);
    server.assert_clean();
    assert_eq!(server.metric("code_runner_jobs_started_total"), 3);
}

fn drain() {
    let mut server = Setup::new().flags(&["--jobs", "1"]).start();
    let mut running = server.stream("python", "import time\nprint(1)\ntime.sleep(2)\nprint(2)");
    assert_eq!(running.stdout(), "1");
    let address = server.address;
    let ask = move || client::post(address, "sh", "echo 3").expect("an answer");
    let waiting = std::thread::spawn(ask);
    eventually("one waits", || server.metric(QUEUED) == 1);
    server.signal(Signal::TERM);
    assert_eq!(waiting.join().expect("no panic").status, 503);
    eventually("nobody comes in", || TcpStream::connect(address).is_err());
    assert_eq!(running.stdout(), "2");
    assert_eq!(running.line().expect("its end")["exit"], json!(0));
    assert_eq!(server.wait().code(), Some(0));
    server.assert_clean();
}

/// The last line of a job that sleeps for long.
fn end_of_sleeper(server: &mut Server, signals: &[Signal]) -> (Value, Duration) {
    let mut running = server.stream("sh", "echo 1; sleep 60");
    assert_eq!(running.stdout(), "1");
    let begin = Instant::now();
    for &signal in signals {
        server.signal(signal);
        std::thread::sleep(Duration::from_millis(300));
    }
    let end = running.line().expect("its end");
    assert_eq!(server.wait().code(), Some(0));
    server.assert_clean();
    (end, begin.elapsed())
}

fn grace() {
    let setup = Setup::new().policy("wall: 10s", "wall: 300s");
    let mut server = setup.flags(&["--grace", "1"]).start();
    let (end, time) = end_of_sleeper(&mut server, &[Signal::TERM]);
    assert_eq!((&end["exit"], &end["signal"]), (&Value::Null, &json!(9)));
    assert!(
        time > Duration::from_secs(1) && time < Duration::from_secs(20),
        "{time:?}"
    );
}

fn twice() {
    let setup = Setup::new().policy("wall: 10s", "wall: 300s");
    let mut server = setup.flags(&["--grace", "250"]).start();
    let (end, time) = end_of_sleeper(&mut server, &[Signal::INT, Signal::TERM]);
    assert_eq!(end["signal"], json!(9));
    assert!(time < Duration::from_secs(60), "{time:?}");
}
