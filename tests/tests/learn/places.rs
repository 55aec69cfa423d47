//! What is learned of single acts, and what is asked instead.

use std::os::unix::net::UnixListener;

use ringfence_tests::install::need;
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{stderr, text};

use crate::scene::Scene;
use crate::watching;

/// What is learned of a script beyond what `base` and the programs themselves are.
fn learned(scene: &Scene, script: &str) -> String {
    let watched = scene.learn(&["sh", "-c", script]);
    assert!(watched.status.success(), "{}", stderr(&watched));
    without_comments(&scene.policy())
}

fn without_comments(policy: &str) -> String {
    let lines = policy.lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(|line| [line, "\n"]).collect()
}

pub fn tests() -> Vec<Test> {
    vec![
        watching(
            "learn::a_secret_that_is_read_is_asked_about_and_not_granted",
            || {
                let scene = Scene::new();
                let secret = scene.path("home/.ssh");
                std::fs::create_dir(&secret).expect("a folder");
                std::fs::write(secret.join("id_ed25519"), "key\n").expect("a key");
                learned(&scene, "cat \"$HOME/.ssh/id_ed25519\"");
                let policy = scene.policy();
                let asked = format!("read {}, for cat", text(&secret.join("id_ed25519")));
                let mut comments = policy.lines().filter(|line| line.starts_with('#'));
                assert!(comments.any(|line| line.contains(&asked)), "{policy}");
                scene.denies(&[], &["cat", &text(&secret.join("id_ed25519"))]);
                Ok(())
            },
        ),
        watching(
            "learn::what_acts_for_others_is_asked_about_and_not_granted",
            || {
                need("perl", "perl")?;
                let scene = Scene::new();
                let home = scene.path("home");
                std::fs::create_dir_all(home.join(".config/git")).expect("a folder");
                std::fs::create_dir(home.join(".gnupg")).expect("a folder");
                let _agent = UnixListener::bind(home.join(".gnupg/S.gpg-agent")).expect("a socket");
                std::fs::write(home.join(".npmrc"), "token\n").expect("a token");
                std::fs::write(home.join(".gitconfig"), "[user]\n").expect("settings");
                let act = "cat \"$HOME/.npmrc\" \"$HOME/.gitconfig\" canary; echo >> \"$HOME/.gitconfig\"; \
                    perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(qq($ENV{HOME}/.gnupg/S.gpg-agent)) or die'";
                scene.begin("echo x > canary");
                learned(&scene, act);
                let policy = scene.policy();
                let (asked, granted): (Vec<_>, Vec<_>) =
                    policy.lines().partition(|line| line.starts_with('#'));
                for asks in [
                    "read HOME/.npmrc",
                    "write HOME/.gitconfig",
                    "connect-unix HOME/.gnupg/S.gpg-agent",
                ] {
                    let asks = asks.replace("HOME", &text(&home));
                    assert!(
                        asked.iter().any(|line| line.contains(&asks)),
                        "{asks}: {policy}"
                    );
                }
                let granted = granted.join("\n");
                // What is beside them is granted, and of the settings that they may be read.
                assert!(granted.contains("/work/canary"), "{policy}");
                assert!(
                    granted.contains("/.gitconfig\", access: [read]"),
                    "{policy}"
                );
                for kept in [".npmrc", ".gnupg", "connect-unix"] {
                    assert!(!granted.contains(kept), "{policy}");
                }
                scene.denies(&[], &["cat", &text(&home.join(".npmrc"))]);
                Ok(())
            },
        ),
        watching(
            "learn::symlinks_and_directories_given_by_descriptor_are_followed",
            || {
                let scene = Scene::new();
                scene.begin(
                    "mkdir real; echo x > real/file; ln -s real link; ln -s file real/alias",
                );
                let policy = learned(&scene, "cd link && cat alias ../link/./file");
                let file = "/work/real/file,";
                assert!(
                    policy.contains(file) && !policy.contains("alias"),
                    "{policy}"
                );
                Ok(())
            },
        ),
        watching(
            "learn::what_is_made_counts_for_its_directory_and_what_was_there_for_itself",
            || {
                let scene = Scene::new();
                scene.begin("mkdir out; echo x > there");
                let policy = learned(&scene, "echo y > out/new; echo z >> there");
                assert!(
                    policy.contains("/work/out\n") && !policy.contains("out/new"),
                    "{policy}"
                );
                assert!(policy.contains("/work/there,"), "{policy}");
                Ok(())
            },
        ),
        watching("learn::pipes_behind_names_in_dev_need_no_line", || {
            let scene = Scene::new();
            let policy = learned(&scene, "echo x > /dev/stderr; echo y | cat /dev/stdin");
            assert!(
                !policy.contains("stderr") && !policy.contains("/proc"),
                "{policy}"
            );
            let mut again = scene.confined(
                &[],
                &["sh", "-c", "echo x > /dev/stderr; echo y | cat /dev/stdin"],
            );
            let again = again.output().expect("it starts");
            assert!(
                again.status.success() && again.stderr == b"x\n",
                "{}",
                stderr(&again)
            );
            Ok(())
        }),
        watching(
            "learn::a_socket_made_inside_needs_no_line_of_its_own_and_one_outside_does",
            || {
                const CLIENT: &str = "import socket, sys\nfor name in sys.argv[1:]:\n    socket.socket(socket.AF_UNIX).connect(name)\n";
                let scene = Scene::new();
                let outside = scene.path("outside.sock");
                let _server = UnixListener::bind(&outside).expect("a socket");
                std::fs::write(scene.path("work/client.py"), CLIENT).expect("a script");
                let words = ["/usr/bin/python3", "client.py", &text(&outside)];
                let watched = scene.learn(&words);
                assert!(watched.status.success(), "{}", stderr(&watched));
                let again = scene.confined(&[], &words).output().expect("it starts");
                assert!(
                    again.status.success(),
                    "{}\n{}",
                    stderr(&again),
                    scene.policy()
                );
                // The twin: without what was learned of sockets it is denied.
                let without: String = scene
                    .policy()
                    .replace("  - {class: connect-unix", "# ")
                    .replace("connect-unix", "metadata");
                std::fs::write(scene.path("policy.yaml"), without).expect("a manifest");
                let denied = scene.confined(&[], &words).output().expect("it starts");
                assert!(!denied.status.success(), "{}", scene.policy());
                Ok(())
            },
        ),
        watching("learn::what_is_missing_is_not_granted", || {
            let scene = Scene::new();
            let policy = learned(&scene, "cat nothing 2>&1 || true");
            assert!(!policy.contains("nothing"), "{policy}");
            Ok(())
        }),
        watching(
            "learn::names_that_are_hostile_do_not_leave_their_line",
            || {
                let scene = Scene::new();
                scene.begin("printf x > \"$(printf 'a\\nrw: [x]\\ny')\"");
                let policy = learned(&scene, "cat a*");
                assert!(
                    !policy.lines().any(|line| line.starts_with("rw:")),
                    "{policy}"
                );
                scene.succeeds(&["sh", "-c", "true"]);
                let again = scene
                    .confined(&[], &["sh", "-c", "cat a*"])
                    .output()
                    .expect("it starts");
                assert!(
                    again.status.success() && again.stdout.ends_with(b"x"),
                    "{}\n{policy}",
                    stderr(&again)
                );
                Ok(())
            },
        ),
        watching("learn::verify_says_whether_the_policy_is_enough", || {
            let scene = Scene::new();
            scene.begin("echo x > a; echo y > b");
            let verify = |script: &str| {
                let mut command = scene.command(ringfence_tests::executable("ringfence"));
                command
                    .args(["learn", "--verify", "-o"])
                    .arg(scene.path("policy.yaml"));
                command
                    .args(["--", "sh", "-c", script])
                    .output()
                    .expect("it starts")
            };
            let same = verify("cat a");
            assert!(
                same.status.success() && stderr(&same).contains("verified: "),
                "{}",
                stderr(&same)
            );
            // It goes another way when it runs again.
            let other = verify("if test -e done; then cat b; else cat a; touch done; fi");
            assert!(other.status.success(), "{}", stderr(&other));
            assert!(
                stderr(&other).contains("watching it once more"),
                "{}",
                stderr(&other)
            );
            // No line can name a process that is started later.
            let never = verify("cat /proc/self/comm; exit $?");
            assert_eq!(never.status.code(), Some(1), "{}", stderr(&never));
            assert!(
                stderr(&never)
                    .contains("not verified: under the policy it ends with exit code 1, "),
                "{}",
                stderr(&never)
            );
            assert!(stderr(&never).contains("again does not help"));
            // What is asked about is for a person to decide.
            std::fs::create_dir(scene.path("home/.ssh")).expect("a folder");
            std::fs::write(scene.path("home/.ssh/id_ed25519"), "").expect("a key");
            let asked = verify("cat \"$HOME/.ssh/id_ed25519\"; exit $?");
            assert_eq!(asked.status.code(), Some(1), "{}", stderr(&asked));
            assert!(
                stderr(&asked).contains("; decide what was not granted above"),
                "{}",
                stderr(&asked)
            );
            Ok(())
        }),
    ]
}
