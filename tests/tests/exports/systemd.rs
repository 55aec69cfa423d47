//! `ringfence export systemd`: what systemd itself makes of it.
//!
//! [`machine`] starts a systemd of its own as process 1 of new namespaces; nothing of it reaches the
//! machine's. Files of a test are in one folder, which the services see.

mod calls;
mod machine;
mod serves;
mod time;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use ringfence::{Abi, Kernel};
use ringfence_tests::executable;
use ringfence_tests::trial::{Outcome, Test};
use ringfence_tests::world::is_root;
use ringfence_tests::wrapper::{stderr, stdout};
use tempfile::TempDir;

use machine::Machine;

pub fn tests() -> Vec<Test> {
    vec![
        Test::may_skip("systemd::it_accepts_every_example_policy", accepted),
        Test::may_skip("systemd::a_list_of_calls_in_the_unit_is_added_to", || {
            on_a_machine(calls::list_of_the_unit_is_added_to)
        }),
        Test::may_skip(
            "systemd::a_web_application_answers_behind_both_fences",
            serves::an_application_answers,
        ),
        Test::may_skip(
            "systemd::its_filter_leaves_the_wrapper_what_it_calls",
            calls::wrapper_is_left_what_it_calls,
        ),
        Test::may_skip(
            "systemd::both_fences_hold_and_what_is_allowed_works",
            || on_a_machine(both_fences),
        ),
        Test::may_skip("systemd::arguments_arrive_as_they_were_written", || {
            on_a_machine(arguments)
        }),
        Test::may_skip(
            "systemd::it_ends_what_the_wrapper_cannot_time_under_every_protection",
            || on_a_machine(time::ends_a_service),
        ),
    ]
}

/// Runs `ringfence export systemd` and returns what it says of each line.
fn export(arguments: &[&str]) -> String {
    let output = Command::new(executable("ringfence"))
        .args(["export", "systemd"])
        .arg("--runner")
        .arg(executable("landlock-runner"))
        .args(arguments)
        .output()
        .expect("ringfence starts");
    assert!(output.status.success(), "{}", stderr(&output));
    stderr(&output)
}

fn on_a_machine(test: fn(&TempDir)) -> Outcome {
    if !is_root() {
        return Outcome::Skipped("a systemd of its own needs root".to_owned());
    }
    if Kernel::probe_abi().abi() < Abi::new(4) {
        return Outcome::Absent("the policies deny ports, which needs Landlock ABI 4".to_owned());
    }
    if let Err(why) = Machine::possible() {
        return Outcome::Skipped(why);
    }
    test(&folder());
    Outcome::Passed
}

/// A folder that every service can reach.
fn folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt;

    tempfile::Builder::new()
        .prefix("ringfence-exports-")
        .permissions(fs::Permissions::from_mode(0o755))
        .tempdir()
        .expect("a temporary folder")
}

/// Every example, with values for its variables.
const EXAMPLES: [(&str, &[&str]); 7] = [
    ("ai-agent", &["PROJECT=/srv/a project"]),
    ("ci-build", &["TREE=/srv/tree", "TMP=/srv/tmp"]),
    ("document-converter", &["JOB=/srv/job/1"]),
    ("nginx", &[]),
    (
        "postgresql",
        &[
            "BIN=/usr/lib/postgresql/15/bin",
            "DATA=/var/lib/postgresql/15/main",
        ],
    ),
    ("python-web", &["APP=/srv/app"]),
    ("redis", &[]),
];

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/policies")
}

/// An example policy, where they are on this machine.
fn example(name: &str) -> Option<PathBuf> {
    Some(examples().join(format!("{name}.yaml"))).filter(|file| file.exists())
}

fn accepted() -> Outcome {
    let examples = examples();
    let Ok(found) = fs::read_dir(&examples) else {
        return Outcome::Skipped("the example policies are not on this machine".to_owned());
    };
    let tried = EXAMPLES.map(|(name, _)| format!("{name}.yaml"));
    for entry in found {
        let name = entry.expect("an entry").file_name();
        assert!(
            tried.iter().any(|tried| name == tried.as_str()),
            "{}",
            name.display()
        );
    }
    let verify = |unit: &Path| {
        Command::new("systemd-analyze")
            .args(["verify", "--man=no", "--recursive-errors=one"])
            .arg(unit)
            .output()
    };
    let folder = folder();
    for (name, values) in EXAMPLES {
        let manifest = examples.join(format!("{name}.yaml"));
        let manifest = manifest.display().to_string();
        for whole in [false, true] {
            let directory = folder.path().join(format!("{name}-{whole}"));
            fs::create_dir(&directory).expect("a folder");
            let to = directory.display().to_string();
            let mut arguments = vec![manifest.as_str(), "-o", &to];
            for value in values {
                arguments.extend(["--set", *value]);
            }
            let unit = directory.join(format!("{name}.service"));
            if whole {
                arguments.push("--whole-unit");
            } else {
                let base = "[Unit]\nDescription=base\n[Service]\nExecStart=/bin/false\n";
                fs::write(&unit, base).expect("the base");
            }
            export(&arguments);
            let Ok(output) = verify(&unit) else {
                return Outcome::Skipped(
                    "systemd-analyze is not installed (Debian package systemd)".to_owned(),
                );
            };
            let said = format!("{}{}", stdout(&output), stderr(&output));
            assert!(output.status.success(), "{name}: {said}");
            assert!(
                !said.contains(&to) && !said.contains("ringfence.conf"),
                "{said}"
            );
        }
    }
    // The twin: it does say so where a line is none of its own.
    let wrong = folder.path().join("wrong.service");
    let text = "[Service]\nExecStart=/bin/true\nProtectSystem=some\n";
    fs::write(&wrong, text).expect("a unit");
    let output = verify(&wrong).expect("it ran before");
    assert!(stderr(&output).contains("wrong.service:3"), "{output:?}");
    Outcome::Passed
}

/// What each service tries, and how each act ended. Hard links as renames: `mv` would copy.
const ACTS: &str = r#"
cd "$1" || exit 9
try() {
  name=$1; shift
  if said=$("$@" 2>&1 >/dev/null); then said=allowed; fi
  echo "$name: ${said##*: }" >> state/results
}
try write touch state/file
try read cat outside/file
try times touch -d 2001-01-01 "$1.apart"
try link ln state/file other/link
grep -E 'NoNewPrivs|CapBnd' /proc/self/status >> state/results
echo end >> state/results
"#;

const POLICY: &str = r#"version: 1
include: [base]
command: [/bin/sh, "${SCENE}/acts", "${SCENE}"]
ro: [/usr/bin, /bin]
rw: ["${SCENE}/state", "${SCENE}/other"]
fs:
  - {path: "${SCENE}", access: read, except: [outside]}
  - {path: /proc, access: read}
environment: {set: {PATH: /usr/bin:/bin, LC_ALL: C}}
limits: {processes: 50, wall: 1m, memory: 1G, cpu: 1m, file-size: 1G, open-files: 100}
"#;

fn both_fences(folder: &TempDir) {
    let units = folder.path().join("units");
    fs::create_dir(&units).expect("a folder");
    let manifest = folder.path().join("policy.yaml");
    fs::write(&manifest, POLICY).expect("the manifest");
    let names = ["plain", "wrapped", "fenced"];
    let scenes = names.map(|name| scene(folder.path(), name));
    for (name, scene) in names.iter().zip(&scenes) {
        let at = scene.display();
        let base = format!(
            "[Service]\nType=oneshot\nEnvironment=LC_ALL=C\nExecStart=/bin/sh {at}/acts {at}\n"
        );
        fs::write(units.join(format!("{name}.service")), base).expect("a unit");
        if *name == "plain" {
            continue;
        }
        let account = export(&[
            manifest.to_str().expect("UTF-8"),
            "--unit",
            name,
            "--set",
            &format!("SCENE={at}"),
            "--installed-in",
            units.to_str().expect("UTF-8"),
            "-o",
            units.to_str().expect("UTF-8"),
        ]);
        assert!(account.contains("TasksMax="), "{account}");
        if *name == "wrapped" {
            let file = units.join("wrapped.service.d/ringfence.conf");
            let text = fs::read_to_string(&file).expect("it was written");
            let lines = text.lines();
            let kept: Vec<_> = lines
                .filter(|line| line.starts_with("ExecStart=") || line.starts_with('['))
                .collect();
            fs::write(&file, kept.join("\n")).expect("it is ours");
        }
    }
    let ends = |scene: &PathBuf| results(scene).ends_with("end\n");
    Machine::start(&units, &names).until("each service has tried all", || scenes.iter().all(ends));

    let [plain, wrapped, fenced] = scenes.map(|scene| results(&scene));
    let of = |results: &str, act: &str| {
        let line = results.lines().find_map(|line| line.strip_prefix(act));
        line.unwrap_or_else(|| panic!("no {act}: {results}"))
            .trim_start_matches([':', '\t', ' '])
            .to_owned()
    };
    for (act, without, landlock, both) in [
        ("write", "allowed", "allowed", "allowed"),
        ("link", "allowed", "allowed", "allowed"),
        ("read", "allowed", "Permission denied", "Permission denied"),
        ("times", "allowed", "allowed", "Read-only file system"),
    ] {
        assert_eq!(of(&plain, act), without, "{act}: {plain}");
        assert_eq!(of(&wrapped, act), landlock, "{act}: {wrapped}");
        assert_eq!(of(&fenced, act), both, "{act}: {fenced}");
    }
    let bounding = |results: &str| {
        u64::from_str_radix(&of(results, "CapBnd"), 16).expect("a set of capabilities")
    };
    assert_ne!(bounding(&wrapped) & CAP_SYS_BOOT, 0, "{wrapped}");
    assert_eq!(bounding(&fenced) & CAP_SYS_BOOT, 0, "{fenced}");
    assert_eq!(of(&plain, "NoNewPrivs"), "0");
    assert_eq!(of(&fenced, "NoNewPrivs"), "1");
}

/// `linux/capability.h`, as a bit of a set.
const CAP_SYS_BOOT: u64 = 1 << 22;

/// A folder with all that the acts of a service are about.
fn scene(folder: &Path, name: &str) -> PathBuf {
    let scene = folder.join(name);
    for part in ["state", "other", "outside"] {
        fs::create_dir_all(scene.join(part)).expect("a folder");
    }
    fs::write(scene.join("outside/file"), "original").expect("a file");
    // Beside what two lines that allow to rename have in common.
    fs::write(scene.with_extension("apart"), "original").expect("a file");
    fs::write(scene.join("acts"), ACTS).expect("the acts");
    scene
}

fn results(scene: &Path) -> String {
    fs::read_to_string(scene.join("state/results")).unwrap_or_default()
}

/// What a careless export would turn into something else.
const WORDS: [&str; 12] = [
    "a b",
    "$HOME ${HOME} $$",
    "%n %% %i",
    ";",
    "\"quoted\" 'so'",
    "back\\slash\\",
    "-dash",
    "",
    "#no comment",
    "ä€",
    "~",
    "\\x41\\n",
];

fn arguments(folder: &TempDir) {
    let units = folder.path().join("a % folder \"so\" $x");
    fs::create_dir(&units).expect("a folder");
    let state = folder.path().join("state %s $y \\z");
    fs::create_dir(&state).expect("a folder");
    // A path in double quotes of YAML, where a dollar is written twice.
    let quoted = |path: &Path| {
        let text = path.to_str().expect("UTF-8");
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('$', "$$")
    };
    let manifest = units.join("words.yaml");
    let text = format!(
        "version: 1\ninclude: [base]\nro: [/usr/bin, /bin]\nrw: [\"{}\"]\n",
        quoted(&state)
    );
    fs::write(&manifest, text).expect("the manifest");
    let script =
        "for word; do printf '<%s>\\n' \"$word\"; done > \"$0/out\" && mv \"$0/out\" \"$0/words\"";
    let mut line = vec![
        manifest.to_str().expect("UTF-8"),
        "--whole-unit",
        "-o",
        units.to_str().expect("UTF-8"),
        "--",
        "/bin/sh",
        "-c",
        script,
        state.to_str().expect("UTF-8"),
    ];
    line.extend(WORDS);
    export(&line);
    let written = state.join("words");
    Machine::start(&units, &["words"]).until("the words are written", || written.exists());
    let expected = WORDS.map(|word| format!("<{word}>\n")).concat();
    assert_eq!(fs::read_to_string(written).expect("UTF-8"), expected);
}
