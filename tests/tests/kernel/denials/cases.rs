//! Acts that Landlock denies, and what is shown of each.

use std::path::{Path, PathBuf};

use ringfence::{Access, PolicyBuilder};
use ringfence_tests::wrapper::Sandbox;
use rustix::io::Errno;

use crate::world::copy_of_probe;

/// A sandbox without a filter. The probe's own start reads its maps in /proc, and is to leave no record.
pub fn bare() -> Sandbox {
    Sandbox::for_probe().allow(Access::READ, "/proc").switch(
        "--unrestricted-syscalls",
        PolicyBuilder::unrestricted_syscalls,
    )
}

pub fn audited() -> Sandbox {
    bare().switch("--audit", PolicyBuilder::audit)
}

/// An act, the sandbox that it is tried in, and what is shown of its denial.
pub struct Case {
    pub sandbox: Sandbox,
    pub act: Vec<PathBuf>,
    pub denied: String,
    /// What the kernel answers.
    pub errno: Errno,
    /// Whether a line can allow it.
    pub has_line: bool,
    /// The exit code of the act where it passes.
    pub passes: i32,
}

pub fn case(words: &[&str], denied: impl Into<String>) -> Case {
    Case {
        sandbox: audited(),
        act: words.iter().map(PathBuf::from).collect(),
        denied: denied.into(),
        errno: Errno::ACCESS,
        has_line: true,
        passes: 0,
    }
}

pub fn in_sandbox(sandbox: Sandbox, case: Case) -> Case {
    Case { sandbox, ..case }
}

/// Acts on files of a zone.
pub fn of_files(zone: &Path) -> Vec<Case> {
    let at = |name: &str| zone.join(name).display().to_string();
    let directory = zone.display();
    let reads = || audited().allow(Access::READ, zone);
    let program = zone.join("program");
    copy_of_probe(&program);
    let made = |act, name| case(&[act, &at(name)], format!("create in {directory}"));
    vec![
        case(&["read", &at("file")], format!("read {}", at("file"))),
        case(&["list", &at("empty")], format!("read {}", at("empty"))),
        case(&["write", &at("file")], format!("write {}", at("file"))),
        in_sandbox(
            reads(),
            case(&["truncate", &at("file")], format!("write {}", at("file"))),
        ),
        in_sandbox(
            reads(),
            case(
                &["execute", &at("program")],
                format!("execute {}", at("program")),
            ),
        ),
        in_sandbox(audited().allow(Access::WRITE, zone), made("create", "a")),
        made("mkdir", "b"),
        made("symlink", "c"),
        made("mkfifo", "d"),
        made("mksock", "e"),
        case(&["mkchar", &at("f")], format!("make-device in {directory}")),
        case(&["rmdir", &at("empty")], format!("remove in {directory}")),
        case(&["unlink", &at("file")], format!("remove in {directory}")),
        Case {
            errno: Errno::XDEV,
            ..in_sandbox(
                audited().allow(Access::CREATE | Access::REMOVE, zone),
                case(
                    &["rename", &at("program"), &at("other/new")],
                    format!("rename in {directory}"),
                ),
            )
        },
        Case {
            // It is no terminal.
            passes: Errno::NOTTY.raw_os_error(),
            ..in_sandbox(
                audited().allow(Access::READ | Access::WRITE, "/dev/null"),
                case(&["ioctl", "/dev/null"], "ioctl /dev/null"),
            )
        },
        Case {
            errno: Errno::PERM,
            has_line: false,
            ..case(&["mount", &at("other")], format!("mount {}", at("other")))
        },
    ]
}
