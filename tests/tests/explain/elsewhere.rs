//! What fails for another reason than the policy is not taken for the policy's.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt as _;

use ringfence_tests::install::need;
use ringfence_tests::reuse;
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{NOBODY, stderr, stdout};
use rustix::process::geteuid;
use serde_json::Value;

use crate::cases::SYSTEM;
use crate::scene::{Scene, denied, items, text_at};
use crate::watching;

pub fn tests() -> Vec<Test> {
    vec![
        watching(
            "explain::what_file_modes_deny_is_not_taken_for_the_policys",
            || {
                const SCRIPT: &str = "echo x > closed; echo y > open; mkdir d; echo z > d/in; chmod 000 closed; chmod 555 d";
                let jobs: [(&[&str], &str); 4] = [
                    (&["cat", "closed"], "work/closed"),
                    (&["sh", "-c", "echo x >> closed"], "work/closed"),
                    (&["rm", "-f", "d/in"], "work/d/in"),
                    (&["sh", "-c", "./open"], "work/open"),
                ];
                for (job, about) in jobs {
                    let allowed = explained_to_nobody(SCRIPT, "{path: WORK, access: [rw]}", job);
                    assert_eq!(denied(&allowed), &[] as &[Value], "{job:?}");
                    let failures = items(&allowed, "not-by-this-policy");
                    assert!(
                        failures
                            .iter()
                            .any(|failure| text_at(failure, "about").ends_with(about)
                                && text_at(failure, "why") == "file modes"),
                        "{job:?}: {allowed:#}"
                    );
                    // The twin: where the policy denies it, the policy is named.
                    let twin = explained_to_nobody(
                        &SCRIPT.replace("000", "777").replace("555", "777"),
                        "{path: /dev/zero, access: [read]}",
                        job,
                    );
                    assert!(
                        denied(&twin)
                            .iter()
                            .any(|denial| text_at(denial, "about").ends_with(about)),
                        "{job:?}: {twin:#}"
                    );
                }
                Ok(())
            },
        ),
        watching("explain::what_does_not_exist_is_no_denial", || {
            let scene = Scene::new("");
            scene.policy(&manifest("{path: WORK, access: [rw]}"));
            let (ended, report) = scene.explain(&[], &["cat", "missing", "/usr/missing"]);
            assert!(!ended.status.success());
            assert_eq!(denied(&report), &[] as &[Value]);
            assert_eq!(items(&report, "not-by-this-policy"), &[] as &[Value]);
            Ok(())
        }),
        watching(
            "explain::a_process_of_another_user_is_not_the_policys",
            || {
                need("perl", "perl")?;
                // Process 1 belongs to root.
                let job = ["perl", "-e", "kill(0, 1) or die $!"];
                let report = explained_to_nobody("true", "{path: WORK, access: [read]}", &job);
                assert!(!is_denied(&report, "kill"), "{report:#}");
                let failures = items(&report, "not-by-this-policy");
                assert_eq!(text_at(&failures[0], "about"), "process 1", "{report:#}");
                Ok(())
            },
        ),
        watching(
            "explain::a_process_that_gets_the_number_of_one_that_was_watched_is_not_taken_for_it",
            || {
                let scene = Scene::new("");
                // perl asks /dev/null whether it is a terminal.
                scene.policy(&format!(
                    "{}  - {{path: /dev/null, access: [read, ioctl]}}\n",
                    manifest("{path: WORK, access: [rw]}")
                ));
                let report = scene.path("explained").display().to_string();
                let flags = ["--explain", "--json", "--explain-to", &report];
                let ran = reuse::run(&scene.run(&flags, &reuse::WORDS))?;
                let report = std::fs::read_to_string(report).expect("a report");
                let report: Value = serde_json::from_str(&report).expect("JSON");
                assert_eq!(stdout(&ran), "not sent\n", "{report:#}");
                assert!(is_denied(&report, "kill"), "{report:#}");
                Ok(())
            },
        ),
        watching(
            "explain::a_rename_between_file_systems_is_not_the_policys",
            || {
                need("perl", "perl")?;
                let scene = Scene::new("echo x > a");
                let shm = tempfile::tempdir_in("/dev/shm").map_err(|error| {
                    ringfence_tests::install::Skip(format!("/dev/shm cannot be used: {error}"))
                })?;
                let to = shm.path().join("a").display().to_string();
                scene.policy(&manifest("{path: WORK, access: [read]}"));
                let rename = format!("rename('a', '{to}') and die; print $!");
                let (ended, report) = scene.explain(&[], &["perl", "-e", &rename]);
                assert!(ended.status.success(), "{}", stderr(&ended));
                assert!(!is_denied(&report, "rename"), "{report:#}");
                Ok(())
            },
        ),
    ]
}

/// Whether this call was denied by the policy.
fn is_denied(report: &Value, call: &str) -> bool {
    denied(report)
        .iter()
        .any(|denial| text_at(denial, "call") == call)
}

fn manifest(line: &str) -> String {
    let system = SYSTEM.iter().map(|(key, item)| match *key {
        "ro" => format!("  - {{path: {item}, access: [ro]}}\n"),
        _ => format!("  - {item}\n"),
    });
    format!(
        "version: 1\nfs:\n{}  - {line}\n",
        system.collect::<String>()
    )
}

/// What is said of a job that an ordinary user does, whom file modes keep out.
fn explained_to_nobody(script: &str, line: &str, job: &[&str]) -> Value {
    let scene = Scene::new(script);
    scene.policy(&manifest(line));
    let report = scene.path("explained");
    std::fs::write(&report, "").expect("a file");
    for path in [scene.path("."), scene.path("work")] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).expect("our own");
    }
    if geteuid().is_root() {
        let everything = ["chown", "-R", "65534:65534", "."];
        scene.succeeds(&everything);
        std::os::unix::fs::chown(&report, Some(NOBODY), Some(NOBODY)).expect("root may");
    }
    let to = report.display().to_string();
    let mut command = scene.run(&["--explain", "--json", "--explain-to", &to], job);
    if geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    let ended = command.output().expect("ringfence starts");
    assert!(
        !ended.status.success() || job.contains(&"-f"),
        "{job:?} succeeds"
    );
    let text = std::fs::read_to_string(&report).expect("a report");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}{}", stderr(&ended)))
}
