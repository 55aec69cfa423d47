//! Whether the policy denies what a call asked for, and what it would take.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use ringfence::{
    AccessFs, Class, Decision, Entry, FileKind, PortClass, Request, Syscall, SyscallEffect,
};
use rustix::fs::{Access, AtFlags, CWD, accessat};
use rustix::process::{Pid, test_kill_process, test_kill_process_group};

use super::Enforced;
use super::call;
use crate::learn::is_of_a_process;
use crate::proposal::Proposal;
use crate::question::{Asked, Question, words};
use crate::watch::pending::Wanted;

/// What became of one thing that was wanted.
pub(super) enum Judged {
    /// The policy denies it.
    Denied(Lack),
    /// The policy does not.
    Elsewhere { about: String, why: &'static str },
}

/// What lacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// A line that a question is about.
    Line(Asked),
    /// What is moved would gain rights.
    Widens(PathBuf),
    /// A signal to this process.
    Signal(i32),
    /// A kind of sockets, whose ports are not known.
    Sockets([PortClass; 2]),
    /// A line about this call, which these lines take.
    Call(Syscall, Option<SyscallEffect>),
    /// A class of acts; whether programs have another way without it.
    Class(Class, bool),
    /// Nothing that is known here.
    Unknown,
}

impl Judged {
    /// What tells it from others of the same program and call.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Denied(lack) => format!("{lack:?}"),
            Self::Elsewhere { about, .. } => about.clone(),
        }
    }
}

/// What is said of a denial.
#[derive(Default)]
pub(super) struct Answered {
    pub(super) about: String,
    pub(super) lacking: String,
    pub(super) reason: String,
    pub(super) proposals: Vec<Proposal>,
    pub(super) hints: Vec<String>,
}

/// The policy, asked about the program's own files as about those of this process.
pub(super) struct Judge<'e> {
    pub(super) enforced: Enforced<'e>,
    /// The program's entries of `/proc`, and this process's, which are those that the plan has found.
    own: [PathBuf; 2],
}

impl<'e> Judge<'e> {
    pub(super) fn new(enforced: Enforced<'e>, first: i32) -> Self {
        Self {
            enforced,
            own: [
                format!("/proc/{first}").into(),
                format!("/proc/{}", std::process::id()).into(),
            ],
        }
    }

    /// What of this was denied; if the policy denies none of it, that something else does.
    pub(super) fn judge(
        &self,
        wanted: Vec<Wanted>,
        leader: i32,
        is_watched: &dyn Fn(i32) -> bool,
        across_mounts: bool,
    ) -> Vec<Judged> {
        let wanted: Vec<_> = wanted
            .into_iter()
            .map(|wanted| self.of_process(wanted, leader))
            .collect();
        if across_mounts && !is_on_one_device(&wanted) {
            // What the kernel does not move from one file system to another, policy or not.
            return Vec::new();
        }
        let mut lacks = Vec::new();
        for wanted in &wanted {
            match wanted {
                Wanted::Move(..) | Wanted::Link(..) if !lacks.is_empty() => {}
                wanted => lacks.extend(self.lack(wanted, is_watched)),
            }
        }
        if lacks.is_empty() {
            let by_modes = wanted.iter().find(|wanted| match wanted {
                Wanted::Path(rights, path) => may_not_by_modes(*rights, path),
                _ => false,
            });
            let failed = by_modes.or(wanted.first());
            return failed.map(elsewhere).into_iter().collect();
        }
        lacks.into_iter().map(Judged::Denied).collect()
    }

    fn lack(&self, wanted: &Wanted, is_watched: &dyn Fn(i32) -> bool) -> Option<Lack> {
        let plan = self.enforced.plan;
        let denied = |request| !plan.decide(request).is_allowed();
        match wanted {
            Wanted::Path(rights, path) => {
                let path = self.as_found(path);
                match plan.decide(Request::Path(*rights, &path)) {
                    Decision::Allowed(_) => None,
                    Decision::Denied { missing, .. } if !missing.is_empty() => {
                        Some(Lack::Line(Asked::Path(missing, path)))
                    }
                    _ => Some(Lack::Line(Asked::Path(*rights, path))),
                }
            }
            Wanted::Move(from, to) => {
                let request = Request::Rename {
                    from: Entry {
                        path: from,
                        kind: kind(from)?,
                    },
                    to,
                    over: kind(to),
                };
                denied(request).then(|| Lack::Widens(to.clone()))
            }
            Wanted::Link(from, to) => {
                let request = Request::Link {
                    from: Entry {
                        path: from,
                        kind: kind(from)?,
                    },
                    to,
                };
                denied(request).then(|| Lack::Widens(to.clone()))
            }
            Wanted::Port(class, port) => denied(Request::Port(*class, *port))
                .then_some(Lack::Line(Asked::Port(*class, *port))),
            Wanted::Abstract => denied(Request::Class(Class::AbstractUnix))
                .then_some(Lack::Class(Class::AbstractUnix, false)),
            Wanted::Signal(process) => {
                let outside = !is_watched(*process) && may_signal(*process);
                (outside && denied(Request::Class(Class::Signal))).then_some(Lack::Signal(*process))
            }
        }
    }

    /// Symlinks to `/proc/self` lead the one who looks to himself, and mean the process that followed them.
    fn of_process(&self, wanted: Wanted, leader: i32) -> Wanted {
        let [_, ours] = &self.own;
        match wanted {
            Wanted::Path(rights, path) => {
                let theirs = path
                    .strip_prefix(ours)
                    .map(|rest| Path::new("/proc").join(leader.to_string()).join(rest));
                Wanted::Path(rights, theirs.unwrap_or(path))
            }
            wanted => wanted,
        }
    }

    /// The path by which the plan knows it.
    fn as_found(&self, path: &Path) -> PathBuf {
        let [theirs, ours] = &self.own;
        path.strip_prefix(theirs)
            .map_or_else(|_| path.to_owned(), |rest| ours.join(rest))
    }

    /// The path by which a person knows it, and whether it is the program's own.
    fn shown(&self, path: &Path) -> (String, bool) {
        let [_, ours] = &self.own;
        match path.strip_prefix(ours) {
            Ok(rest) => (
                Path::new("/proc/self").join(rest).display().to_string(),
                true,
            ),
            Err(_) => (path.display().to_string(), false),
        }
    }

    /// What is said of it.
    pub(super) fn answer(&self, lack: &Lack) -> Answered {
        match lack {
            Lack::Line(asked) => self.answer_line(asked),
            Lack::Widens(path) => Answered {
                about: path.display().to_string(),
                lacking: "rename".to_owned(),
                reason: "denied by Landlock: what is moved would gain rights at its new place"
                    .to_owned(),
                hints: vec!["it may be copied; or give the same rights at both places".to_owned()],
                ..Answered::default()
            },
            Lack::Signal(process) => Answered {
                about: format!("process {process}"),
                ..self.answer_line(&Asked::Class(Class::Signal))
            },
            Lack::Class(class, has_other_way) => {
                let mut answered = self.answer_line(&Asked::Class(*class));
                if *has_other_way {
                    answered.hints.push(
                        "the answer is that of a kernel without it, and most programs have another way then"
                            .to_owned(),
                    );
                }
                answered
            }
            Lack::Sockets(classes) => call::answer_sockets(self, *classes),
            Lack::Call(call, effect) => call::answer_call(self, *call, *effect),
            Lack::Unknown => Answered {
                reason: "denied by the filter of system calls".to_owned(),
                ..Answered::default()
            },
        }
    }

    pub(super) fn answer_line(&self, asked: &Asked) -> Answered {
        let (about, lacking, is_own) = match asked {
            Asked::Path(rights, path) => {
                let (shown, is_own) = self.shown(path);
                (shown, named(*rights), is_own)
            }
            Asked::Port(class, port) => (format!("port {port}"), class.name().to_owned(), false),
            Asked::Class(class) => (String::new(), class.name().to_owned(), false),
        };
        let question = Question {
            asked: asked.clone(),
            text: String::new(),
        };
        let enforced = &self.enforced;
        let kernel = *enforced.plan.kernel();
        let mut answer = question.answer(enforced.policy, kernel, true, enforced.sensitive);
        let mut hints = answer.impossible;
        if let Asked::Path(_, path) = asked {
            if is_own {
                self.name_own(&mut answer.proposals);
            } else if is_of_a_process(path) {
                answer.proposals.clear();
                hints.push(
                    "it is about a process that was started later, whose number no line can name"
                        .to_owned(),
                );
            }
        }
        Answered {
            about,
            lacking,
            reason: answer.reason,
            proposals: answer.proposals,
            hints,
        }
    }

    /// Lines about the program's own entries of `/proc` name it by `self`.
    fn name_own(&self, proposals: &mut [Proposal]) {
        let [_, ours] = &self.own;
        let ours = ours.display().to_string();
        for proposal in proposals {
            proposal.flags = proposal.flags.replace(&ours, "/proc/self");
            proposal.yaml = proposal
                .yaml
                .as_ref()
                .map(|yaml| yaml.replace(&ours, "/proc/self"));
        }
    }
}

/// The names of single words, whatever mix they are.
fn named(rights: AccessFs) -> String {
    let names: Vec<_> = words(rights).words().map(|word| word.name).collect();
    names.join(",")
}

/// What something is about that failed though the policy allows it, and why it did.
fn elsewhere(wanted: &Wanted) -> Judged {
    const UNKNOWN: &str = "file modes, or another rule of the system";
    const OTHERS: &str =
        "file modes, or that a sandbox may not look into processes outside, which no line changes";
    let (about, why) = match wanted {
        Wanted::Path(rights, path) => {
            let why = if may_not_by_modes(*rights, path) {
                "file modes"
            } else if is_of_a_process(path) {
                OTHERS
            } else {
                UNKNOWN
            };
            (path.display().to_string(), why)
        }
        Wanted::Move(_, to) | Wanted::Link(_, to) => (to.display().to_string(), UNKNOWN),
        Wanted::Port(class, port) => (format!("{} {port}", class.name()), "a rule of the system"),
        Wanted::Abstract => ("an abstract UNIX socket".to_owned(), "a rule of the system"),
        Wanted::Signal(process) => (
            format!("process {process}"),
            "it belongs to another user, or is in a sandbox of its own",
        ),
    };
    Judged::Elsewhere { about, why }
}

/// Whether file modes keep this user from it as well, who is no other than the program's.
fn may_not_by_modes(rights: AccessFs, path: &Path) -> bool {
    let of_parent = rights.intersects(AccessFs::OF_PARENT);
    let place = if of_parent {
        path.parent().unwrap_or(path)
    } else {
        path
    };
    let mut access = Access::empty();
    if rights.intersects(AccessFs::READ_FILE | AccessFs::READ_DIR) {
        access |= Access::READ_OK;
    }
    if of_parent || rights.intersects(AccessFs::WRITE_FILE | AccessFs::TRUNCATE) {
        access |= Access::WRITE_OK;
    }
    if rights.contains(AccessFs::EXECUTE) {
        access |= Access::EXEC_OK;
    }
    accessat(CWD, place, access, AtFlags::EACCESS) == Err(rustix::io::Errno::ACCESS)
}

/// Whether this user may signal a process, or the group with this number below zero.
fn may_signal(process: i32) -> bool {
    let allowed = match Pid::from_raw(process.saturating_abs()) {
        Some(group) if process < -1 => test_kill_process_group(group),
        Some(other) if process > 0 => test_kill_process(other),
        // A process's own group, or everything: parts of that may be outside.
        _ => Ok(()),
    };
    allowed.is_ok()
}

fn kind(path: &Path) -> Option<FileKind> {
    use std::os::unix::fs::FileTypeExt as _;

    let kind = path.symlink_metadata().ok()?.file_type();
    Some(if kind.is_dir() {
        FileKind::Directory
    } else if kind.is_symlink() {
        FileKind::Symlink
    } else if kind.is_socket() {
        FileKind::Socket
    } else if kind.is_fifo() {
        FileKind::Fifo
    } else if kind.is_char_device() {
        FileKind::CharDevice
    } else if kind.is_block_device() {
        FileKind::BlockDevice
    } else {
        FileKind::Regular
    })
}

/// Whether all directories of what is moved are on one file system.
fn is_on_one_device(wanted: &[Wanted]) -> bool {
    let device = |path: &Path| path.parent()?.metadata().ok().map(|facts| facts.dev());
    let mut devices = wanted.iter().filter_map(|wanted| match wanted {
        Wanted::Path(_, path) => device(path),
        _ => None,
    });
    let first = devices.next();
    devices.all(|device| Some(device) == first)
}
