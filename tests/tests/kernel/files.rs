//! Each act on files: denied outside, allowed by its own words, denied without them.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use ringfence::{Access, AccessFs, Request};
use ringfence_tests::trial::{Outcome, Test};
use ringfence_tests::wrapper::Sandbox;
use rustix::io::Errno;

use crate::expect::{Verdict, assert_verdict, verdict};
use crate::world::{ORIGINAL, World, copy_of_probe, is_root, unsandboxed};

/// An act on something in a zone.
#[derive(Clone, Copy)]
struct Case {
    act: &'static str,
    /// The name in the zone that it acts on.
    name: &'static str,
    /// A second name, for acts that take two.
    second: Option<&'static str>,
    /// The least words that allow it.
    words: Access,
    /// The right among them that is on trial.
    right: AccessFs,
    /// The rights that the act needs besides.
    also: AccessFs,
    /// Whether the act has taken place, for acts that leave a trace.
    happened: Option<fn(&Path) -> bool>,
    root: bool,
}

const fn case(
    act: &'static str,
    name: &'static str,
    words: Access,
    right: AccessFs,
    happened: Option<fn(&Path) -> bool>,
) -> Case {
    Case {
        act,
        name,
        second: None,
        words,
        right,
        also: AccessFs::empty(),
        happened,
        root: false,
    }
}

fn cases() -> Vec<Case> {
    let exists: Option<fn(&Path) -> bool> =
        Some(|zone| zone.join("new").symlink_metadata().is_ok());
    vec![
        case("read", "file", Access::READ, AccessFs::READ_FILE, None),
        case("list", "empty", Access::READ, AccessFs::READ_DIR, None),
        case(
            "write",
            "file",
            Access::WRITE,
            AccessFs::WRITE_FILE,
            Some(|zone| fs::read_to_string(zone.join("file")).is_ok_and(|text| text != ORIGINAL)),
        ),
        Case {
            also: AccessFs::READ_FILE,
            ..case(
                "truncate",
                "file",
                Access::READ.union(Access::WRITE),
                AccessFs::TRUNCATE,
                Some(|zone| fs::metadata(zone.join("file")).is_ok_and(|file| file.len() == 0)),
            )
        },
        case(
            "create",
            "new",
            Access::WRITE.union(Access::CREATE),
            AccessFs::MAKE_REG,
            exists,
        ),
        case("mkdir", "new", Access::CREATE, AccessFs::MAKE_DIR, exists),
        case("symlink", "new", Access::CREATE, AccessFs::MAKE_SYM, exists),
        case("mkfifo", "new", Access::CREATE, AccessFs::MAKE_FIFO, exists),
        case(
            "mksock",
            "new",
            Access::CREATE,
            AccessFs::MAKE_SOCK,
            Some(|zone| {
                fs::metadata(zone.join("new")).is_ok_and(|file| file.file_type().is_socket())
            }),
        ),
        Case {
            root: true,
            ..case(
                "mkchar",
                "new",
                Access::MAKE_DEVICE,
                AccessFs::MAKE_CHAR,
                exists,
            )
        },
        case(
            "unlink",
            "file",
            Access::REMOVE,
            AccessFs::REMOVE_FILE,
            Some(|zone| !zone.join("file").exists()),
        ),
        case(
            "rmdir",
            "empty",
            Access::REMOVE,
            AccessFs::REMOVE_DIR,
            Some(|zone| !zone.join("empty").exists()),
        ),
        Case {
            second: Some("new"),
            ..case(
                "rename",
                "file",
                Access::CREATE.union(Access::REMOVE),
                AccessFs::REMOVE_FILE,
                exists,
            )
        },
        Case {
            second: Some("new"),
            ..case("link", "file", Access::CREATE, AccessFs::MAKE_REG, exists)
        },
    ]
}

pub fn tests() -> Vec<Test> {
    let mut tests = Vec::new();
    for case in cases() {
        let act = case.act;
        tests.push(Test::may_skip(
            format!("files::{act}_outside_is_denied_and_does_not_happen"),
            move || case.run(Case::outside_is_denied),
        ));
        tests.push(Test::may_skip(
            format!("files::{act}_is_allowed_by_its_own_words"),
            move || case.run(Case::own_words_suffice),
        ));
        tests.push(Test::may_skip(
            format!("files::{act}_is_denied_without_its_word"),
            move || case.run(Case::all_other_words_do_not),
        ));
    }
    tests.extend([
        Test::may_skip(
            "files::shadow_is_unreadable_even_to_root",
            shadow_is_unreadable,
        ),
        Test::new(
            "files::rename_across_two_rw_trees_works_from_abi_2",
            rename_across_trees,
        ),
        Test::new("files::rename_out_of_the_rw_tree_is_denied", rename_out),
        Test::new("files::hard_link_out_of_the_rw_tree_is_denied", link_out),
        Test::new("files::execute_needs_its_word", execute_needs_its_word),
        Test::new(
            "files::ioctl_on_a_device_needs_its_word",
            ioctl_needs_its_word,
        ),
        Test::new("files::a_file_can_be_allowed_alone", a_file_alone),
        Test::new("files::a_symlink_in_a_line_is_resolved", symlink_in_a_line),
        Test::new("files::a_symlink_inside_leads_nowhere_else", symlink_out),
        Test::new("files::dot_dot_leads_nowhere_else", dot_dot),
    ]);
    tests
}

impl Case {
    fn run(self, test: fn(&Self)) -> Outcome {
        if self.root && !is_root() {
            return Outcome::Skipped(format!("{} needs root", self.act));
        }
        test(&self);
        Outcome::Passed
    }

    fn act(&self, zone: &Path) -> Vec<PathBuf> {
        [self.act.into(), zone.join(self.name)]
            .into_iter()
            .chain(self.second.map(|second| zone.join(second)))
            .collect()
    }

    /// Tries the act in a zone of a new world, and sees that it happens just if it may.
    fn assert(&self, sandbox: impl Fn(&World) -> Sandbox, zone: impl Fn(&World) -> PathBuf) {
        let world = World::new();
        let (sandbox, zone) = (sandbox(&world), zone(&world));
        let target = zone.join(self.name);
        let expected = verdict(
            &sandbox,
            Request::Path(self.right | self.also, &target),
            Errno::ACCESS,
        );
        assert_verdict(&sandbox, &self.act(&zone), expected);
        if let Some(happened) = self.happened {
            assert_eq!(happened(&zone), expected == Verdict::Allowed);
        }
    }

    fn outside_is_denied(&self) {
        let twin = World::new();
        let output = unsandboxed(&self.act(&twin.outside()));
        assert_eq!(output.status.code(), Some(0), "the twin succeeds");
        assert!(
            self.happened
                .is_none_or(|happened| happened(&twin.outside()))
        );

        self.assert(
            |world| Sandbox::for_probe().allow(Access::RW, world.inside()),
            World::outside,
        );
    }

    fn own_words_suffice(&self) {
        self.assert(
            |world| Sandbox::for_probe().allow(self.words, world.inside()),
            World::inside,
        );
    }

    fn all_other_words_do_not(&self) {
        let word = ringfence::WORDS
            .iter()
            .find(|word| word.rights.contains(self.right))
            .expect("each right has a word");
        // Words that this kernel cannot enforce would be refused; they are not on trial.
        let known = AccessFs::known_to(ringfence::Kernel::probe().abi());
        let others: Access = (Access::all() - word.access)
            .words()
            .filter(|word| known.intersects(word.rights))
            .map(|word| word.access)
            .collect();
        if others.is_empty() {
            return;
        }
        self.assert(
            |world| Sandbox::for_probe().allow(others, world.inside()),
            World::inside,
        );
    }
}

fn shadow_is_unreadable() -> Outcome {
    if !is_root() {
        return Outcome::Skipped("only root may read /etc/shadow to begin with".to_owned());
    }
    let act = ["read", "/etc/shadow"];
    assert_eq!(unsandboxed(&act).status.code(), Some(0));
    let sandbox = Sandbox::for_probe();
    let request = Request::Path(AccessFs::READ_FILE, Path::new("/etc/shadow"));
    assert_verdict(&sandbox, &act, verdict(&sandbox, request, Errno::ACCESS));
    Outcome::Passed
}

/// A file in one tree, renamed into another.
fn across(world: &World) -> [PathBuf; 3] {
    [
        "rename".into(),
        world.inside().join("file"),
        world.outside().join("moved"),
    ]
}

fn rename_across_trees() {
    let world = World::new();
    let sandbox = Sandbox::for_probe()
        .allow(Access::RW, world.inside())
        .allow(Access::RW, world.outside());
    let moved = world.outside().join("moved");
    // Without REFER the kernel answers as if the trees were on two file systems.
    let expected = verdict(
        &sandbox,
        Request::Path(AccessFs::REFER, &moved),
        Errno::XDEV,
    );
    assert_verdict(&sandbox, &across(&world), expected);
    assert_eq!(moved.exists(), expected == Verdict::Allowed);
}

fn rename_out() {
    let twin = World::new();
    assert_eq!(unsandboxed(&across(&twin)).status.code(), Some(0));

    let world = World::new();
    let sandbox = Sandbox::for_probe().allow(Access::RW, world.inside());
    let moved = world.outside().join("moved");
    let expected = verdict(
        &sandbox,
        Request::Path(AccessFs::MAKE_REG, &moved),
        Errno::ACCESS,
    );
    assert_verdict(&sandbox, &across(&world), expected);
    assert_eq!(moved.exists(), expected == Verdict::Allowed);
}

fn link_out() {
    let world = World::new();
    let sandbox = Sandbox::for_probe().allow(Access::RW, world.inside());
    let linked = world.outside().join("linked");
    let act = ["link".into(), world.inside().join("file"), linked.clone()];
    assert_eq!(unsandboxed(&act).status.code(), Some(0));
    fs::remove_file(&linked).expect("the twin made it");
    let expected = verdict(
        &sandbox,
        Request::Path(AccessFs::MAKE_REG, &linked),
        Errno::ACCESS,
    );
    assert_verdict(&sandbox, &act, expected);
    assert_eq!(linked.exists(), expected == Verdict::Allowed);
}

fn execute_needs_its_word() {
    let world = World::new();
    let program = world.inside().join("program");
    copy_of_probe(&program);
    let act = ["execute".into(), program.clone()];
    assert_eq!(unsandboxed(&act).status.code(), Some(0));
    // The kernel opens a program for reading, so it asks for that right too.
    let rights = AccessFs::EXECUTE | AccessFs::READ_FILE;
    for words in [Access::RO, Access::EXECUTE, Access::RW - Access::EXECUTE] {
        let sandbox = Sandbox::for_probe().allow(words, world.inside());
        let request = Request::Path(rights, &program);
        assert_verdict(&sandbox, &act, verdict(&sandbox, request, Errno::ACCESS));
    }
}

fn ioctl_needs_its_word() {
    let device = Path::new("/dev/ptmx");
    let act = ["ioctl", "/dev/ptmx"];
    assert_eq!(unsandboxed(&act).status.code(), Some(0));
    let base = Sandbox::for_probe().allow(Access::READ | Access::WRITE, device);
    for sandbox in [base.clone().allow(Access::IOCTL, device), base] {
        let request = Request::Path(AccessFs::IOCTL_DEV, device);
        assert_verdict(&sandbox, &act, verdict(&sandbox, request, Errno::ACCESS));
    }
}

fn a_file_alone() {
    let world = World::new();
    let file = world.inside().join("file");
    let sandbox = Sandbox::for_probe().allow(Access::RW, &file);
    for (act, path, right) in [
        ("write", file.clone(), AccessFs::WRITE_FILE),
        ("list", world.inside(), AccessFs::READ_DIR),
        ("mkdir", world.inside().join("new"), AccessFs::MAKE_DIR),
        // The right to remove would be the directory's.
        ("unlink", file.clone(), AccessFs::REMOVE_FILE),
    ] {
        let expected = verdict(&sandbox, Request::Path(right, &path), Errno::ACCESS);
        assert_verdict(&sandbox, &[act.into(), path], expected);
    }
}

fn symlink_in_a_line() {
    let world = World::new();
    let link = world.path().join("link");
    std::os::unix::fs::symlink("inside", &link).expect("a symlink");
    let file = world.inside().join("file");
    let sandbox = Sandbox::for_probe().allow(Access::READ, &link);
    let resolved = Sandbox::for_probe().allow(Access::READ, world.inside());
    let expected = verdict(
        &resolved,
        Request::Path(AccessFs::READ_FILE, &file),
        Errno::ACCESS,
    );
    for path in [file, link.join("file")] {
        assert_verdict(&sandbox, &["read".into(), path], expected);
    }
}

fn symlink_out() {
    let world = World::new();
    let link = world.inside().join("link");
    std::os::unix::fs::symlink(world.outside().join("file"), &link).expect("a symlink");
    assert_eq!(
        unsandboxed(&[Path::new("read"), &link]).status.code(),
        Some(0)
    );
    let sandbox = Sandbox::for_probe().allow(Access::RW, world.inside());
    let seen = world.outside().join("file");
    let expected = verdict(
        &sandbox,
        Request::Path(AccessFs::READ_FILE, &seen),
        Errno::ACCESS,
    );
    assert_verdict(&sandbox, &[Path::new("read"), &link], expected);
}

fn dot_dot() {
    let world = World::new();
    let path = world.inside().join("../outside/file");
    assert_eq!(
        unsandboxed(&[Path::new("read"), &path]).status.code(),
        Some(0)
    );
    let sandbox = Sandbox::for_probe().allow(Access::RW, world.inside());
    let seen = world.outside().join("file");
    let expected = verdict(
        &sandbox,
        Request::Path(AccessFs::READ_FILE, &seen),
        Errno::ACCESS,
    );
    assert_verdict(&sandbox, &[Path::new("read"), &path], expected);
}
