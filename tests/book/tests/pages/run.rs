//! The commands and manifests of a page, run as it shows them.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use ringfence_book::block::{Block, blocks};
use ringfence_book::session::{Prompt, Session, patiently};
use ringfence_book::{root, text};
use ringfence_tests::executable;
use ringfence_tests::install::{Skip, need};
use ringfence_tests::trial::{Outcome, Test};
use ringfence_tests::world::is_root;
use ringfence_tests::wrapper::NOBODY;

/// An ordinary user's shell in a network and among processes of its own: ports of pages are free, and what pages leave
/// running ends with them.
const AS_NOBODY: &str = "ip link set lo up; \
                         exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$0\" \"$@\"";

/// Pages whose commands are tried by tests of their own, and where.
const ELSEWHERE: [(&str, &str); 2] = [
    (
        "examples/code-runner/README.md",
        "examples/code-runner/tests runs it against its server",
    ),
    (
        "docs/learn.md",
        "it names a program of the reader's; tests/tests/learn runs the same with real ones",
    ),
];

/// The test of a page that has anything to run.
pub fn of_page(page: PathBuf) -> Option<Test> {
    let blocks = blocks(&text(&page));
    let session = Session::new(&blocks, false);
    if session.steps.is_empty() && session.left_out.is_empty() {
        return None;
    }
    let name = format!("what_{}_shows_is_what_happens", page.display());
    let elsewhere = ELSEWHERE.iter().find(|(other, _)| Path::new(other) == page);
    if let Some(&(_, place)) = elsewhere {
        return Some(Test::may_skip(name, || Outcome::Absent(place.to_owned())));
    }
    Some(Test::may_skip(name, move || run(&page, &blocks, &session)))
}

fn run(page: &Path, blocks: &[Block], session: &Session) -> Outcome {
    for (line, reason) in &session.left_out {
        eprintln!("{}:{line}: not run: {reason}", page.display());
        assert!(!reason.is_empty(), "line {line}: `no-run` needs a reason");
    }
    if let Some(missing) = missing(blocks) {
        return Outcome::Skipped(missing);
    }
    // Not beneath /tmp, which `learn` takes for a place of temporary files.
    let home = tempfile::Builder::new()
        .prefix("page-")
        .tempdir_in("/var/tmp")
        .expect("a directory");
    let place = home.path().canonicalize().expect("the directory exists");
    let mut shell = patiently("bash");
    if is_root() {
        std::os::unix::fs::chown(&place, Some(NOBODY), Some(NOBODY)).expect("root may");
        shell = patiently("unshare");
        shell
            .args(["--net", "--pid", "--fork", "--kill-child", "--mount-proc"])
            .args(["sh", "-c", AS_NOBODY, "bash"]);
    }
    shell
        .arg("-c")
        .current_dir(&place)
        .env_clear()
        .env("HOME", &place)
        .env("PATH", path(&place))
        .env("LANG", "C.UTF-8")
        .env("EXAMPLES", root().join("examples"));
    let faults = session.run(Prompt::User, &mut shell, &place);
    assert!(
        faults.is_empty(),
        "{}: {}",
        page.display(),
        faults.join("\n")
    );
    Outcome::Passed
}

/// Ours, what a page's preparation puts into `bin` of its home, and the system's.
fn path(home: &Path) -> OsString {
    let runner = executable("landlock-runner");
    let ours = runner.parent().map(Path::to_owned).unwrap_or_default();
    let all = [
        ours,
        home.join("bin"),
        "/usr/bin".into(),
        "/bin".into(),
        "/usr/sbin".into(),
        "/sbin".into(),
    ];
    env::join_paths(all).expect("no colon in a path")
}

/// Why a program is not here that a block needs by its mark `needs=PROGRAM`, which is its package's name too.
fn missing(blocks: &[Block]) -> Option<String> {
    let wanted: BTreeSet<&str> = blocks
        .iter()
        .flat_map(|block| &block.marks)
        .filter_map(|mark| mark.strip_prefix("needs="))
        .collect();
    wanted
        .into_iter()
        .find_map(|program| need(program, program).err())
        .map(|Skip(reason)| reason)
}
