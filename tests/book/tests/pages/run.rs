//! The commands and manifests of a page, run as it shows them.

use std::collections::BTreeSet;
use std::env;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ringfence_book::block::{Block, blocks};
use ringfence_book::session::{LeftOut, Prompt, Session, Why, patiently};
use ringfence_book::{pages, root, text};
use ringfence_tests::executable;
use ringfence_tests::install::{Skip, need};
use ringfence_tests::trial::{Outcome, Test};
use ringfence_tests::world::is_root;
use ringfence_tests::wrapper::NOBODY;

/// An ordinary user's shell in a network and among processes of its own: ports of pages are free, and what pages leave
/// running ends with them.
const AS_NOBODY: &str = "ip link set lo up; \
                         exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$0\" \"$@\"";

/// The test of a page that has anything to run.
pub fn of_page(page: PathBuf) -> Option<Test> {
    let blocks = blocks(&text(&page));
    let session = Session::new(&blocks, false);
    if session.steps.is_empty() {
        return None;
    }
    let name = format!("what_{}_shows_is_what_happens", page.display());
    Some(Test::may_skip(name, move || run(&page, &blocks, &session)))
}

/// Every block of every page is run with its page, or by what its mark names, or it is in the list that this prints.
pub fn or_say_why_not() {
    let mut faults = Vec::new();
    let (mut all, mut elsewhere) = (0, 0);
    let mut cannot = String::new();
    for page in pages() {
        let blocks = blocks(&text(&page));
        all += blocks
            .iter()
            .filter(|block| block.language != "setup")
            .count();
        for LeftOut { line, why } in Session::new(&blocks, false).left_out {
            let place = format!("{}:{line}", page.display());
            match why {
                Why::By(path) if root().join(&path).exists() => elsewhere += 1,
                Why::By(path) => faults.push(format!("{place}: there is no {path}")),
                Why::Cannot(reason) if reason.is_empty() => {
                    faults.push(format!(
                        "{place}: nothing runs this, and it does not say why"
                    ));
                }
                Why::Cannot(reason) => {
                    let _ = writeln!(cannot, "  {place}: {reason}");
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let count = cannot.lines().count();
    eprintln!(
        "{all} blocks: {} run with their page, {elsewhere} by tests of their own, {count} not:\n{cannot}",
        all - elsewhere - count
    );
}

fn run(page: &Path, blocks: &[Block], session: &Session) -> Outcome {
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

/// Why a program is not here that a block needs by its mark `needs=PROGRAM` or `needs=PROGRAM:PACKAGE`.
fn missing(blocks: &[Block]) -> Option<String> {
    let wanted: BTreeSet<&str> = blocks
        .iter()
        .flat_map(|block| &block.marks)
        .filter_map(|mark| mark.strip_prefix("needs="))
        .collect();
    wanted
        .into_iter()
        .find_map(|wanted| {
            let (program, package) = wanted.split_once(':').unwrap_or((wanted, wanted));
            need(program, package).err()
        })
        .map(|Skip(reason)| reason)
}
