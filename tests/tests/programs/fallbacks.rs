//! Programs that are refused something and help themselves: the filter says what a kernel without
//! the thing would say.

use std::fs::OpenOptions;
use std::io::Write;
use std::thread;
use std::time::Duration;

use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{stderr, stdout};

use crate::python;
use crate::scene::{Scene, Skip, each_user, run};
use crate::server::listener;
use ringfence_tests::install::need;

/// As Go's network library does: one try, and TCP if the protocol is not supported.
const CONNECT: &str = "
import errno, socket, sys

def connect(protocol):
    stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
    stream.connect(('127.0.0.1', int(sys.argv[1])))

try:
    connect(socket.IPPROTO_MPTCP)
    print('multipath TCP')
except OSError as error:
    if error.errno != errno.EPROTONOSUPPORT:
        raise
    connect(socket.IPPROTO_TCP)
    print('plain TCP')
";

pub fn tests() -> Vec<Test> {
    [
        each_user("tail_polls_where_it_cannot_watch", tail_polls),
        each_user(
            "a_program_that_prefers_multipath_tcp_falls_back_on_tcp",
            falls_back_on_tcp,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn tail_polls(scene: &Scene) -> Result<(), Skip> {
    need("tail", "coreutils")?;
    scene.file("log", "first\n");
    let policy = "--with-deps --with-deps-of tail --with-deps-of head --ro log";
    let log = scene.path("log");
    let writer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(500));
        let mut log = OpenOptions::new().append(true).open(log)?;
        log.write_all(b"second\n")
    });
    // `head` ends with the second line, and `tail` with its reader.
    let follow = ["sh", "-c", "tail -f -s 0.1 log | head -n 2"];
    let output = scene.allows(&scene.sandbox(policy), &follow);
    let written = writer.join().expect("a thread that does not panic");
    written.expect("a log to append to");

    assert_eq!(stdout(&output), "first\nsecond\n");
    let said = stderr(&output);
    let reason = "inotify cannot be used, reverting to polling: Function not implemented";
    assert!(said.contains(reason), "{said}");
    Ok(())
}

fn falls_back_on_tcp(scene: &Scene) -> Result<(), Skip> {
    let policy = python::policy(scene)?;
    let (_listener, port) = listener();
    let port = port.to_string();
    let connect = ["python3", "-c", CONNECT, &port];
    let twin = run(&mut scene.plain(&connect));
    if stdout(&twin) != "multipath TCP\n" {
        return Err(Skip("this kernel has no multipath TCP".to_owned()));
    }
    let sandbox = scene.sandbox(&format!("{policy} --connect-tcp {port}"));
    assert_eq!(stdout(&scene.allows(&sandbox, &connect)), "plain TCP\n");
    Ok(())
}
