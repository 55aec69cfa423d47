//! What goes wrong around the watched program, and names that are hard to say.

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::Stdio;

use ringfence_tests::install::{Skip, need};
use ringfence_tests::reuse;
use ringfence_tests::trial::Test;
use ringfence_tests::world::is_root;
use ringfence_tests::wrapper::{stderr, stdout, text};

use crate::scene::{Scene, User};
use crate::watching;

pub fn tests() -> Vec<Test> {
    vec![
        watching(
            "learn::of_a_program_that_is_killed_the_policy_is_written",
            || {
                let scene = Scene::new();
                scene.begin("echo x > a");
                let watched = scene.learn(&["sh", "-c", "cat a; kill -KILL $$"]);
                assert_eq!(watched.status.signal(), Some(9), "{}", stderr(&watched));
                assert!(scene.policy().contains("/work/a,"), "{}", scene.policy());
                Ok(())
            },
        ),
        watching(
            "learn::paths_longer_than_the_kernel_names_are_told_and_disturb_nothing",
            || {
                const DEEP: &str = "import os\nname = 'd' * 200\nfor _ in range(30):\n    os.mkdir(name)\n    os.chdir(name)\n\
                open('file', 'w').write('deep')\nfd = os.open('.', os.O_RDONLY)\nprint(open(os.open('file', os.O_RDONLY, dir_fd=fd)).read())\n";
                let scene = Scene::new();
                let words = ["python3", "-c", DEEP];
                let plain = scene.succeeds(&words);
                scene.begin("");
                let watched = scene.learn(&words);
                assert_eq!(stdout(&watched), stdout(&plain), "{}", stderr(&watched));
                assert!(
                    stderr(&watched).contains("its path is too long"),
                    "{}",
                    stderr(&watched)
                );
                Ok(())
            },
        ),
        watching(
            "learn::names_that_are_no_utf_8_are_told_and_the_others_are_granted",
            || {
                const SCRIPT: &str = "cat a; cat \"$(printf 'b\\377')\"";
                let scene = Scene::new();
                let before = "echo a > a; echo b > \"$(printf 'b\\377')\"";
                scene.begin(before);
                let watched = scene.learn(&["sh", "-c", SCRIPT]);
                assert_eq!(stdout(&watched), "a\nb\n", "{}", stderr(&watched));
                assert!(
                    stderr(&watched).contains("it is no UTF-8"),
                    "{}",
                    stderr(&watched)
                );
                let confined = scene
                    .confined(&[], &["sh", "-c", SCRIPT])
                    .output()
                    .expect("it starts");
                assert_eq!(
                    stdout(&confined),
                    "a\n",
                    "{}\n{}",
                    stderr(&confined),
                    scene.policy()
                );
                Ok(())
            },
        ),
        watching(
            "learn::a_directory_that_is_removed_beneath_a_program_disturbs_nothing",
            || {
                const SCRIPT: &str = "mkdir d; cd d; rmdir \"$PWD\"; cat \"$HOME/../work/a\"; \
                (echo x > new) 2> /dev/null || echo 'no directory'";
                let scene = Scene::new();
                scene.begin("echo a > a");
                let plain = scene.succeeds(&["sh", "-c", SCRIPT]);
                let watched = scene.learn(&["sh", "-c", SCRIPT]);
                assert_eq!(stdout(&watched), stdout(&plain), "{}", stderr(&watched));
                let confined = scene
                    .confined(&[], &["sh", "-c", SCRIPT])
                    .output()
                    .expect("it starts");
                assert_eq!(
                    stdout(&confined),
                    stdout(&plain),
                    "{}\n{}",
                    stderr(&confined),
                    scene.policy()
                );
                Ok(())
            },
        ),
        watching(
            "learn::a_name_that_ends_as_the_kernel_marks_removed_ones_is_granted",
            || {
                const SCRIPT: &str = "cat 'a (deleted)'; cd 'd (deleted)'; cat x";
                let scene = Scene::new();
                scene
                    .begin("echo a > 'a (deleted)'; mkdir 'd (deleted)'; echo x > 'd (deleted)/x'");
                let watched = scene.learn(&["sh", "-c", SCRIPT]);
                assert_eq!(stdout(&watched), "a\nx\n", "{}", stderr(&watched));
                let confined = scene
                    .confined(&[], &["sh", "-c", SCRIPT])
                    .output()
                    .expect("it starts");
                assert_eq!(
                    stdout(&confined),
                    "a\nx\n",
                    "{}\n{}",
                    stderr(&confined),
                    scene.policy()
                );
                Ok(())
            },
        ),
        watching(
            "learn::a_device_or_pipe_that_is_the_output_stays_what_it_is",
            || {
                let scene = Scene::new();
                scene.begin("mkfifo pipe");
                let reader = scene
                    .command("timeout")
                    .args(["20", "cat", "pipe"])
                    .stdout(Stdio::piped())
                    .spawn()
                    .expect("cat starts");
                let mut command = scene.command(ringfence_tests::executable("ringfence"));
                command.args(["learn", "-o", "pipe", "--", "true"]);
                ringfence_tests::wrapper::done(&mut command);
                let facts = std::fs::metadata(scene.path("work/pipe")).expect("a pipe");
                let read = reader.wait_with_output().expect("it ends");
                assert!(facts.file_type().is_fifo(), "the pipe was replaced");
                assert!(stdout(&read).contains("version: 1\n"), "{}", stdout(&read));
                // Standard output is a pipe here.
                let mut command = scene.command(ringfence_tests::executable("ringfence"));
                command.args(["learn", "-o", "/dev/stdout", "--", "true"]);
                let written = stdout(&ringfence_tests::wrapper::done(&mut command));
                assert!(written.contains("version: 1\n"), "{written}");
                Ok(())
            },
        ),
        watching(
            "learn::a_process_that_gets_the_number_of_one_that_was_watched_is_not_taken_for_it",
            || {
                let scene = Scene::new();
                let watched = reuse::run(&scene.learning(&[], &reuse::WORDS))?;
                assert_eq!(stdout(&watched), "sent\n", "{}", stderr(&watched));
                let said = stderr(&watched);
                assert!(said.contains("allow signal"), "{said}");
                // The twin: the child that the job has not waited for is its own.
                let own = "my $child = fork // die; exit 0 unless $child; sleep 1; kill(15, $child) or die";
                scene.begin("");
                let watched = scene.learn(&["perl", "-e", own]);
                let said = stderr(&watched);
                assert!(
                    watched.status.success() && !said.contains("signal"),
                    "{said}"
                );
                Ok(())
            },
        ),
        watching(
            "learn::a_set_user_id_helper_gains_nothing_and_that_is_told",
            set_user_id,
        ),
    ]
}

/// A program of root's that tells as whom it runs, started by an ordinary user.
fn set_user_id() -> Result<(), Skip> {
    if !is_root() {
        return Err(Skip(
            "only root can make a set-user-ID program of root's".to_owned(),
        ));
    }
    let scene = Scene::of(User::Ordinary);
    let helper = scene.path("helper");
    std::fs::copy(need("id", "coreutils")?, &helper).expect("a copy");
    let mode = std::fs::Permissions::from_mode(0o4755);
    std::fs::set_permissions(&helper, mode).expect("root's own file");
    let words = [&*text(&helper), "-u"];
    let plain = scene.succeeds(&words);
    if stdout(&plain) != "0\n" {
        return Err(Skip("the temporary directory is mounted nosuid".to_owned()));
    }
    let watched = scene.learn(&words);
    assert_eq!(stdout(&watched), "65534\n", "{}", stderr(&watched));
    let told = format!("{} is set-user-ID", text(&helper));
    assert!(stderr(&watched).contains(&told), "{}", stderr(&watched));
    let confined = scene.confined(&[], &words).output().expect("it starts");
    assert_eq!(
        stdout(&confined),
        "65534\n",
        "{}\n{}",
        stderr(&confined),
        scene.policy()
    );

    // The system's own: what it could not do under watch is not granted.
    let su = ["su", "-c", "true"];
    let refused = scene.learn(&su);
    assert!(!refused.status.success(), "su works without a password");
    assert!(
        stderr(&refused).contains("su is set-user-ID"),
        "{}",
        stderr(&refused)
    );
    assert!(!scene.policy().contains("shadow,"), "{}", scene.policy());
    Ok(())
}
