//! Lines that are added to a manifest: what is asked, what stays, and what is refused.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ringfence_tests::install::need;
use ringfence_tests::terminal::Terminal;
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{stderr, stdout, text};

use crate::scene::Scene;
use crate::watching;

const POLICY: &str = "\
# What the job may do.
version:   1
ro: [/usr,   /etc]   # the system
fs:
    - {path: /lib, access: [ro], optional: true}
    - {path: /lib64, access: [ro], optional: true}
    - {path: /bin, access: [ro], optional: true}

    - path: /dev/null   # nothing
      access: [read, write]
# The end.
";

const JOB: &[&str] = &["cat", "in"];

pub fn tests() -> Vec<Test> {
    vec![
        watching("explain::what_is_written_leaves_the_rest_as_it_is", || {
            let scene = scene();
            let wrote = scene
                .run(&["--explain", "--write", "--yes"], JOB)
                .output()
                .expect("ringfence starts");
            assert_eq!(wrote.status.code(), Some(1));
            let path = text(&scene.path("work/in"));
            let line =
                format!("      access: [read, write]\n    - {{path: {path}, access: [read]}}\n");
            assert_eq!(
                policy(&scene),
                POLICY.replace("      access: [read, write]\n", &line)
            );
            assert!(
                stderr(&wrote).contains("added 1 line to "),
                "{}",
                stderr(&wrote)
            );
            let after = scene.run(&[], JOB).output().expect("ringfence starts");
            assert_eq!(stdout(&after), "x\n");
            Ok(())
        }),
        watching(
            "explain::what_is_unwise_is_not_written_without_asking",
            || {
                let scene = Scene::new("echo x > a");
                scene.policy(POLICY);
                let wrote = scene
                    .run(&["--explain", "--write", "--yes"], &["chmod", "600", "a"])
                    .output()
                    .expect("ringfence starts");
                assert_eq!(policy(&scene), POLICY);
                assert!(
                    stderr(&wrote).contains("not added, decide: --allow metadata"),
                    "{}",
                    stderr(&wrote)
                );
                Ok(())
            },
        ),
        watching(
            "explain::without_a_terminal_nothing_is_asked_and_nothing_runs",
            || {
                need("setsid", "util-linux")?;
                let scene = scene();
                let ringfence = text(&ringfence_tests::executable("ringfence"));
                let manifest = text(&scene.path("policy.yaml"));
                let run = [
                    "setsid",
                    "-w",
                    &ringfence,
                    "run",
                    "--explain",
                    "--write",
                    "--policy",
                    &manifest,
                    "--",
                    "sh",
                    "-c",
                    "echo ran",
                ];
                let refused = scene
                    .command("setsid")
                    .args(&run[1..])
                    .output()
                    .expect("setsid starts");
                assert_eq!(refused.status.code(), Some(125), "{}", stderr(&refused));
                assert!(
                    stderr(&refused).contains("asks on the terminal, and there is none"),
                    "{}",
                    stderr(&refused)
                );
                assert_eq!(stdout(&refused), "");
                assert_eq!(policy(&scene), POLICY);
                Ok(())
            },
        ),
        watching(
            "explain::harmless_lines_are_asked_together_and_others_one_by_one",
            || {
                need("setsid", "util-linux")?;
                for (answers, adds, metadata) in [
                    (["\n", "\n"], true, false),
                    (["n\n", "\n"], false, false),
                    (["y\n", "y\n"], true, true),
                ] {
                    let scene = scene();
                    let ringfence = text(&ringfence_tests::executable("ringfence"));
                    let manifest = text(&scene.path("policy.yaml"));
                    let mut command = scene.command("setsid");
                    command
                        .args([
                            "-c",
                            "-w",
                            &ringfence,
                            "run",
                            "--log",
                            "off",
                            "--explain",
                            "--write",
                            "--policy",
                            &manifest,
                        ])
                        .args(["--", "sh", "-c", "cat in; chmod 600 in"]);
                    let mut terminal = Terminal::start(&mut command);
                    terminal.shows("[Y/n] ");
                    terminal.types(answers[0]);
                    terminal.shows("Add it? [y/N] ");
                    terminal.types(answers[1]);
                    terminal.ends();
                    let after = policy(&scene);
                    assert_eq!(after.contains("work/in"), adds, "{after}");
                    assert_eq!(
                        after.contains("allow:\n  - metadata\n"),
                        metadata,
                        "{after}"
                    );
                }
                Ok(())
            },
        ),
        watching(
            "explain::what_was_typed_before_the_question_is_no_answer",
            || {
                need("setsid", "util-linux")?;
                let scene = scene();
                let ringfence = text(&ringfence_tests::executable("ringfence"));
                let manifest = text(&scene.path("policy.yaml"));
                let mut command = scene.command("setsid");
                command
                    .args(["-c", "-w", &ringfence, "run", "--explain", "--write"])
                    .args(["--policy", &manifest])
                    // Long enough for the keys to arrive.
                    .args(["--", "sh", "-c", "echo begun; cat in; sleep 1"]);
                let mut terminal = Terminal::start(&mut command);
                terminal.shows("begun");
                terminal.types("y\ny\n");
                terminal.shows("[Y/n] ");
                terminal.types("n\n");
                terminal.ends();
                assert_eq!(policy(&scene), POLICY);
                Ok(())
            },
        ),
        watching("explain::a_symlink_to_the_manifest_stays_one", || {
            let scene = scene();
            let (link, file) = (scene.path("policy.yaml"), scene.path("real.yaml"));
            std::fs::rename(&link, &file).expect("our own");
            std::os::unix::fs::symlink("real.yaml", &link).expect("our own");
            let wrote = scene
                .run(&["--explain", "--write", "--yes"], JOB)
                .output()
                .expect("ringfence starts");
            assert_eq!(
                std::fs::read_link(&link).expect("a symlink"),
                Path::new("real.yaml"),
                "{}",
                stderr(&wrote)
            );
            assert!(
                std::fs::read_to_string(&file)
                    .expect("the manifest")
                    .contains("work/in")
            );
            Ok(())
        }),
        watching(
            "explain::a_read_only_manifest_is_not_changed_and_nothing_runs",
            || {
                let scene = scene();
                let file = scene.path("policy.yaml");
                std::fs::set_permissions(&file, PermissionsExt::from_mode(0o444)).expect("our own");
                let ran = scene
                    .run(
                        &["--explain", "--write", "--yes"],
                        &["sh", "-c", "echo ran"],
                    )
                    .output()
                    .expect("ringfence starts");
                assert_eq!(ran.status.code(), Some(125), "{}", stderr(&ran));
                assert_eq!(stdout(&ran), "");
                assert_eq!(policy(&scene), POLICY);
                Ok(())
            },
        ),
        watching("explain::other_formats_and_no_manifest_are_refused", || {
            let scene = scene();
            for name in ["policy.toml", "policy.json"] {
                std::fs::write(scene.path(name), "").expect("a file");
            }
            let ringfence = ringfence_tests::executable("ringfence");
            for (file, text) in [
                (Some("policy.toml"), "is TOML"),
                (Some("policy.json"), "is JSON"),
                (None, "name it with --policy"),
                (Some("missing.yaml"), "cannot change"),
            ] {
                let mut command = scene.command(&ringfence);
                command.args(["run", "--explain", "--write", "--yes"]);
                if let Some(file) = file {
                    command.arg("--policy").arg(scene.path(file));
                }
                let ran = command
                    .args(["--", "true"])
                    .output()
                    .expect("ringfence starts");
                assert_eq!(ran.status.code(), Some(125));
                assert!(stderr(&ran).contains(text), "{}", stderr(&ran));
            }
            Ok(())
        }),
        watching(
            "explain::a_line_that_lets_the_command_change_its_policy_is_not_added",
            || {
                let scene = Scene::new("true");
                scene.policy(POLICY);
                // The manifest stands in the folder that the job writes to.
                let folder = text(&scene.path("."));
                let wrote = scene
                    .run(
                        &["--explain", "--write", "--yes"],
                        &["sh", "-c", &format!("echo x > {folder}/new")],
                    )
                    .output()
                    .expect("ringfence starts");
                assert!(
                    stderr(&wrote).contains("nothing was added"),
                    "{}",
                    stderr(&wrote)
                );
                let said = format!(
                    "lets the command change {}, which its own policy is read from",
                    text(&scene.path("policy.yaml"))
                );
                assert!(stderr(&wrote).contains(&said), "{}", stderr(&wrote));
                assert_eq!(policy(&scene), POLICY);
                let left = std::fs::read_dir(scene.path(".")).expect("the folder");
                let drafts = left.filter(|entry| {
                    let name = entry.as_ref().expect("an entry").file_name();
                    name.to_string_lossy().ends_with(".new")
                });
                assert_eq!(drafts.count(), 0);
                Ok(())
            },
        ),
    ]
}

fn scene() -> Scene {
    let scene = Scene::new("echo x > in");
    scene.policy(POLICY);
    scene
}

fn policy(scene: &Scene) -> String {
    std::fs::read_to_string(scene.path("policy.yaml")).expect("the manifest")
}
