//! Moves, exchanges and links, as the kernel decides them.

use std::path::Path;

use super::{Entry, FileKind};
use crate::{
    Abi, Access, AccessFs, Allowance, Decision, Kernel, Plan, Policy, PolicyBuilder, Request,
};

fn plan(policy: PolicyBuilder, abi: Abi) -> Plan {
    Plan::new(
        policy.build().expect("a valid policy"),
        Kernel::with_abi(abi.number().into()),
    )
}

fn newest(policy: PolicyBuilder) -> Plan {
    plan(policy, Abi::NEWEST)
}

fn entry(path: &'static str, kind: FileKind) -> Entry<'static> {
    Entry {
        path: Path::new(path),
        kind,
    }
}

fn file(path: &'static str) -> Entry<'static> {
    entry(path, FileKind::Regular)
}

fn directory(path: &'static str) -> Entry<'static> {
    entry(path, FileKind::Directory)
}

fn rename(from: Entry<'static>, to: &'static str) -> Request<'static> {
    Request::Rename {
        from,
        to: Path::new(to),
        over: None,
    }
}

fn link(from: &'static str, to: &'static str) -> Request<'static> {
    Request::Link {
        from: file(from),
        to: Path::new(to),
    }
}

/// The rights that are missing, or that would be gained.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    Allowed,
    Missing(AccessFs),
    Gained(AccessFs),
}

fn answer(plan: &Plan, request: Request<'_>) -> Answer {
    match plan.decide(request) {
        Decision::Allowed(_) => Answer::Allowed,
        Decision::Denied { missing, .. } => Answer::Missing(missing),
        Decision::Widens { gained } => Answer::Gained(gained),
    }
}

/// Words that let entries come and go, but not to other directories.
const CHANGE: Access = Access::CREATE.union(Access::REMOVE);
const MOVE: Access = CHANGE.union(Access::RENAME);

#[test]
fn within_a_directory_a_rename_removes_and_creates() {
    for abi in Abi::all().skip(1) {
        let both = plan(Policy::builder().allow(CHANGE, "/a"), abi);
        assert_eq!(answer(&both, rename(file("/a/x"), "/a/y")), Answer::Allowed);
        assert_eq!(
            answer(&both, rename(directory("/a/x"), "/a/y")),
            Answer::Allowed
        );
        let create = plan(Policy::builder().allow(Access::CREATE, "/a"), abi);
        assert_eq!(
            answer(&create, rename(directory("/a/x"), "/a/y")),
            Answer::Missing(AccessFs::REMOVE_DIR)
        );
        assert_eq!(answer(&create, link("/a/x", "/a/y")), Answer::Allowed);
        let remove = plan(Policy::builder().allow(Access::REMOVE, "/a"), abi);
        for (kind, right) in [
            (FileKind::Regular, AccessFs::MAKE_REG),
            (FileKind::Directory, AccessFs::MAKE_DIR),
            (FileKind::Symlink, AccessFs::MAKE_SYM),
            (FileKind::Socket, AccessFs::MAKE_SOCK),
            (FileKind::Fifo, AccessFs::MAKE_FIFO),
            (FileKind::CharDevice, AccessFs::MAKE_CHAR),
            (FileKind::BlockDevice, AccessFs::MAKE_BLOCK),
        ] {
            assert_eq!(
                answer(&remove, rename(entry("/a/x", kind), "/a/y")),
                Answer::Missing(right)
            );
        }
    }
}

#[test]
fn what_is_replaced_is_removed() {
    let over = |over| Request::Rename {
        from: file("/a/x"),
        to: Path::new("/b/y"),
        over,
    };
    let plan = newest(
        Policy::builder()
            .allow(MOVE, "/a")
            .allow(Access::CREATE | Access::RENAME, "/b"),
    );
    assert_eq!(answer(&plan, over(None)), Answer::Allowed);
    assert_eq!(
        answer(&plan, over(Some(FileKind::Regular))),
        Answer::Missing(AccessFs::REMOVE_FILE)
    );
    assert_eq!(
        answer(&plan, over(Some(FileKind::Directory))),
        Answer::Missing(AccessFs::REMOVE_DIR)
    );
}

#[test]
fn across_directories_both_must_be_named_by_rename() {
    for abi in Abi::all().skip(2) {
        let neither = plan(Policy::builder().allow(CHANGE, "/"), abi);
        let refer = Answer::Missing(AccessFs::REFER);
        assert_eq!(answer(&neither, rename(file("/a/x"), "/b/x")), refer);
        assert_eq!(answer(&neither, link("/a/x", "/b/x")), refer);
        for one in ["/a", "/b"] {
            let one = Policy::builder()
                .allow(CHANGE, "/")
                .allow(Access::RENAME, one);
            assert_eq!(
                answer(&plan(one, abi), rename(file("/a/x"), "/b/x")),
                Answer::Missing(AccessFs::REFER)
            );
        }
        let both = plan(Policy::builder().allow(MOVE, "/"), abi);
        assert_eq!(answer(&both, rename(file("/a/x"), "/b/x")), Answer::Allowed);
        assert_eq!(answer(&both, link("/a/x", "/b/x")), Answer::Allowed);
    }
}

#[test]
fn on_abi_1_nothing_moves_across_directories() {
    let plan = plan(Policy::builder().rw("/"), Abi::new(1));
    let refer = || Answer::Missing(AccessFs::REFER);
    assert_eq!(answer(&plan, rename(file("/a/x"), "/b/x")), refer());
    assert_eq!(answer(&plan, link("/a/x", "/b/x")), refer());
    let exchange = Request::Exchange(file("/a/x"), file("/b/x"));
    assert_eq!(answer(&plan, exchange), refer());
    let within = Request::Exchange(file("/a/x"), directory("/a/y"));
    assert_eq!(answer(&plan, within), Answer::Allowed);
}

#[test]
fn nothing_may_gain_rights_by_moving() {
    for abi in Abi::all().skip(2) {
        let plan = plan(
            Policy::builder()
                .allow(MOVE, "/a")
                .allow(MOVE | Access::READ | Access::MAKE_DEVICE, "/b"),
            abi,
        );
        // Of a file, rights on directories do not count.
        let read = Answer::Gained(AccessFs::READ_FILE);
        assert_eq!(answer(&plan, rename(file("/a/x"), "/b/x")), read);
        assert_eq!(answer(&plan, link("/a/x", "/b/x")), read);
        assert_eq!(
            answer(&plan, rename(directory("/a/x"), "/b/x")),
            Answer::Gained(Access::READ.rights() | Access::MAKE_DEVICE.rights())
        );
        // To have less is no gain.
        assert_eq!(answer(&plan, rename(file("/b/x"), "/a/x")), Answer::Allowed);
        assert_eq!(
            answer(&plan, rename(directory("/b/x"), "/a/x")),
            Answer::Allowed
        );
        // A missing right is named before a gained one, as the kernel prefers EACCES to EXDEV.
        let device = rename(entry("/b/x", FileKind::CharDevice), "/a/x");
        assert_eq!(answer(&plan, device), Answer::Missing(AccessFs::MAKE_CHAR));
    }
}

#[test]
fn rights_that_a_kernel_does_not_handle_are_not_gained() {
    let policy = || {
        Policy::builder()
            .allow(MOVE | Access::WRITE, "/a")
            .allow(MOVE | Access::WRITE | Access::CONNECT_UNIX, "/b")
            .best_effort()
    };
    for abi in Abi::all().skip(2) {
        let expected = if abi < Abi::new(9) {
            Answer::Allowed
        } else {
            Answer::Gained(AccessFs::RESOLVE_UNIX)
        };
        let socket = entry("/a/x", FileKind::Socket);
        assert_eq!(
            answer(&plan(policy(), abi), rename(socket, "/b/x")),
            expected
        );
    }
}

#[test]
fn what_a_line_gives_an_object_itself_moves_with_it() {
    let plan = newest(
        Policy::builder()
            .allow(MOVE, "/a")
            .allow(Access::READ, "/a/x")
            .allow(MOVE | Access::READ, "/b"),
    );
    assert_eq!(answer(&plan, rename(file("/a/x"), "/b/x")), Answer::Allowed);
    assert_eq!(
        answer(&plan, rename(file("/a/y"), "/b/y")),
        Answer::Gained(AccessFs::READ_FILE)
    );
}

#[test]
fn an_exchange_is_asked_both_ways() {
    let exchange = Request::Exchange(file("/a/x"), directory("/b/y"));
    let missing = |a, b| {
        let plan = newest(Policy::builder().allow(a, "/a").allow(b, "/b"));
        answer(&plan, exchange)
    };
    assert_eq!(missing(MOVE, MOVE), Answer::Allowed);
    let (create, remove) = (
        Access::CREATE | Access::RENAME,
        Access::REMOVE | Access::RENAME,
    );
    assert_eq!(
        missing(create, MOVE),
        Answer::Missing(AccessFs::REMOVE_FILE)
    );
    assert_eq!(missing(remove, MOVE), Answer::Missing(AccessFs::MAKE_DIR));
    assert_eq!(missing(MOVE, create), Answer::Missing(AccessFs::REMOVE_DIR));
    assert_eq!(missing(MOVE, remove), Answer::Missing(AccessFs::MAKE_REG));
    // The file would gain in one direction, the directory in the other.
    assert_eq!(
        missing(MOVE, MOVE | Access::READ),
        Answer::Gained(AccessFs::READ_FILE)
    );
    assert_eq!(
        missing(MOVE | Access::READ, MOVE),
        Answer::Gained(AccessFs::READ_FILE | AccessFs::READ_DIR)
    );
}

#[test]
fn the_lines_that_allow_a_move_are_named_once() {
    let plan = newest(
        Policy::builder()
            .allow(MOVE, "/a")
            .allow(MOVE, "/b")
            .ro("/"),
    );
    match plan.decide(rename(file("/a/x"), "/b/x")) {
        Decision::Allowed(Allowance::Paths(lines)) => {
            let lines: Vec<_> = lines.iter().map(|path| path.line.to_string()).collect();
            assert_eq!(
                lines,
                ["create,remove,rename /a", "create,remove,rename /b"]
            );
        }
        other => panic!("{other:?}"),
    }
    match plan.decide(rename(file("/a/x"), "/a/c/x")) {
        Decision::Allowed(Allowance::Paths(lines)) => assert_eq!(lines.len(), 1),
        other => panic!("{other:?}"),
    }
}

#[test]
fn where_paths_are_left_alone_everything_moves() {
    for abi in Abi::all() {
        let open = plan(Policy::builder().unrestricted_fs(), abi);
        assert_eq!(answer(&open, rename(file("/a/x"), "/b/x")), Answer::Allowed);
    }
    let nothing = plan(Policy::builder().best_effort(), Abi::NONE);
    assert_eq!(
        answer(&nothing, rename(file("/a/x"), "/b/x")),
        Answer::Allowed
    );
}
