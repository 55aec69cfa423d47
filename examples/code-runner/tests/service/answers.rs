//! What a client is told.

use std::time::Duration;

use ringfence_tests::trial::Test;
use serde_json::json;

use crate::client::{self, ask, get, post_body};
use crate::server::{Server, Setup};
use crate::test;

pub fn tests() -> Vec<Test> {
    vec![
        test("answers::a_job_gives_its_output_and_its_end", output),
        test("answers::output_comes_while_the_job_runs", streamed),
        test(
            "answers::text_is_whole_though_it_is_written_in_pieces",
            text,
        ),
        test("answers::input_is_given_to_the_job", input),
        test("answers::a_job_starts_with_nothing_but_its_code", empty),
        test("answers::bad_requests_are_answered_with_a_sentence", bad),
        test("answers::metrics_add_up", metrics),
    ]
}

fn output() {
    let server = Server::start();
    let run = server.python("import sys\nprint('out')\nprint('err', file=sys.stderr)\nsys.exit(7)");
    assert_eq!((&*run.stdout, &*run.stderr), ("out\n", "err\n"));
    assert_eq!((run.exit, run.signal, run.limit), (Some(7), None, None));
    assert!(run.seconds > 0.0 && run.seconds < 60.0);
    let run = server.sh("kill -9 $$");
    assert_eq!((run.exit, run.signal, run.limit), (None, Some(9), None));
    server.assert_clean();
}

fn streamed() {
    let server = Server::start();
    let mut stream = server.stream("python", "import time\nprint(1)\ntime.sleep(3)\nprint(2)");
    assert_eq!(stream.stdout(), "1");
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(server.metric("code_runner_jobs_running"), 1);
    assert_eq!(stream.stdout(), "2");
    assert_eq!(stream.line().expect("the end")["exit"], json!(0));
    assert_eq!(stream.line(), None);
}

fn text() {
    let server = Server::start();
    let code = "import os, time\n\
        for piece in [b'\\xe2', b'\\x82', b'\\xac \\xff', b'\\xf0\\x9f']:\n    \
        os.write(1, piece); time.sleep(0.1)";
    assert_eq!(server.python(code).stdout, "€ \u{fffd}\u{fffd}");
    let run = server.python("print('\\x00\\x1b\"\\\\\\n' + 'ä' * 100_000, end='')");
    assert_eq!(run.stdout, format!("\0\u{1b}\"\\\n{}", "ä".repeat(100_000)));
}

fn input() {
    let server = Server::start();
    // More than a pipe holds, and more than the job reads.
    let text = "x".repeat(500_000);
    for (code, expected) in [
        ("import sys; print(len(sys.stdin.read()))", "500000\n"),
        ("print('unread')", "unread\n"),
    ] {
        let body = json!({"language": "python", "code": code, "stdin": text}).to_string();
        let run = post_body(server.address, &body).run();
        assert_eq!((&*run.stdout, run.exit), (expected, Some(0)), "{run:?}");
    }
    let run = server.python("import sys; print(repr(sys.stdin.read()))");
    assert_eq!(run.stdout, "''\n");
}

fn empty() {
    let server = Server::start();
    let run = server.python(
        "import os, stat\n\
         print(sorted(os.environ), os.listdir('.'), oct(os.stat('.').st_mode), os.getcwd() == os.environ['HOME'])\n\
         for fd in range(3, 128):\n    \
         try: os.fstat(fd); print('open', fd)\n    \
         except OSError: pass",
    );
    let expected = "['HOME', 'LANG', 'PATH', 'TMPDIR'] ['main.py'] 0o40700 True\n";
    assert_eq!(run.stdout, expected, "{run:?}");
}

fn bad() {
    let server = Setup::new().flags(&["--body", "1000"]).start();
    let json = "POST /run HTTP/1.1\r\ncontent-type: application/json\r\n";
    let plain = "POST /run HTTP/1.1\r\n";
    let large = json!({"language": "sh", "code": "x".repeat(1000)}).to_string();
    let good = json!({"language": "sh", "code": ""}).to_string();
    for (head, body, status, sentence) in [
        (json, "{", 400, "cannot be read"),
        (json, "{\"language\": \"sh\"}", 400, "missing field `code`"),
        (
            json,
            "{\"language\": \"ruby\", \"code\": \"\"}",
            400,
            "unknown variant `ruby`",
        ),
        (
            json,
            "{\"language\": \"sh\", \"code\": \"\", \"x\": 1}",
            400,
            "unknown field `x`",
        ),
        (
            json,
            "{\"language\": \"sh\", \"code\": \"\\ud800\"}",
            400,
            "cannot be read",
        ),
        (json, &large, 413, "larger"),
        (plain, &good, 415, "application/json"),
        ("GET /run HTTP/1.1\r\n", "", 405, "another method"),
        ("GET /nothing HTTP/1.1\r\n", "", 404, "nothing here"),
    ] {
        let response = ask(server.address, head, body.as_bytes()).expect("an answer");
        assert_eq!(response.status, status, "{body}: {response:?}");
        assert!(response.body.contains(sentence), "{body}: {response:?}");
    }
    assert_eq!(server.metric("code_runner_jobs_started_total"), 0);
    assert_eq!(
        client::post(server.address, "sh", "")
            .expect("an answer")
            .run()
            .exit,
        Some(0)
    );
    assert_eq!(get(server.address, "/health").body, "ok\n");
}

fn metrics() {
    let server = Setup::new().policy("wall: 10s", "wall: 1s").start();
    for code in ["", "exit 1", "exit 2", "kill -9 $$", "sleep 30", "true"] {
        server.sh(code);
    }
    let ended = |limit: &str, outcome: &str| {
        let labels = format!("{{limit=\"{limit}\",outcome=\"{outcome}\"}}");
        server.metric(&format!("code_runner_jobs_ended_total{labels}"))
    };
    assert_eq!(ended("", "success"), 2);
    assert_eq!(ended("", "failure"), 2);
    assert_eq!(ended("", "signal"), 1);
    assert_eq!(ended("wall", "limit"), 1);
    assert_eq!(server.metric("code_runner_jobs_started_total"), 6);
    assert_eq!(server.metric("code_runner_job_seconds_count"), 6);
    assert_eq!(server.metric("code_runner_jobs_running"), 0);
    assert_eq!(server.metric("code_runner_requests_queued"), 0);
    let text = get(server.address, "/metrics");
    assert_eq!(
        text.header("content-type"),
        Some("text/plain; version=0.0.4")
    );
    assert!(
        text.body
            .contains("# TYPE code_runner_job_seconds histogram")
    );
}
