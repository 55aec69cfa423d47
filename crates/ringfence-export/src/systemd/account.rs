//! What becomes of each line in a service of systemd.

use ringfence::{Calls, Class, ClassLine, Plan, SyscallEffect, SyscallLine};
use ringfence_manifest::Manifest;

use super::{kernel, paths};
use crate::exported::Fate;
use crate::line::Line;

/// What applies Landlock and the filter.
const WRAPPER: &str = "landlock-runner";
/// Both fences.
const BOTH: &str = "landlock-runner, systemd";
/// What the wrapper cannot do.
const SYSTEMD: &str = "systemd";

pub(super) fn of(
    manifest: &Manifest,
    plan: &Plan,
    files: &paths::Fence,
    kernel: &kernel::Fence,
) -> Vec<Fate> {
    let mut account: Vec<_> = Line::all(manifest)
        .iter()
        .map(|line| fate(line, files, kernel))
        .collect();
    for class in plan.open() {
        account.push(if class == Class::Metadata && files.system {
            Fate {
                line: class.name().to_owned(),
                by: Some(SYSTEMD.to_owned()),
                note: "open where ReadWritePaths= lets files be changed, denied elsewhere by ProtectSystem="
                    .to_owned(),
            }
        } else {
            Fate::open(class)
        });
    }
    account
}

fn fate(line: &Line<'_>, files: &paths::Fence, kernel: &kernel::Fence) -> Fate {
    match line {
        Line::Path(path) if files.system && paths::writes(path) => Fate::by(
            line,
            BOTH,
            "changes nowhere else: ProtectSystem=, ReadWritePaths=",
        ),
        Line::Port(port) if kernel.ports.contains(&port.class) => Fate::by(
            line,
            BOTH,
            "SocketBindAllow=, where systemd is built with BPF (+BPF_FRAMEWORK)",
        ),
        Line::Path(_) | Line::Port(_) => Fate::by(line, WRAPPER, ""),
        Line::Class(class) => class_fate(line, class, kernel),
        Line::Syscalls(calls) => syscalls_fate(line, calls, kernel),
        Line::Unrestricted(_) => Fate::by(line, WRAPPER, "left alone, also by systemd"),
        Line::Audit => Fate::by(line, WRAPPER, "where audit is on"),
        Line::Memory(_) => Fate::by(
            line,
            BOTH,
            "address space of each process; MemoryMax= for all of them together",
        ),
        Line::Cpu(_) => Fate::by(line, BOTH, "LimitCPU="),
        Line::FileSize(_) => Fate::by(line, BOTH, "LimitFSIZE="),
        Line::OpenFiles(_) => Fate::by(
            line,
            WRAPPER,
            "not LimitNOFILE=, which would count what the wrapper itself opens",
        ),
        Line::Processes(_) => Fate::by(line, SYSTEMD, "TasksMax=: those of the unit"),
        Line::Wall(_) => Fate::by(line, SYSTEMD, "RuntimeMaxSec="),
    }
}

fn class_fate(line: &Line<'_>, class: &ClassLine, kernel: &kernel::Fence) -> Fate {
    if class.allow {
        Fate::by(line, WRAPPER, "left alone, also by systemd")
    } else if kernel.classes.contains(&class.class) {
        Fate::by(line, BOTH, "by a directive of its own")
    } else {
        Fate::by(line, WRAPPER, "")
    }
}

fn syscalls_fate(line: &Line<'_>, calls: &SyscallLine, kernel: &kernel::Fence) -> Fate {
    let names: Vec<_> = match calls.calls {
        Calls::One(call) => vec![call.name()],
        Calls::Group(group) => group.calls().iter().map(|call| call.name()).collect(),
    };
    let denies = matches!(calls.effect, SyscallEffect::Deny(_));
    let twice = names
        .iter()
        .filter(|name| kernel.calls.contains(name))
        .count();
    if !denies || twice == 0 {
        Fate::by(line, WRAPPER, "")
    } else if twice == names.len() {
        Fate::by(line, BOTH, "SystemCallFilter=")
    } else {
        Fate::by(
            line,
            BOTH,
            format!(
                "SystemCallFilter= for {twice} of {} calls: not those that the wrapper needs or systemd 252 does \
                 not know",
                names.len()
            ),
        )
    }
}
