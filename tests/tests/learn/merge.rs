//! A run that is added to a policy.

use std::process::Output;

use ringfence_tests::executable;
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{stderr, stdout, text};

use crate::scene::Scene;
use crate::watching;

/// Adds a run to `policy.yaml`.
fn merge(scene: &Scene, flags: &[&str], words: &[&str]) -> Output {
    let mut command = scene.command(executable("ringfence"));
    command
        .args(["learn", "--merge"])
        .arg(scene.path("policy.yaml"));
    let command = command.args(flags).arg("--").args(words);
    command.output().expect("ringfence starts")
}

fn passes(scene: &Scene, words: &[&str]) -> bool {
    let output = scene.confined(&[], words).output().expect("it starts");
    output.status.success()
}

pub fn tests() -> Vec<Test> {
    vec![
        watching(
            "learn::a_second_run_is_added_and_the_first_still_passes",
            || {
                let scene = Scene::new();
                scene.begin("mkdir a b; echo a > a/x; echo b > b/x");
                let read = ["cat", "a/x"];
                let write = ["sh", "-c", "echo new > b/new && cat b/x"];
                scene.learn(&read);
                let mine = scene
                    .policy()
                    .replace("version: 1", "# mine\nversion: 1 # of the format");
                std::fs::write(scene.path("policy.yaml"), &mine).expect("a manifest");
                assert!(passes(&scene, &read) && !passes(&scene, &write));

                let merged = merge(&scene, &["--verify"], &write);
                let said = stderr(&merged);
                assert!(merged.status.success(), "{said}");
                let gained = format!("+ create {}", text(&scene.path("work/b")));
                assert!(said.contains(&gained), "{said}");
                let policy = scene.policy();
                for line in mine.lines() {
                    assert!(
                        policy.lines().any(|kept| kept == line),
                        "{line} is lost from\n{policy}"
                    );
                }
                assert!(passes(&scene, &read) && passes(&scene, &write), "{policy}");
                assert!(!passes(&scene, &["cat", &text(&scene.path("canary"))]));

                let again = merge(&scene, &[], &write);
                assert!(
                    stderr(&again).contains("Both allow the same"),
                    "{}",
                    stderr(&again)
                );
                assert_eq!(scene.policy(), policy, "a run that lacks nothing");
                Ok(())
            },
        ),
        watching(
            "learn::what_was_written_by_hand_keeps_its_layout_and_o_leaves_it_alone",
            || {
                let scene = Scene::new();
                scene.begin("echo a > a");
                let mine = "version: 1\n\nro: [ /usr, /lib64,\n      /etc ]   # the system\n";
                std::fs::write(scene.path("policy.yaml"), mine).expect("a manifest");
                let other = scene.path("other.yaml");
                let merged = merge(&scene, &["-o", &text(&other)], &["cat", "a"]);
                assert!(merged.status.success(), "{}", stderr(&merged));
                assert_eq!(scene.policy(), mine);
                let other = std::fs::read_to_string(other).expect("the merged one");
                assert!(
                    other.starts_with(mine) && other.contains("/work/a"),
                    "{other}"
                );
                Ok(())
            },
        ),
        watching(
            "learn::a_policy_that_cannot_be_added_to_is_refused_before_the_command_runs",
            || {
                let scene = Scene::new();
                let hostile = [
                    "",
                    "version: 1\nro: [",
                    "version: 1\nno-such-key: 1\n",
                    "version: 1\nro: &a [/usr]\nrw: *a\n",
                    "version: 1\nro: ['${NO_SUCH_VARIABLE}']\n",
                    "version: 1\ninclude: [./missing.yaml]\n",
                    "version: 1\n--- \nversion: 1\n",
                    "version: 1\nro: [\"\\0\"]\n",
                ];
                let runs = ["sh", "-c", "echo x > ran"];
                for text in hostile {
                    std::fs::write(scene.path("policy.yaml"), text).expect("a file");
                    let refused = merge(&scene, &[], &runs);
                    assert_eq!(
                        refused.status.code(),
                        Some(125),
                        "{text}: {}",
                        stderr(&refused)
                    );
                    assert!(!scene.path("work/ran").exists(), "{text}");
                    assert_eq!(scene.policy(), text);
                }
                let json = scene.path("policy.json");
                std::fs::write(&json, "{\"version\": 1}").expect("a file");
                let mut command = scene.command(executable("ringfence"));
                let command = command
                    .args(["learn", "--merge"])
                    .arg(&json)
                    .arg("--")
                    .args(runs);
                let refused = command.output().expect("it starts");
                assert_eq!(refused.status.code(), Some(125), "{}", stderr(&refused));
                assert!(!scene.path("work/ran").exists());
                // The twin.
                std::fs::write(scene.path("policy.yaml"), "version: 1\n").expect("a file");
                assert!(merge(&scene, &[], &runs).status.success());
                assert!(scene.path("work/ran").exists());
                Ok(())
            },
        ),
        watching(
            "learn::a_policy_that_the_command_changes_meanwhile_is_not_written_over",
            || {
                let scene = Scene::new();
                std::fs::write(scene.path("policy.yaml"), "version: 1\n").expect("a file");
                let changed = merge(
                    &scene,
                    &[],
                    &["sh", "-c", "echo 'version: 1 # mine' > ../policy.yaml"],
                );
                assert_eq!(changed.status.code(), Some(125), "{}", stderr(&changed));
                assert!(
                    stderr(&changed).contains("changed meanwhile"),
                    "{}",
                    stderr(&changed)
                );
                assert_eq!(scene.policy(), "version: 1 # mine\n");
                Ok(())
            },
        ),
        watching(
            "learn::what_a_policy_denies_by_name_stays_denied_and_is_asked_about",
            || {
                let scene = Scene::new();
                scene.begin("echo a > a");
                let mine = "version: 1\ninclude: [base]\ndeny: [metadata]\n";
                std::fs::write(scene.path("policy.yaml"), mine).expect("a manifest");
                let merged = merge(&scene, &[], &["chmod", "600", "a"]);
                assert!(merged.status.success(), "{}", stderr(&merged));
                let asked = "decide: allow metadata (fchmodat), which the policy denies by name";
                assert!(stderr(&merged).contains(asked), "{}", stderr(&merged));
                assert!(
                    !passes(&scene, &["chmod", "600", "a"]),
                    "{}",
                    scene.policy()
                );
                let without = scene
                    .policy()
                    .replace("deny: [metadata]", "allow: [metadata]");
                std::fs::write(scene.path("policy.yaml"), without).expect("a manifest");
                assert!(passes(&scene, &["chmod", "600", "a"]), "{}", scene.policy());
                Ok(())
            },
        ),
        watching(
            "learn::a_list_of_calls_grows_and_a_policy_without_one_gets_none",
            || {
                let scene = Scene::new();
                scene.begin("echo a > a");
                let listens = [
                    "python3",
                    "-c",
                    "import socket; socket.create_server(('127.0.0.1', 0)); print('listens')",
                ];
                let watched = scene.learn_with(&["--syscalls"], &["cat", "a"]);
                assert!(watched.status.success(), "{}", stderr(&watched));
                // All that it needs but for the calls; and the twin without the list.
                let rest = ["--ro", "/usr", "--bind-tcp", "0"];
                let listed = scene.policy();
                let (without, _) = listed.split_once("syscalls:").expect("a list");
                for (policy, passes) in [(without, true), (&listed, false)] {
                    std::fs::write(scene.path("policy.yaml"), policy).expect("a manifest");
                    let output = scene.confined(&rest, &listens).output().expect("it starts");
                    assert_eq!(output.status.success(), passes, "{}", stderr(&output));
                }
                let merged = merge(&scene, &["--syscalls"], &listens);
                assert!(
                    stderr(&merged).contains("+ system call listen"),
                    "{}",
                    stderr(&merged)
                );
                let output = scene.confined(&[], &listens).output().expect("it starts");
                assert_eq!(
                    stdout(&output),
                    "listens\n",
                    "{}\n{}",
                    stderr(&output),
                    scene.policy()
                );

                std::fs::write(scene.path("policy.yaml"), "version: 1\n").expect("a file");
                let merged = merge(&scene, &["--syscalls"], &["cat", "a"]);
                assert!(
                    stderr(&merged).contains("would deny others"),
                    "{}",
                    stderr(&merged)
                );
                assert!(!scene.policy().contains("syscalls"), "{}", scene.policy());
                Ok(())
            },
        ),
    ]
}
