//! Exceptions and patterns: what they come to when the sandbox is made, and what the kernel then does.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use ringfence::{Access, AccessFs, Request};
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{Sandbox, stderr};
use rustix::io::Errno;

use crate::expect::{Verdict, assert_refused, assert_verdict, verdict};
use crate::world::{World, probe, unsandboxed};

pub fn tests() -> Vec<Test> {
    vec![
        Test::new(
            "except::beside_on_the_way_and_beneath_plan_and_kernel_agree",
            home,
        ),
        Test::new("except::random_trees_plan_and_kernel_agree", random),
        Test::new(
            "except::what_an_excepted_symlink_leads_to_is_excepted",
            symlinked,
        ),
        Test::new("except::a_symlink_beside_opens_nothing", beside),
        Test::new(
            "except::a_hard_link_from_outside_the_exceptions_is_refused",
            hard_link,
        ),
        Test::new("except::a_line_that_undoes_an_exception_is_refused", undone),
        Test::new("except::a_pattern_allows_what_matches", pattern),
        Test::new("except::a_pattern_without_a_match_is_an_error", no_match),
    ]
}

/// Something like a home directory.
struct Home {
    world: World,
}

const FILES: [&str; 7] = [
    ".ssh/id",
    ".aws/credentials",
    ".config/gh/hosts",
    ".config/other/file",
    ".config/plain",
    "work/deep/file",
    "note",
];
const EXCEPT: [&str; 4] = [".ssh", ".aws", ".config/gh", ".missing"];

impl Home {
    fn new() -> Self {
        let home = Self {
            world: World::new(),
        };
        for file in FILES {
            let path = home.path(file);
            let directory = path.parent().expect("a file in a directory");
            fs::create_dir_all(directory).expect("a directory");
            fs::write(path, "text").expect("a file");
        }
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.world.path().join("home").join(name)
    }

    fn sandbox(&self) -> Sandbox {
        Sandbox::for_probe().allow_except(Access::RW, self.path(""), EXCEPT)
    }
}

/// An act, the right that it takes, and what in the home it is about.
fn acts() -> Vec<(&'static str, AccessFs, String)> {
    let mut acts = Vec::new();
    for file in FILES {
        acts.push(("read", AccessFs::READ_FILE, file.to_owned()));
        acts.push(("write", AccessFs::WRITE_FILE, file.to_owned()));
        acts.push(("unlink", AccessFs::REMOVE_FILE, file.to_owned()));
    }
    for directory in [
        ".",
        ".ssh",
        ".config",
        ".config/gh",
        ".config/other",
        "work",
    ] {
        acts.push(("list", AccessFs::READ_DIR, directory.to_owned()));
        acts.push(("create", AccessFs::MAKE_REG, format!("{directory}/new")));
    }
    acts.push(("mkdir", AccessFs::MAKE_DIR, ".missing".to_owned()));
    acts
}

fn home() {
    for (act, right, name) in acts() {
        // Each act has a home of its own, as it changes what others would find.
        let home = Home::new();
        let path: PathBuf = home.path(&name).components().collect();
        let sandbox = home.sandbox();
        let expected = verdict(&sandbox, Request::Path(right, &path), Errno::ACCESS);
        let words = [Path::new(act), &path];
        assert_verdict(&sandbox, &words, expected);
        if expected != Verdict::Allowed {
            assert!(unsandboxed(&words).status.success(), "{act} {name}");
        }
    }
}

fn random() {
    let name = prop::sample::select(vec!["a", "b", "c"]);
    let path = prop::collection::vec(name, 1..4).prop_map(|names| names.join("/"));
    let tree = prop::collection::vec(path.clone(), 1..7);
    let cases = (tree, prop::collection::vec(path, 1..4));
    let config = Config {
        cases: 40,
        failure_persistence: None,
        ..Config::default()
    };
    let run = TestRunner::new(config).run(&cases, |(files, except)| {
        let world = World::new();
        let top = world.path().join("tree");
        fs::create_dir(&top).expect("a directory");
        let mut made = Vec::new();
        for file in &files {
            let path = top.join(file);
            // A name that is a directory already, or beneath a file, is none for a file.
            let directory = path.parent().expect("beneath the top");
            if fs::create_dir_all(directory).is_ok() && fs::write(&path, "text").is_ok() {
                made.push(path);
            }
        }
        let sandbox = Sandbox::for_probe().allow_except(Access::READ, &top, &except);
        for path in made {
            let request = Request::Path(AccessFs::READ_FILE, &path);
            let expected = verdict(&sandbox, request, Errno::ACCESS);
            assert_verdict(&sandbox, &[Path::new("read"), &path], expected);
        }
        Ok(())
    });
    run.unwrap_or_else(|failure| panic!("{failure}"));
}

/// The message of a sandbox that does not start for another reason than the kernel's.
fn refusal(sandbox: &Sandbox) -> Option<String> {
    let output = sandbox.run(probe(&["stat", "/"]));
    let message = stderr(&output);
    if message.contains("this kernel cannot enforce") {
        assert_refused(&output);
        return None;
    }
    assert_eq!(output.status.code(), Some(125), "{message}");
    Some(message)
}

/// Expects a denial, where the sandbox starts.
fn denied(sandbox: &Sandbox, words: &[&Path; 2]) {
    let expected = if sandbox.plan().check().is_err() {
        Verdict::Refused
    } else {
        Verdict::Denied(Errno::ACCESS)
    };
    assert_verdict(sandbox, words, expected);
    assert!(unsandboxed(words).status.success());
}

fn symlinked() {
    let home = Home::new();
    symlink("work/deep", home.path(".missing")).expect("a symlink");
    let sandbox = home.sandbox();
    denied(&sandbox, &[Path::new("read"), &home.path("work/deep/file")]);
}

fn beside() {
    let home = Home::new();
    symlink(".ssh/id", home.path("link")).expect("a symlink");
    symlink(home.world.outside(), home.path("out")).expect("a symlink");
    let sandbox = home.sandbox();
    denied(&sandbox, &[Path::new("read"), &home.path("link")]);
    denied(&sandbox, &[Path::new("read"), &home.path("out/file")]);
}

fn hard_link() {
    let home = Home::new();
    fs::hard_link(home.path(".ssh/id"), home.path(".aws/id")).expect("a hard link");
    let sandbox = home.sandbox();
    let note = home.path("note");
    let request = Request::Path(AccessFs::READ_FILE, &note);
    let expected = verdict(&sandbox, request, Errno::ACCESS);
    assert_verdict(&sandbox, &[Path::new("read"), &note], expected);

    fs::hard_link(home.path(".ssh/id"), home.path("work/id")).expect("a hard link");
    if let Some(message) = refusal(&sandbox) {
        assert!(message.contains("has hard links"), "{message}");
    }
}

fn undone() {
    let home = Home::new();
    for other in ["", ".ssh", ".ssh/id", ".config"] {
        let sandbox = home.sandbox().allow(Access::READ, home.path(other));
        if let Some(message) = refusal(&sandbox) {
            assert!(message.contains("leaves out"), "{other}: {message}");
        }
    }
    // Other rights than the line's own undo nothing, and neither does what is beside.
    for (access, other) in [(Access::IOCTL, ""), (Access::READ, "work")] {
        let sandbox = home.sandbox().allow(access, home.path(other));
        let (note, read) = (home.path("note"), Path::new("read"));
        let request = Request::Path(AccessFs::READ_FILE, &note);
        let expected = verdict(&sandbox, request, Errno::ACCESS);
        assert_verdict(&sandbox, &[read, &note], expected);
    }
}

fn pattern() {
    let home = Home::new();
    let sandbox = Sandbox::for_probe().allow_matching(Access::READ, home.path("*/deep"));
    let more = sandbox.allow_matching(Access::READ, home.path(".config/pl[a-c]in"));
    for file in FILES {
        let path = home.path(file);
        let expected = verdict(
            &more,
            Request::Path(AccessFs::READ_FILE, &path),
            Errno::ACCESS,
        );
        let words = [Path::new("read"), &path];
        assert_verdict(&more, &words, expected);
        let matches = matches!(file, "work/deep/file" | ".config/plain");
        assert!(
            expected == Verdict::Refused || (expected == Verdict::Allowed) == matches,
            "{file}"
        );
        assert!(unsandboxed(&words).status.success());
    }
}

fn no_match() {
    let home = Home::new();
    let sandbox = Sandbox::for_probe().allow_matching(Access::READ, home.path("*.conf"));
    if let Some(message) = refusal(&sandbox) {
        assert!(message.contains("matches"), "{message}");
    }
}
