//! For each broken policy the explanation names the line that was taken out, and with what it proposes the
//! program passes.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixListener};

use ringfence::{Arch, Syscall};
use ringfence_tests::install::{Skip, need};
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{stderr, text};
use serde_json::Value;

use crate::cases::{CASES, Case, SYSTEM};
use crate::scene::{Scene, denied, items, text_at};
use crate::watching;

/// How often one line after another may turn out to be missing.
const MOST_ROUNDS: usize = 12;

pub fn tests() -> Vec<Test> {
    let named = CASES
        .iter()
        .map(|case| watching(format!("explain::names_{}", case.name), || mended(case)));
    named.collect()
}

/// What stands outside of the sandbox, for jobs to reach.
struct Outside {
    words: Vec<(&'static str, String)>,
    _servers: (TcpListener, UnixListener, UnixListener),
}

impl Outside {
    fn new(scene: &Scene) -> Self {
        let local = ("127.0.0.1", 0);
        let server = TcpListener::bind(local).expect("a port");
        let unused = TcpListener::bind(local).expect("a port");
        let port =
            |listener: &TcpListener| listener.local_addr().expect("its own").port().to_string();
        let path = scene.path("socket");
        let name = format!("ringfence-explain-{}", port(&server));
        let address = SocketAddr::from_abstract_name(&name).expect("a short name");
        let inotify = Arch::NATIVE.and_then(|arch| Syscall::INOTIFY_INIT1.number(arch));
        Self {
            words: vec![
                ("WORK", text(&scene.path("work"))),
                ("PORT", port(&server)),
                ("FREE", port(&unused)),
                ("PROCESS", std::process::id().to_string()),
                ("SOCKET", text(&path)),
                ("ABSTRACT", name),
                (
                    "INOTIFY",
                    inotify.expect("every machine has it").to_string(),
                ),
            ],
            _servers: (
                server,
                UnixListener::bind(&path).expect("a socket"),
                UnixListener::bind_addr(&address).expect("an abstract socket"),
            ),
        }
    }

    fn fill(&self, text: &str) -> String {
        let words = self.words.iter();
        words.fold(text.to_owned(), |text, (word, value)| {
            text.replace(word, value)
        })
    }
}

/// A manifest of these lines.
fn manifest(lines: &[(&str, &str)]) -> String {
    let mut by_key: BTreeMap<&str, String> = BTreeMap::new();
    for (key, item) in lines {
        let items = by_key.entry(key).or_default();
        *items = format!("{items}  - {item} # as ever\n");
    }
    let keys = by_key.iter().map(|(key, items)| format!("{key}:\n{items}"));
    format!(
        "# What the job needs.\nversion: 1\n{}",
        keys.collect::<String>()
    )
}

fn mended(case: &Case) -> Result<(), Skip> {
    need("perl", "perl")?;
    if case.before.contains("gcc") {
        need("gcc", "gcc")?;
    }
    let scene = Scene::new(case.before);
    let outside = Outside::new(&scene);
    let job: Vec<_> = case.job.iter().map(|word| outside.fill(word)).collect();
    let job: Vec<_> = job.iter().map(String::as_str).collect();
    let lines = [SYSTEM, case.lines].concat();
    let passes = |flags: &[&str]| {
        scene.begin(case.before);
        scene.run(flags, &job).output().expect("ringfence starts")
    };

    scene.policy(&outside.fill(&manifest(&lines)));
    let good = passes(&[]);
    assert!(
        good.status.success(),
        "the good policy is none: {}",
        stderr(&good)
    );
    scene.policy(&outside.fill(&manifest(&lines[..lines.len() - 1])));
    let broken = passes(&[]);
    assert!(!broken.status.success(), "the line is not needed");

    let mut flags: Vec<String> = Vec::new();
    let mut seen = Vec::new();
    for _ in 0..MOST_ROUNDS {
        scene.begin(case.before);
        let given: Vec<_> = ["--write", "--yes"]
            .into_iter()
            .chain(flags.iter().map(String::as_str))
            .collect();
        let (ended, report) = scene.explain(&given, &job);
        if ended.status.success() {
            break;
        }
        let more = by_hand(&report);
        seen.extend(denied(&report).iter().cloned());
        assert!(
            !denied(&report).is_empty(),
            "nothing is named after {seen:#?}: {}",
            stderr(&ended)
        );
        flags.extend(more);
    }
    let (lacking, about) = (case.lacks.0, outside.fill(case.lacks.1));
    assert!(
        seen.iter()
            .any(|denial| text_at(denial, "lacking") == lacking
                && text_at(denial, "about").ends_with(&about)),
        "`{lacking} {about}` is not named in {seen:#?}"
    );
    let flags: Vec<_> = flags.iter().map(String::as_str).collect();
    let policy = std::fs::read_to_string(scene.path("policy.yaml")).expect("the manifest");
    let mended = passes(&flags);
    assert!(
        mended.status.success(),
        "it does not pass with {flags:?} and\n{policy}\n{}",
        stderr(&mended)
    );
    assert_eq!(mended.stdout, good.stdout);
    let kept = policy.matches("# as ever").count();
    assert_eq!(kept, lines.len() - 1, "comments are lost: {policy}");
    Ok(())
}

/// The flags that `--write --yes` leaves to a person, and those that are asked for to see more.
fn by_hand(report: &Value) -> Vec<String> {
    let mut flags = Vec::new();
    for denial in denied(report) {
        let first = items(denial, "add").first();
        let warned = first.filter(|proposal| proposal["warning"].is_string());
        let hints = items(denial, "hints").iter().filter_map(Value::as_str);
        let hints = hints.filter_map(|hint| {
            let flag = hint.split_once("run it again with ")?.1;
            Some(flag.split_once(',')?.0)
        });
        let proposed = warned.map(|proposal| text_at(proposal, "flags"));
        for flag in proposed.into_iter().chain(hints) {
            flags.extend(flag.split(' ').map(str::to_owned));
        }
    }
    flags
}
