//! How denials are told: as they happen, to machines, and whatever the names are that a program chooses.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;

#[cfg(target_arch = "x86_64")]
use ringfence_tests::install::Skip;
use ringfence_tests::install::need;
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{stderr, stdout};
use serde_json::Value;

use crate::scene::{Scene, denied, items, system, text_at};
use crate::watching;

// `/dev` is what perl looks at when it starts.
const SYSTEM: &str = system!(
    "  - {path: /dev/null, access: [read, write]}
  - {path: /dev, access: [read, ioctl]}
"
);

pub fn tests() -> Vec<Test> {
    vec![
        watching("explain::follow_tells_while_the_command_still_runs", || {
            let scene = Scene::new("echo x > secret");
            scene.policy(SYSTEM);
            let mut running = scene
                .run(
                    &["--explain", "--follow"],
                    &["sh", "-c", "cat secret 2> /dev/null; cat; cat secret"],
                )
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .expect("ringfence starts");
            let mut said = BufReader::new(running.stderr.take().expect("a pipe"));
            let mut line = String::new();
            said.read_line(&mut line).expect("a line");
            assert!(
                line.contains("denied: cat[") && line.contains("/work/secret: read"),
                "{line}"
            );
            assert!(
                running.try_wait().expect("our child").is_none(),
                "it has ended already"
            );
            drop(running.stdin.take());
            let mut rest = String::new();
            said.read_to_string(&mut rest).expect("text");
            running.wait().expect("it ends");
            assert_eq!(
                rest.matches("to allow it, add").count(),
                1,
                "it is told twice: {rest}"
            );
            assert!(rest.contains("denied 2 times: cat["), "{rest}");
            Ok(())
        }),
        watching("explain::follow_in_json_is_a_value_a_line", || {
            let scene = Scene::new("echo x > a; echo x > b");
            scene.policy(SYSTEM);
            let (ended, _) = scene.explain(&[], &["cat", "a"]);
            assert_eq!(ended.status.code(), Some(1));
            let ran = scene
                .run(
                    &["--explain", "--follow", "--json"],
                    &["sh", "-c", "cat a b 2> /dev/null"],
                )
                .output()
                .expect("ringfence starts");
            let said = stderr(&ran);
            let values: Vec<Value> = said
                .lines()
                .map(|line| {
                    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
                })
                .collect();
            assert_eq!(values.len(), 3, "{said}");
            assert!(text_at(&values[0], "about").ends_with("/work/a"));
            assert_eq!(denied(&values[2]).len(), 2);
            Ok(())
        }),
        watching("explain::nothing_denied_is_said", || {
            let scene = Scene::new("");
            scene.policy(SYSTEM);
            let ran = scene
                .run(&["--explain"], &["true"])
                .output()
                .expect("ringfence starts");
            assert_eq!(stderr(&ran), "ringfence: the policy denied nothing\n");
            Ok(())
        }),
        watching("explain::names_of_files_cannot_forge_lines", || {
            need("perl", "perl")?;
            let names = "qq(a\\nringfence: denied once: all), qq(b\\e[31mred), qq(c\\xff\\xfe), qq(d\\r'; true)";
            let makes = format!("for my $n ({names}) {{ open(my $f, '>', $n) or die $! }}");
            let scene = Scene::new("true");
            scene.policy(SYSTEM);
            scene.succeeds(&["perl", "-e", &makes]);
            let job = format!("for my $n ({names}) {{ open(my $f, '<', $n) and die }}");
            let job = job.as_str();
            let ran = scene
                .run(&["--explain"], &["perl", "-e", job])
                .output()
                .expect("ringfence starts");
            let said = stderr(&ran);
            let heads = said
                .lines()
                .filter(|line| line.starts_with("ringfence: "))
                .count();
            let real = said
                .lines()
                .filter(|line| line.starts_with("ringfence: denied") && line.contains(": perl["))
                .count();
            assert_eq!(heads, real, "{said}");
            assert!(real >= 4, "{said}");
            let strange = |byte: &u8| *byte < b' ' && *byte != b'\n';
            assert!(
                !ran.stderr.iter().any(strange),
                "control characters: {said:?}"
            );
            assert!(said.contains("the path is no UTF-8"), "{said}");

            let (_, report) = scene.explain(&[], &["perl", "-e", job]);
            assert!(
                denied(&report)
                    .iter()
                    .any(|denial| text_at(denial, "about").contains("a\nringfence"))
            );
            Ok(())
        }),
        watching("explain::a_name_of_a_program_cannot_forge_lines", || {
            let scene = Scene::new(
                "mkdir bin; cp /usr/bin/cat \"bin/c$(printf '\\nringfence: denied once: x')\"",
            );
            scene.policy(&format!("{SYSTEM}  - {{path: WORK/bin, access: [ro]}}\n"));
            let ran = scene
                .run(
                    &["--explain"],
                    &["sh", "-c", "bin/c* /root/.profile 2> /dev/null"],
                )
                .output();
            let said = stderr(&ran.expect("ringfence starts"));
            assert!(!said.contains("\nringfence: denied once: x"), "{said}");
            assert!(said.contains("c\\nringfence: denied once: x["), "{said}");
            Ok(())
        }),
        watching("explain::a_command_that_cannot_start_is_explained", || {
            let scene = Scene::new("cp /usr/bin/true tool");
            scene.policy(SYSTEM);
            let plain = scene
                .run(&[], &["./tool"])
                .output()
                .expect("ringfence starts");
            assert_eq!(plain.status.code(), Some(126));
            let (ended, report) = scene.explain(&[], &["./tool"]);
            assert_eq!(ended.status.code(), Some(126));
            assert_eq!(stderr(&ended), stderr(&plain));
            let first = &denied(&report)[0];
            assert_eq!(text_at(first, "call"), "execve");
            assert_eq!(text_at(first, "program"), "tool");
            assert!(
                text_at(&items(first, "add")[0], "flags").starts_with("--ro "),
                "{report:#}"
            );
            Ok(())
        }),
        watching(
            "explain::a_process_that_the_filter_ends_is_explained",
            || {
                need("perl", "perl")?;
                let scene = Scene::new("");
                scene.policy(SYSTEM);
                let flags = ["--deny-syscalls", "getppid:kill"];
                let job = ["perl", "-e", "getppid(); print 'survived'"];
                let (ended, report) = scene.explain(&flags, &job);
                assert!(!ended.status.success());
                assert_eq!(stdout(&ended), "");
                let denial = &denied(&report)[0];
                assert_eq!(text_at(denial, "call"), "getppid", "{report:#}");
                assert_eq!(text_at(denial, "answer"), "ended by SIGSYS");
                assert_eq!(
                    text_at(denial, "reason"),
                    "denied by `--deny-syscalls getppid:kill`"
                );
                // The twin: a signal from elsewhere is none of the filter's.
                let (_, report) = scene.explain(&flags, &["perl", "-e", "kill('SYS', $$)"]);
                assert_eq!(denied(&report), &[] as &[Value]);
                Ok(())
            },
        ),
        #[cfg(target_arch = "x86_64")]
        watching("explain::a_call_of_another_machine_is_explained", || {
            need("gcc", "gcc")?;
            let scene = Scene::new("true");
            let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/explain/foreign.c");
            scene.succeeds(&["gcc", "-o", "foreign", source]);
            scene.policy(&format!("{SYSTEM}  - {{path: WORK, access: [ro]}}\n"));
            if !scene
                .command("./foreign")
                .status()
                .is_ok_and(|status| status.success())
            {
                return Err(Skip("this kernel has no 32-bit calls".to_owned()));
            }
            let (ended, report) = scene.explain(&[], &["./foreign"]);
            assert!(!ended.status.success());
            let denial = &denied(&report)[0];
            assert_eq!(text_at(denial, "call"), "call 20", "{report:#}");
            assert_eq!(text_at(denial, "lacking"), "foreign-calls");
            assert_eq!(text_at(denial, "answer"), "ended by SIGSYS");
            // A program that is of the other machine as a whole has other registers.
            let alone = ["-m32", "-static", "-nostdlib", "-Wl,--entry=main"];
            scene.succeeds(&[&["gcc", "-o", "whole", source], &alone[..]].concat());
            let (_, report) = scene.explain(&[], &["./whole"]);
            let call = text_at(&denied(&report)[0], "call");
            assert_eq!(call, "call 20", "{report:#}");
            Ok(())
        }),
        watching("explain::what_is_sensitive_carries_a_warning", || {
            let scene = Scene::new("");
            scene.policy(
                "version: 1\nro: [/usr]\nfs: [{path: /lib64, access: [ro], optional: true}]\n",
            );
            let (_, report) = scene.explain(&[], &["cat", "/etc/shadow"]);
            let shadow = denied(&report)
                .iter()
                .find(|denial| text_at(denial, "about") == "/etc/shadow");
            let shadow = shadow.unwrap_or_else(|| panic!("{report:#}"));
            let warning = text_at(&items(shadow, "add")[0], "warning");
            assert!(warning.starts_with("lets secrets be read"), "{report:#}");
            Ok(())
        }),
        Test::new("explain::the_small_wrapper_knows_none_of_it", || {
            let ran = std::process::Command::new(ringfence_tests::executable("landlock-runner"))
                .args(["--explain", "--", "true"])
                .output()
                .expect("landlock-runner starts");
            assert_eq!(ran.status.code(), Some(125));
            assert!(
                stderr(&ran).contains("unknown flag --explain"),
                "{}",
                stderr(&ran)
            );
        }),
        watching(
            "explain::calls_that_lines_deny_are_named_with_their_line",
            || {
                need("perl", "perl")?;
                let scene = Scene::new("");
                scene.policy(SYSTEM);
                let job = ["perl", "-e", "setpriority(0, 0, 0) or die $!"];
                let denial = |flags: &[&str]| {
                    let (ended, report) = scene.explain(flags, &job);
                    assert!(!ended.status.success(), "{report:#}");
                    let denial = denied(&report)
                        .iter()
                        .find(|denial| text_at(denial, "call") == "setpriority");
                    denial
                        .unwrap_or_else(|| panic!("it is not named: {report:#}"))
                        .clone()
                };
                let by_name = denial(&["--deny-syscalls", "setpriority"]);
                assert_eq!(
                    text_at(&by_name, "reason"),
                    "denied by `--deny-syscalls setpriority`"
                );
                assert_eq!(items(&by_name, "add"), &[] as &[Value]);
                let by_group = denial(&["--deny-syscalls", "@resources"]);
                assert_eq!(
                    text_at(&by_group, "reason"),
                    "denied by `--deny-syscalls @resources`"
                );
                let add = text_at(&items(&by_group, "add")[0], "flags").to_owned();
                assert_eq!(add, "--allow-syscalls setpriority");
                let flags = [
                    "--deny-syscalls",
                    "@resources",
                    "--allow-syscalls",
                    "setpriority",
                ];
                let passes = scene.run(&flags, &job).output().expect("ringfence starts");
                assert!(passes.status.success(), "{}", stderr(&passes));
                Ok(())
            },
        ),
        watching(
            "explain::five_hundred_processes_at_once_are_told_in_one_line",
            || {
                let scene = Scene::new("echo x > secret");
                scene.policy(SYSTEM);
                let script = "for i in $(seq 500); do (read x < secret; sleep 0.5) 2> /dev/null & done; wait";
                let (ended, report) = scene.explain(&[], &["sh", "-c", script]);
                assert!(ended.status.success(), "{}", stderr(&ended));
                let secret = denied(&report)
                    .iter()
                    .find(|denial| text_at(denial, "about").ends_with("/secret"));
                let times = secret.and_then(|denial| denial["times"].as_u64());
                assert_eq!(times, Some(500), "{report:#}");
                Ok(())
            },
        ),
        watching("explain::what_comes_after_many_denials_is_counted", || {
            need("perl", "perl")?;
            let scene = Scene::new("true");
            scene.policy(SYSTEM);
            let job = "for my $n (1 .. 1000) { open(my $f, '>', qq(new$n)) }";
            let (_, report) = scene.explain(&[], &["perl", "-e", job]);
            let told = denied(&report).len() as u64;
            assert_eq!(
                told + report["more"].as_u64().expect("a number"),
                1000,
                "{told}"
            );
            assert!(told >= 100);
            Ok(())
        }),
        watching(
            "explain::a_symlink_that_an_earlier_run_may_have_made_is_not_written_through",
            || {
                let scene = Scene::new("echo kept > victim; mkdir out; ln -s ../victim out/link");
                let run = |policy: &str, file: &str| {
                    scene.policy(policy);
                    let flags = ["--explain", "--explain-to", file];
                    let ran = scene.run(&flags, &["cat", "victim"]).output();
                    let ran = ran.expect("ringfence starts");
                    let text = std::fs::read_to_string(scene.path("work/victim"));
                    (ran.status.code(), stderr(&ran), text.expect("our own"))
                };
                let maker = format!("{SYSTEM}  - {{path: WORK/out, access: [create]}}\n");
                let (code, said, kept) = run(&maker, "out/link");
                assert_eq!((code, &*kept), (Some(125), "kept\n"), "{said}");
                assert!(said.contains("name the real path"), "{said}");
                // A file in the same place is written, and so is a symlink that no program could have made.
                let (_, said, kept) = run(&maker, "out/file");
                assert_eq!(kept, "kept\n");
                assert!(scene.path("work/out/file").exists(), "{said}");
                let (_, said, written) = run(SYSTEM, "out/link");
                assert!(written.contains("denied once: cat"), "{written} {said}");
                Ok(())
            },
        ),
        watching(
            "explain::no_name_that_a_program_chooses_breaks_the_json",
            || {
                let name = "a\u{7f}\u{9b}\u{202e}\u{1b}\n\"b";
                let scene = Scene::new("");
                std::fs::write(scene.path("work").join(name), "").expect("our own");
                scene.policy(SYSTEM);
                let (_, report) = scene.explain(&[], &["cat", name]);
                let mut about = denied(&report).iter().map(|one| text_at(one, "about"));
                assert!(about.any(|about| about.ends_with(name)), "{report:#}");
                Ok(())
            },
        ),
        watching("explain::flags_that_need_others_say_so", || {
            let scene = Scene::new("");
            scene.policy(SYSTEM);
            for (flags, text) in [
                (&["--follow"][..], "add --explain"),
                (&["--json"], "add --explain"),
                (&["--write"], "add --explain"),
                (&["--explain", "--yes"], "add --write"),
                (&["--explain", "--explian"], "unknown flag --explian"),
                (
                    &["--explain", "--explain-to", "/no/such/folder/x"],
                    "cannot write the explanation",
                ),
            ] {
                let ran = scene
                    .run(flags, &["sh", "-c", "echo ran"])
                    .output()
                    .expect("ringfence starts");
                assert_eq!(ran.status.code(), Some(125), "{flags:?}");
                assert!(stderr(&ran).contains(text), "{flags:?}: {}", stderr(&ran));
                assert_eq!(stdout(&ran), "");
            }
            Ok(())
        }),
    ]
}
