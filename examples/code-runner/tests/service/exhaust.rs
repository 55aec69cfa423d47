//! Code that takes more than its share.

use ringfence_tests::trial::Test;

use crate::server::{Server, Setup};
use crate::test;

pub fn tests() -> Vec<Test> {
    vec![
        test("exhaust::time_runs_out", wall),
        test("exhaust::time_on_a_processor_runs_out", cpu),
        test("exhaust::memory_runs_out", memory),
        test("exhaust::a_file_grows_to_its_limit", file),
        test("exhaust::open_files_run_out", files),
        test("exhaust::output_is_cut_off", output),
        test("exhaust::a_fork_bomb_ends_with_its_job", bomb),
        test("exhaust::a_daemon_ends_with_its_job", daemon),
    ]
}

fn wall() {
    let server = Setup::new().policy("wall: 10s", "wall: 1s").start();
    let run = server.sh("trap '' TERM INT HUP; sleep 60; sleep 60");
    assert_eq!(
        (run.signal, run.limit.as_deref()),
        (Some(9), Some("wall")),
        "{run:?}"
    );
    assert!(run.seconds >= 1.0 && run.seconds < 10.0, "{run:?}");
    server.assert_clean();
}

fn cpu() {
    let server = Setup::new()
        .policy("cpu: 10s", "cpu: 1s")
        .policy("wall: 10s", "wall: 60s")
        .start();
    let run = server.python("while True: pass");
    assert_eq!(run.limit.as_deref(), Some("cpu"), "{run:?}");
    server.assert_clean();
}

fn memory() {
    let server = Server::start();
    let code = "print(len(bytearray(1 << 30)))";
    let run = server.python(code);
    assert_eq!(run.exit, Some(1), "{run:?}");
    assert!(run.stderr.contains("MemoryError"), "{run:?}");
    assert_eq!(server.twin(code).stdout, "1073741824\n");
}

fn file() {
    let server = Setup::new()
        .policy("file-size: 16M", "file-size: 1M")
        .start();
    let code = format!(
        "{}attempt(lambda: open('fill', 'wb').write(b'x' * (2 << 20)))",
        crate::attacks::PRELUDE
    );
    let run = server.python(&code);
    // EFBIG: Python ignores the signal.
    assert_eq!(run.exit, Some(27), "{run:?}");
    assert_eq!(server.twin(&code).exit, Some(0));
    let run = server.sh("exec head -c 2M /dev/zero > fill");
    assert_eq!(run.limit.as_deref(), Some("file-size"), "{run:?}");
    server.assert_clean();
}

fn files() {
    let server = Server::start();
    let code = format!(
        "{}attempt(lambda: [open('/dev/null') for number in range(500)])",
        crate::attacks::PRELUDE
    );
    let run = server.python(&code);
    // EMFILE.
    assert_eq!(run.exit, Some(24), "{run:?}");
    assert_eq!(server.twin(&code).exit, Some(0));
}

fn output() {
    let server = Setup::new().flags(&["--output", "100000"]).start();
    for code in [
        "while :; do echo x; done",
        "while :; do echo x >&2; done",
        "yes & yes >&2",
    ] {
        let run = server.sh(code);
        assert_eq!(run.limit.as_deref(), Some("output"), "{:?}", run.limit);
        assert_eq!(run.stdout.len() + run.stderr.len(), 100_000);
    }
    let run = server.python("print('x' * 99_999)");
    assert_eq!(
        (run.exit, run.limit, run.stdout.len()),
        (Some(0), None, 100_000)
    );
    server.assert_clean();
}

fn bomb() {
    let server = Setup::new()
        .policy("processes: 256", "processes: 40")
        .policy("wall: 10s", "wall: 5s")
        .start();
    let mut bomb = server.stream(
        "python",
        "import os, time\nos.write(1, b'begun\\n')\nwhile True:\n    \
         try: os.fork()\n    \
         except OSError: time.sleep(0.05)",
    );
    assert_eq!(bomb.stdout(), "begun");
    // Others go on beside it.
    assert_eq!(server.python("print(1)").stdout, "1\n");
    let most = server.processes().len();
    assert!(most <= 41, "{most} processes");
    assert_eq!(bomb.line().expect("its end")["limit"], "wall");
    server.assert_clean();
    assert_eq!(server.sh("echo 1").stdout, "1\n");
}

fn daemon() {
    let server = Server::start();
    let run = server.python(
        "import os, time\n\
         if os.fork():\n    \
         time.sleep(0.2)\n    \
         print(open('daemon').read())\n    \
         os._exit(0)\n\
         try: os.setsid(); session = 'own'\n\
         except OSError: session = 'same'\n\
         if os.fork(): os._exit(0)\n\
         os.closerange(0, 100)\n\
         open('daemon', 'w').write(session)\n\
         time.sleep(300)",
    );
    assert_eq!((run.exit, &*run.stdout), (Some(0), "same\n"), "{run:?}");
    assert!(run.seconds < 10.0, "{run:?}");
    server.assert_clean();
}
