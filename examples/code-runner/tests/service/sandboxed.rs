//! The server in a sandbox of its own: `landlock-runner` with the manifest that is shipped.

use ringfence_tests::executable;
use ringfence_tests::trial::Test;

use crate::attacks::PRELUDE;
use crate::server::{PROGRAM, Setup, own};
use crate::test;

pub fn tests() -> Vec<Test> {
    vec![
        test(
            "sandboxed::the_server_serves_under_its_own_manifest",
            serves,
        ),
        test(
            "sandboxed::both_manifests_are_clean_and_hold_what_they_expect",
            manifests,
        ),
    ]
}

fn serves() {
    let setup = Setup::new();
    let words = setup.words();
    // Beside its policy, as its relative path says.
    let manifest = setup.path("server.yaml");
    std::fs::copy(own("server.yaml"), &manifest).expect("the manifest that is shipped");
    let mut command = setup.command(executable("landlock-runner"));
    let state = format!("STATE={}", setup.path("state").display());
    command
        .arg("--policy")
        .arg(&manifest)
        .args(["--set", &state, "--set", "PORT=0", "--", PROGRAM]);
    let server = setup.start_by({
        command.args(words);
        command
    });
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("it runs");
    assert!(
        status.contains("Seccomp:\t2\n"),
        "it is in no sandbox: {status}"
    );
    let run = server.python("open('x', 'w').write('42'); print(open('x').read())");
    assert_eq!((run.exit, &*run.stdout), (Some(0), "42\n"), "{run:?}");
    assert_eq!(server.sh("echo $((6 * 7)) | cat; exit 3").exit, Some(3));
    let secret = server.path("secret").display().to_string();
    let run = server.python(&format!(
        "{PRELUDE}attempt(lambda: open({secret:?}).read())"
    ));
    assert_eq!(run.exit, Some(13), "{run:?}");
    let run = server.python(&format!(
        "{PRELUDE}attempt(lambda: os.kill({}, 0))",
        server.pid()
    ));
    assert_eq!(run.exit, Some(1), "{run:?}");
    let mut sleeper = server.stream("sh", "echo 1; sleep 60");
    assert_eq!(sleeper.stdout(), "1");
    drop(sleeper);
    server.assert_clean();
}

fn manifests() {
    let setup = Setup::new();
    for (name, command) in [("policy.yaml", &[][..]), ("server.yaml", &["--", PROGRAM])] {
        for word in ["check", "test"] {
            let mut workbench = setup.command(executable("ringfence"));
            workbench
                .arg(word)
                .arg(own(name))
                .env("STATE", setup.path("state"));
            if word == "test" {
                workbench.args(command);
            }
            let output = workbench.output().expect("the workbench starts");
            let text = String::from_utf8_lossy(&output.stdout);
            assert_eq!(output.status.code(), Some(0), "{word} {name}: {text}");
            let is_clean = word == "test" || text.contains("nothing found");
            assert!(is_clean, "{word} {name}: {text}");
        }
    }
}
