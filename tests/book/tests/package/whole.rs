//! What a package has to be: clean, complete, and gone when it is removed.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use ringfence_tests::install::need;

use crate::tree::{Skip, Tree, package, run};

/// The books that dpkg, apt and man keep of what was installed once.
const BOOKS: [&str; 5] = [
    "var/lib/dpkg",
    "var/lib/apt",
    "var/cache",
    "var/log",
    "root",
];

pub fn is_clean() -> Result<(), Skip> {
    let package = package()?;
    let lintian = need("lintian", "lintian")?;
    let output = Command::new(lintian)
        .args(["--allow-root", "--fail-on=error", "--tag-display-limit=0"])
        .arg(package)
        .output()
        .expect("lintian starts");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

pub fn is_complete(tree: &Tree) {
    install(tree);
    for page in ["landlock-runner", "ringfence", "ringfence-plan"] {
        run(&mut tree.as_user(&["man", "-w", page]));
    }
    finds_the_c_library(tree);
    run(&mut tree.as_user(&["landlock-runner", "--ro", "/usr", "--", "true"]));
    let typed = typed(
        tree,
        "landlock-runner --connect-tc\t443 --ro /us\t -- true\n",
    );
    assert!(
        typed.contains("--connect-tcp 443 --ro /usr"),
        "a flag and a path are not completed:\n{typed}"
    );
    let typed = self::typed(tree, "ringfence docto\t\n");
    assert!(typed.contains("ringfence doctor "), "{typed}");
}

/// Whether programs in C find the library, if the package has it.
fn finds_the_c_library(tree: &Tree) {
    let listed = run(&mut tree.as_root(&["dpkg", "--listfiles", "ringfence"]));
    if !String::from_utf8_lossy(&listed.stdout).contains("ringfence.pc") {
        eprintln!("the package has no C library");
        return;
    }
    let output = run(&mut tree.as_user(&["pkg-config", "--libs", "ringfence"]));
    let flags = String::from_utf8_lossy(&output.stdout);
    assert!(flags.contains("-lringfence"), "{flags}");
}

pub fn is_removed(tree: &Tree) {
    let before = files(tree);
    install(tree);
    let installed = files(tree);
    assert!(installed.len() > before.len() + 20, "{installed:?}");
    run(&mut tree.as_root(&["dpkg", "--remove", "ringfence"]));
    let left: Vec<_> = files(tree).difference(&before).cloned().collect();
    assert!(left.is_empty(), "left behind: {left:?}");
}

fn install(tree: &Tree) {
    run(&mut tree.as_root(&["sh", "-c", "dpkg --install ./ringfence_*.deb"]));
}

/// What a terminal shows of a line with tabs that is typed into a bash of the ordinary user.
fn typed(tree: &Tree, line: &str) -> String {
    let mut child = tree
        .as_user(&[
            "script",
            "--quiet",
            "--return",
            "--command",
            "bash --rcfile /usr/share/bash-completion/bash_completion -i",
            "/dev/null",
        ])
        .env("TERM", "dumb")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("unshare starts");
    let mut keys = child.stdin.take().expect("standard input is a pipe");
    keys.write_all(format!("{line}exit\n").as_bytes())
        .expect("bash reads");
    drop(keys);
    let output = child.wait_with_output().expect("bash ends");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn files(tree: &Tree) -> BTreeSet<String> {
    let mut find = Command::new("find");
    find.args([".", "-printf", "%P\n"]).current_dir(tree.root());
    String::from_utf8_lossy(&run(&mut find).stdout)
        .lines()
        .filter(|path| !BOOKS.iter().any(|book| path.starts_with(book)))
        .map(str::to_owned)
        .collect()
}
