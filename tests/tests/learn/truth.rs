//! What is learned against what strace sees of the same job: every access that succeeded is granted, and
//! every path that is granted was accessed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ringfence::{AccessFs, Kernel, Plan, Request};
use ringfence_tests::install::{Skip, need};
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::done;

use crate::cases::{self, Case};
use crate::watching;

/// An access that strace saw succeed.
struct Access {
    rights: AccessFs,
    path: PathBuf,
}

const TIGHTNESS: [&str; 2] = ["exact", "dirs"];

pub fn tests() -> Vec<Test> {
    for case in cases::all() {
        if let Some(reason) = differs(case) {
            for tightness in TIGHTNESS {
                case.note(&format!("strace-{tightness}"), reason);
            }
        }
    }
    let told = cases::all().filter(|case| differs(case).is_none());
    let tests = told.flat_map(|case| {
        TIGHTNESS.map(|tightness| {
            let name = format!(
                "learn::{tightness}_lines_for_{}_are_what_strace_sees",
                case.name
            );
            watching(name, move || compare(case, tightness))
        })
    });
    tests.collect()
}

/// Why two runs of a program open other files.
fn differs(case: &Case) -> Option<&'static str> {
    match case.name {
        "java" => Some("differs: trims its memory now and then, and then reads `/proc` and `/sys`"),
        "rust_with_threads" => {
            Some("differs: threads that meet at the allocator ask for the number of processors")
        }
        _ => case
            .asks()
            .then_some("differs: what is asked about is not granted"),
    }
}

fn compare(case: &Case, tightness: &str) -> Result<(), Skip> {
    let strace = need("strace", "strace")?;
    let scene = case.scene()?;
    // What it leaves at home is there from then on.
    scene.begin(case.before);
    scene.succeeds(case.job);
    scene.begin(case.before);
    let logs = scene.folder("logs");
    let mut traced = scene.command(strace);
    traced.args(["-ff", "-y", "-qq", "-s", "4096", "-e", "trace=%file", "-o"]);
    done(traced.arg(logs.join("log")).arg("--").args(case.job));
    let (accesses, named) = read(&logs, &scene.path("work"));

    scene.begin(case.before);
    let watched = scene.learn_with(&["--tightness", tightness], case.job);
    assert!(watched.status.success());
    let policy = scene.path("policy.yaml");
    let manifest = scene.manifest();
    let own: Vec<_> = manifest
        .policy
        .paths()
        .iter()
        .filter(|line| {
            line.source
                .origin()
                .is_some_and(|origin| *origin.file == *policy)
        })
        .map(|line| line.path.clone())
        .collect();
    scene.begin(case.before);
    let plan = Plan::new(manifest.policy, Kernel::probe());
    let sandbox = plan.prepare().expect("a policy that starts");
    for Access { rights, path } in &accesses {
        let decision = sandbox.plan().decide(Request::Path(*rights, path));
        assert!(
            decision.is_allowed(),
            "{rights:?} {} is not granted\n{}",
            path.display(),
            scene.policy()
        );
    }
    assert!(accesses.len() > 3, "strace saw nothing");
    for path in own {
        let is_explained = if tightness == "exact" {
            named.contains(&path)
        } else {
            named.iter().any(|named| named.starts_with(&path))
        };
        assert!(
            is_explained,
            "nobody accessed {}\n{}",
            path.display(),
            scene.policy()
        );
    }
    let granted = accesses.len().to_string();
    case.note(&format!("strace-{tightness}"), &granted);
    Ok(())
}

/// The accesses to files that were there before or are gone again or not, and every path that was named,
/// with its directory.
fn read(logs: &Path, work: &Path) -> (Vec<Access>, BTreeSet<PathBuf>) {
    let mut accesses = Vec::new();
    let mut named = BTreeSet::new();
    for log in std::fs::read_dir(logs).expect("logs") {
        let log = std::fs::read_to_string(log.expect("a log").path()).expect("UTF-8");
        for line in log.lines() {
            let Some((call, result)) = line.rsplit_once(" = ") else {
                continue;
            };
            if result.starts_with(['-', '?']) || call.starts_with("chdir") {
                continue;
            }
            let quoted: Vec<_> = call.split('"').skip(1).step_by(2).collect();
            let is_exec = call.starts_with("execve(");
            let count = if is_exec { 1 } else { quoted.len() };
            for path in quoted.iter().take(count) {
                note(&mut named, &work.join(path));
            }
            let opened = result
                .split_once('<')
                .map(|(_, path)| path.trim_end_matches('>'));
            if let Some(path) = opened.filter(|path| path.starts_with('/')) {
                note(&mut named, Path::new(path));
                if !call.contains("O_PATH")
                    && !path.starts_with("/proc/")
                    && Path::new(path).exists()
                {
                    accesses.push(Access {
                        rights: rights(call),
                        path: path.into(),
                    });
                }
            }
            if let (true, Some(program)) = (is_exec, quoted.first()) {
                let program = work.join(program).canonicalize();
                accesses.extend(program.ok().map(|path| Access {
                    rights: AccessFs::EXECUTE | AccessFs::READ_FILE,
                    path,
                }));
            }
        }
    }
    (accesses, named)
}

fn note(named: &mut BTreeSet<PathBuf>, path: &Path) {
    let existing = path.ancestors().find_map(|above| above.canonicalize().ok());
    let resolved = path.canonicalize().ok();
    for path in existing
        .into_iter()
        .chain(resolved)
        .chain([path.to_owned()])
    {
        let path = of_proc(path);
        named.extend(path.parent().map(Path::to_owned));
        named.insert(path);
    }
}

/// A process's own entries of `/proc` by the name that lasts.
fn of_proc(path: PathBuf) -> PathBuf {
    let mut names = path.strip_prefix("/proc").unwrap_or(Path::new("x")).iter();
    let number = names.next().and_then(|name| name.to_str()).unwrap_or("x");
    if number.bytes().all(|byte| byte.is_ascii_digit()) {
        Path::new("/proc/self").join(names.as_path())
    } else {
        path
    }
}

fn rights(call: &str) -> AccessFs {
    if call.contains("O_RDWR") {
        AccessFs::READ_FILE | AccessFs::WRITE_FILE
    } else if call.contains("O_WRONLY") {
        AccessFs::WRITE_FILE
    } else {
        AccessFs::READ_FILE
    }
}
