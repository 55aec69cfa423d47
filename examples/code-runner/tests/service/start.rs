//! What keeps the server from starting.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use ringfence_tests::trial::Test;

use crate::server::{PROGRAM, Server, Setup};
use crate::test;

pub fn tests() -> Vec<Test> {
    vec![
        test("start::a_policy_that_does_not_do_is_refused", policies),
        test("start::a_state_directory_has_one_server", state),
        test("start::a_wrong_command_line_is_refused", line),
    ]
}

fn refused(setup: &Setup, words: &[String]) -> String {
    let Output { status, stderr, .. } = setup
        .command(PROGRAM)
        .args(words)
        .output()
        .expect("it starts");
    assert!(matches!(status.code(), Some(1 | 2)), "{status}");
    String::from_utf8_lossy(&stderr).into_owned()
}

fn policies() {
    let version = "version: 1";
    let temporary = std::env::temp_dir().canonicalize().expect("it exists");
    let all = format!("version: 1\nro: [{}]", temporary.display());
    let write = format!("version: 1\nrw: [{}]", temporary.display());
    for (from, to, sentence) in [
        (version, "version: 2", "version"),
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
            "/no/such/place",
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
        assert!(text.contains(sentence), "{to}: {text}");
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
