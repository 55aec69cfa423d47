//! What keeps the server from starting.

use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};

use ringfence_tests::trial::Test;

use crate::server::{PROGRAM, Server, Setup, eventually};
use crate::test;

pub fn tests() -> Vec<Test> {
    vec![
        test("start::a_policy_that_does_not_do_is_refused", policies),
        test("start::a_state_directory_has_one_server", state),
        test("start::a_wrong_command_line_is_refused", line),
    ]
}

/// A process that does not outlive its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It has ended, unless the test fails.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a server says that does not start.
fn refused(setup: &Setup, words: &[String]) -> String {
    let mut command = setup.command(PROGRAM);
    let command = command.args(words).stderr(Stdio::piped());
    let mut server = Killed(command.spawn().expect("it is there"));
    let mut code = None;
    eventually("it ends by itself", || {
        let status = server.0.try_wait().expect("it is ours");
        code = status.and_then(|status| status.code());
        status.is_some()
    });
    assert!(matches!(code, Some(1 | 2)), "{code:?}");
    let mut text = String::new();
    let mut stderr = server.0.stderr.take().expect("a pipe");
    stderr.read_to_string(&mut text).expect("text");
    text
}

fn policies() {
    let version = "version: 1";
    let temporary = std::env::temp_dir().canonicalize().expect("it exists");
    let all = format!("version: 1\nro: [{}]", temporary.display());
    let write = format!("version: 1\nrw: [{}]", temporary.display());
    for (from, to, sentence) in [
        (version, "version: 2", "not known here"),
        (version, "version: 1\nbest-effort: true", "best-effort"),
        (
            version,
            "version: 1\ncommand: [/bin/true]",
            "jobs take no command",
        ),
        (
            version,
            "version: 1\nwith-deps: true",
            "jobs take no dependencies",
        ),
        (
            version,
            "version: 1\nro: [/no/such/place]",
            "cannot allow /no/such/place",
        ),
        (
            version,
            &*all,
            "cannot keep jobs apart: the policy allows `read`",
        ),
        (version, &*write, "lets jobs change it"),
        ("clear: true", "clear: false", "must be named"),
    ] {
        let setup = Setup::new().policy(from, to);
        let text = refused(&setup, &setup.words());
        assert_eq!(text.matches(sentence).count(), 1, "{to}: {text}");
    }
}

fn state() {
    let server = Server::start();
    let setup = server.setup();
    let words = setup.words();
    assert!(refused(setup, &words).contains("another server does"));
    let elsewhere = words.iter().map(|word| word.replace("/state", "/none"));
    assert!(refused(setup, &elsewhere.collect::<Vec<_>>()).contains("make it"));
    assert_eq!(server.sh("echo 1").stdout, "1\n");
    let setup = Setup::new();
    let open = std::fs::Permissions::from_mode(0o777);
    std::fs::set_permissions(setup.path("state"), open).expect("ours");
    assert!(refused(&setup, &setup.words()).contains("others can write to it"));
}

fn line() {
    let setup = Setup::new();
    for (words, sentence) in [
        (vec![], "--state"),
        (
            vec!["--state", "/tmp", "--policy", "x", "--jobs", "0"],
            "--jobs",
        ),
        (
            vec!["--state", "/tmp", "--policy", "x", "--listen", "8080"],
            "--listen",
        ),
        (vec!["--nonsense"], "--nonsense"),
    ] {
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        let text = refused(&setup, &words);
        assert!(text.contains(sentence), "{words:?}: {text}");
    }
}
