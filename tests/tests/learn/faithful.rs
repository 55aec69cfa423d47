//! The watched program behaves as it does alone.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use ringfence::Syscall;
use ringfence_tests::filtering;
use ringfence_tests::install::need;
use ringfence_tests::terminal::Terminal;
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{stderr, stdout, text};

use crate::scene::Scene;
use crate::watching;

pub fn tests() -> Vec<Test> {
    vec![
        watching("learn::exit_codes_and_signals_are_the_commands_own", || {
            let scene = Scene::new();
            for code in [0, 1, 42, 255] {
                let ended = scene.learn(&["sh", "-c", &format!("exit {code}")]);
                assert_eq!(ended.status.code(), Some(code));
            }
            // None that a shell ignores for what it starts in the background.
            for signal in [9, 15, 12] {
                let ended = scene.learn(&["sh", "-c", &format!("kill -{signal} $$")]);
                assert_eq!(ended.status.signal(), Some(signal), "{}", stderr(&ended));
            }
            Ok(())
        }),
        watching(
            "learn::signals_reach_their_handlers_and_stopping_stops",
            || {
                const SCRIPT: &str = "trap 'echo caught' USR1; kill -USR1 $$; \
                sleep 60 & kill -STOP $!; sleep 0.1; grep '^State' /proc/$!/status | cut -f2; \
                kill -CONT $!; sleep 0.1; kill $!; wait $!; echo $?";
                let scene = Scene::new();
                let plain = scene.succeeds(&["sh", "-c", SCRIPT]);
                let watched = scene.learn(&["sh", "-c", SCRIPT]);
                // What is stopped for the one who watches shows as traced.
                let said = stdout(&watched).replace("t (tracing stop)", "T (stopped)");
                assert_eq!(said, stdout(&plain));
                Ok(())
            },
        ),
        watching(
            "learn::a_filter_that_asks_a_tracer_is_answered_as_where_there_is_none",
            || {
                need("python3", "python3")?;
                let scene = Scene::new();
                scene.begin("mkdir in");
                // What the watcher does not look at, and what it does.
                let job = filtering::job(filtering::TRACE, &[Syscall::GETPPID, Syscall::RENAMEAT2]);
                let job: Vec<_> = job.iter().map(String::as_str).collect();
                let plain = stdout(&scene.succeeds(&job));
                assert_eq!(plain.matches(" -1 38\n").count(), 2, "{plain}");
                for flags in [&[][..], &["--syscalls"]] {
                    let watched = scene.learn_with(flags, &job);
                    assert_eq!(stdout(&watched), plain, "{}", stderr(&watched));
                }
                Ok(())
            },
        ),
        watching("learn::five_hundred_processes_at_once_are_seen", || {
            let scene = Scene::new();
            let script = "for i in $(seq 500); do (read x < file; echo $x > out.$i; sleep 0.5) & done; wait; ls | wc -l";
            scene.begin("echo x > file");
            let watched = scene.learn(&["sh", "-c", script]);
            assert_eq!(stdout(&watched).trim(), "501", "{}", stderr(&watched));
            assert!(
                stderr(&watched).contains("watched 50"),
                "{}",
                stderr(&watched)
            );
            Ok(())
        }),
        watching(
            "learn::a_command_that_cannot_start_is_told_as_the_wrapper_tells_it",
            || {
                let scene = Scene::new();
                scene.begin("echo x > text");
                let missing = scene.learn(&["no-such-program"]);
                assert_eq!(missing.status.code(), Some(127), "{}", stderr(&missing));
                let text = scene.learn(&["./text"]);
                assert_eq!(text.status.code(), Some(126), "{}", stderr(&text));
                assert!(!scene.path("policy.yaml").exists());
                Ok(())
            },
        ),
        watching(
            "learn::it_stops_and_goes_on_at_a_terminal_and_ends_by_its_keys",
            || {
                let scene = Scene::new();
                let ringfence = text(&ringfence_tests::executable("ringfence"));
                // A shell ignores the keys of the terminal for what it starts in the background, this test
                // included.
                let mut shell = scene.command("env");
                shell
                    .args(["--default-signal=INT,QUIT", "setsid", "-c"])
                    .args(["bash", "--norc", "--noediting", "-i"])
                    .env("PS1", "ready$ ");
                let mut terminal = Terminal::start(&mut shell);
                terminal.shows("ready$ ");
                terminal.types(&format!(
                    "{ringfence} learn -- sh -c 'echo \"be\"gun; sleep 60'\n"
                ));
                terminal.shows("begun");
                terminal.types("\x1a");
                terminal.shows("Stopped");
                terminal.types("fg\n");
                terminal.shows("learn -- sh");
                std::thread::sleep(Duration::from_millis(300));
                terminal.types("\x03");
                terminal.shows("ready$ ");
                terminal.types("echo \"it\"was $?\n");
                terminal.shows("itwas 130");
                terminal.types("exit\n");
                terminal.ends();
                Ok(())
            },
        ),
        watching(
            "learn::progress_is_in_the_title_of_a_terminal_that_has_one",
            || {
                let scene = Scene::new();
                let title = "\x1b]2;ringfence learn: ";
                for (kind, has_title) in [("xterm", true), ("dumb", false)] {
                    let mut learn = scene.command("setsid");
                    learn
                        .arg("-c")
                        .arg(ringfence_tests::executable("ringfence"))
                        .args(["learn", "-o", "../policy.yaml", "--"])
                        .args(["sh", "-c", "sleep 1.3; date > a; cat a; echo \"do\"ne"])
                        .env("TERM", kind);
                    let mut terminal = Terminal::start(&mut learn);
                    terminal.shows("done");
                    terminal.shows("lines in ../policy.yaml");
                    let screen = terminal.screen_text();
                    assert_eq!(screen.contains(title), has_title, "{screen:?}");
                    // It is kept before and put back behind.
                    for sequence in ["\x1b[22;2t", "\x1b[23;2t"] {
                        assert_eq!(screen.contains(sequence), has_title, "{screen:?}");
                    }
                    terminal.ends();
                }
                Ok(())
            },
        ),
        watching(
            "learn::where_tracing_is_forbidden_the_command_does_not_run",
            || {
                let scene = Scene::new();
                let ringfence = text(&ringfence_tests::executable("ringfence"));
                let learn = [&*ringfence, "learn", "--", "sh", "-c", "echo x > ran"];
                let denied = scene
                    .command(ringfence_tests::executable("landlock-runner"))
                    .args(["--log", "off", "--unrestricted-fs", "--"])
                    .args(learn)
                    .output()
                    .expect("landlock-runner starts");
                assert_eq!(denied.status.code(), Some(125), "{}", stderr(&denied));
                assert!(
                    stderr(&denied).contains("does not let processes be traced"),
                    "{}",
                    stderr(&denied)
                );
                assert!(!scene.path("work/ran").exists());
                scene.succeeds(&learn);
                assert!(scene.path("work/ran").exists());
                Ok(())
            },
        ),
        watching(
            "learn::what_is_watched_does_not_outlive_the_one_who_watches",
            || {
                let scene = Scene::new();
                let mut watcher = scene
                    .command(ringfence_tests::executable("ringfence"))
                    .args(["learn", "--", "sh", "-c", "sleep 1; echo x > on"])
                    .spawn()
                    .expect("ringfence starts");
                std::thread::sleep(Duration::from_millis(500));
                watcher.kill().expect("it runs");
                watcher.wait().expect("it ends");
                std::thread::sleep(Duration::from_millis(1500));
                assert!(!scene.path("work/on").exists(), "the command ran on");
                scene.succeeds(&["sh", "-c", "sleep 1; echo x > on"]);
                assert!(scene.path("work/on").exists());
                Ok(())
            },
        ),
        watching(
            "learn::a_program_that_traces_is_told_that_it_cannot_and_does_not_hang",
            || {
                let scene = Scene::new();
                let Ok(strace) = need("strace", "strace") else {
                    return Err(ringfence_tests::install::Skip(
                        "strace is not installed".to_owned(),
                    ));
                };
                let strace = text(&strace);
                let watched = scene.learn(&["timeout", "20", &strace, "-o", "log", "true"]);
                assert_ne!(watched.status.code(), Some(124), "it hangs");
                assert!(
                    stderr(&watched).contains("traces processes itself"),
                    "{}",
                    stderr(&watched)
                );
                Ok(())
            },
        ),
    ]
}
