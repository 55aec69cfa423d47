//! A call that a tracee is in: what it is about, and what of that counts once it has returned.

use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use ringfence::{Access, Class, Syscall};

use super::entries::{linked, made, of_mode, parent_of, removed, renamed};
use super::names::{self, WORKING_DIRECTORY, absolute, entry, string, target};
use super::programs::{chain, gains, mapped};
use super::sockets::Peer;
use crate::observation::Observation;

mod wanted;

pub(crate) use wanted::Wanted;

// `asm-generic/fcntl.h`, the same on all architectures that filters are known for.
const O_ACCMODE: u64 = 3;
const O_CREAT: u64 = 0o100;
const O_TRUNC: u64 = 0o1000;
const O_PATH: u64 = 0o10_000_000;
/// Without O_DIRECTORY, which goes with it and has another number on each architecture.
const O_TMPFILE: u64 = 0o20_000_000;
// `linux/fcntl.h`.
const AT_SYMLINK_FOLLOW: u64 = 0x400;

const NO_ENTRY: i32 = 2;
const IN_PROGRESS: i32 = 115;

/// A call before its return.
pub(crate) struct Pending {
    pub(super) call: Syscall,
    pub(super) arguments: [u64; 6],
    /// Whether a sandbox would deny it by the call.
    pub(super) denied: bool,
    act: Act,
}

/// What is known when a call is finished.
pub(super) struct Context<'c> {
    pub(super) pid: i32,
    pub(super) first: i32,
    pub(super) program: &'c str,
}

pub(super) enum Act {
    /// A file is opened that must be there; what it is says the descriptor.
    Open {
        directory: i32,
        /// Where its name is.
        name: u64,
        flags: u64,
    },
    /// A file is opened, and made if it is not there.
    Create {
        path: PathBuf,
        existed: bool,
        flags: u64,
    },
    /// These files are opened to be executed.
    Execute(Vec<PathBuf>),
    /// Words at paths.
    Words(Vec<(Access, PathBuf)>),
    /// Words at the directories of these entries, and paths that come to be there.
    Entries(Vec<(Access, PathBuf)>, Vec<PathBuf>),
    Socket(Vec<Peer>),
    Ioctl(i32),
    /// A signal to this process.
    Signal(i32),
    Trace,
    /// Its path could not be read.
    Unknown,
}

/// The lower half of an argument: what the kernel takes of a descriptor.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the kernel cuts it off as well"
)]
pub(super) fn number(argument: u64) -> i32 {
    (argument as u32).cast_signed()
}

impl Pending {
    pub(crate) fn of(pid: i32, leader: i32, call: Syscall, arguments: [u64; 6]) -> Self {
        let at = |index: usize| arguments.get(index).copied().unwrap_or(0);
        let path = |directory: i32, index| absolute(pid, directory, &string(pid, at(index))?);
        let here = |index| path(WORKING_DIRECTORY, index);
        let beneath = |directory: usize, index| path(number(at(directory)), index);
        let act = match call {
            Syscall::OPEN => Act::open(pid, WORKING_DIRECTORY, at(0), at(1)),
            Syscall::CREAT => Act::open(pid, WORKING_DIRECTORY, at(0), O_CREAT | O_TRUNC | 1),
            Syscall::OPENAT => Act::open(pid, number(at(0)), at(1), at(2)),
            Syscall::OPENAT2 => {
                let flags = names::bytes(pid, at(2), 8)
                    .try_into()
                    .map(u64::from_ne_bytes);
                Act::open(pid, number(at(0)), at(1), flags.unwrap_or(0))
            }
            Syscall::EXECVE => here(0).map(|path| Act::Execute(chain(pid, &path))),
            Syscall::EXECVEAT => beneath(0, 1).map(|path| Act::Execute(chain(pid, &path))),
            Syscall::TRUNCATE => {
                here(0).map(|path| Act::Words(vec![(Access::WRITE, target(&path))]))
            }
            Syscall::MKDIR => here(0).map(|path| made(Access::CREATE, &path)),
            Syscall::MKDIRAT => beneath(0, 1).map(|path| made(Access::CREATE, &path)),
            Syscall::MKNOD => here(0).map(|path| made(of_mode(at(1), at(2)), &path)),
            Syscall::MKNODAT => beneath(0, 1).map(|path| made(of_mode(at(2), at(3)), &path)),
            Syscall::SYMLINK => here(1).map(|path| made(Access::CREATE, &path)),
            Syscall::SYMLINKAT => beneath(1, 2).map(|path| made(Access::CREATE, &path)),
            Syscall::UNLINK | Syscall::RMDIR => here(0).map(|path| removed(&path)),
            Syscall::UNLINKAT => beneath(0, 1).map(|path| removed(&path)),
            Syscall::RENAME => both(here(0), here(1)).map(|(from, to)| renamed(&from, &to, 0)),
            Syscall::RENAMEAT => {
                both(beneath(0, 1), beneath(2, 3)).map(|(from, to)| renamed(&from, &to, 0))
            }
            Syscall::RENAMEAT2 => {
                both(beneath(0, 1), beneath(2, 3)).map(|(from, to)| renamed(&from, &to, at(4)))
            }
            Syscall::LINK => both(here(0), here(1)).map(|(from, to)| linked(&entry(&from), &to)),
            Syscall::LINKAT => both(beneath(0, 1), beneath(2, 3)).map(|(from, to)| {
                let follow = at(4) & AT_SYMLINK_FOLLOW != 0;
                let from = if follow { target(&from) } else { entry(&from) };
                linked(&from, &to)
            }),
            Syscall::CONNECT => Some(Act::Socket(
                Peer::connected(pid, leader, number(at(0)), at(1), at(2))
                    .into_iter()
                    .collect(),
            )),
            Syscall::BIND => Some(Act::Socket(
                Peer::bound(pid, leader, number(at(0)), at(1), at(2))
                    .into_iter()
                    .collect(),
            )),
            Syscall::SENDTO => Some(Act::Socket(
                Peer::connected(pid, leader, number(at(0)), at(4), at(5))
                    .into_iter()
                    .collect(),
            )),
            Syscall::SENDMSG => Some(Act::Socket(
                Peer::of_message(pid, leader, number(at(0)), at(1))
                    .into_iter()
                    .collect(),
            )),
            Syscall::SENDMMSG => Some(Act::Socket(Peer::of_messages(
                pid,
                leader,
                number(at(0)),
                at(1),
                at(2),
            ))),
            Syscall::IOCTL => Some(Act::Ioctl(number(at(0)))),
            Syscall::KILL
            | Syscall::TKILL
            | Syscall::TGKILL
            | Syscall::RT_SIGQUEUEINFO
            | Syscall::RT_TGSIGQUEUEINFO => Some(Act::Signal(number(at(0)))),
            Syscall::PIDFD_SEND_SIGNAL => Some(Act::Signal(names::of_pidfd(pid, number(at(0))))),
            Syscall::PTRACE => Some(Act::Trace),
            // It is here because a sandbox denies it.
            _ => Some(Act::Words(Vec::new())),
        };
        Self {
            call,
            arguments,
            denied: false,
            act: act.unwrap_or(Act::Unknown),
        }
    }

    /// What has to be said of the call before it is made, with the program before it.
    pub(crate) fn note(&self) -> Option<&'static str> {
        matches!(self.act, Act::Trace)
            .then_some("traces processes itself, which fails while it is watched")
    }

    /// Takes a signal out that stays among those under watch, where no policy has a say.
    pub(super) fn leave_out_signals(&mut self, is_watched: impl Fn(i32) -> bool) {
        if matches!(self.act, Act::Signal(process) if is_watched(process)) {
            self.act = Act::Words(Vec::new());
        }
    }

    /// Counts what the call did, once it has returned.
    pub(super) fn finish(
        self,
        context: &Context<'_>,
        result: Result<i64, i32>,
        seen: &mut Observation,
    ) {
        let program = context.program;
        match (self.act, result) {
            (Act::Open { flags, .. }, Ok(fd)) => {
                opened(context, None, flags, number(fd.cast_unsigned()), seen);
            }
            (
                Act::Open {
                    directory, name, ..
                },
                Err(NO_ENTRY),
            ) => {
                let path = string(context.pid, name)
                    .and_then(|path| absolute(context.pid, directory, &path));
                if let Some(path) = path {
                    seen.missing.entry(target(&path)).or_default().add(program);
                }
            }
            (
                Act::Create {
                    path,
                    existed,
                    flags,
                },
                Ok(fd),
            ) => {
                let asked = Some((&*path, existed));
                opened(context, asked, flags, number(fd.cast_unsigned()), seen);
            }
            (Act::Create { path, .. }, Err(NO_ENTRY)) => {
                seen.missing.entry(path).or_default().add(program);
            }
            (Act::Execute(files), Err(NO_ENTRY)) => {
                if let Some(path) = files.into_iter().next() {
                    seen.missing.entry(path).or_default().add(program);
                }
            }
            (Act::Words(words), Ok(_)) => {
                for (access, path) in words {
                    seen.accessed(access, path, program);
                }
            }
            (Act::Entries(words, made), Ok(_)) => {
                for (access, path) in words {
                    seen.accessed(access, parent_of(&path), program);
                }
                seen.made.extend(made);
            }
            (Act::Socket(peers), Ok(_) | Err(IN_PROGRESS)) => {
                for peer in peers {
                    peer.count(program, seen);
                }
            }
            (Act::Ioctl(fd), Ok(_)) => {
                if let Some(path) = names::descriptor(context.pid, fd)
                    && seen.paths.contains_key(&path)
                    && is_device(&path)
                {
                    seen.accessed(Access::IOCTL, path, program);
                }
            }
            (Act::Signal(1..), Ok(_)) => {
                let outside = seen.classes.entry(Class::Signal);
                outside.or_default().add(program);
            }
            (Act::Unknown, Ok(_)) => unnamed(self.call, program, seen),
            _ => {}
        }
    }

    /// Counts what became the program of a process: the file, its interpreters, and its loader.
    pub(super) fn executed(self, pid: i32, program: &str, seen: &mut Observation) {
        let Act::Execute(files) = self.act else {
            return;
        };
        // An interpreter runs without the gains of its script.
        if let Some(file) = files.last().filter(|file| gains(file)) {
            let file = file.display();
            seen.notes.insert(format!(
                "{file} is set-user-ID or set-group-ID, and gains nothing under watch, as in a sandbox"
            ));
        }
        let maps = std::fs::read(format!("/proc/{pid}/maps")).unwrap_or_default();
        let mut files: std::collections::BTreeSet<_> = files.into_iter().collect();
        files.extend(mapped(&maps));
        for file in files {
            seen.accessed(Access::RO, file, program);
        }
    }
}

impl Act {
    fn open(pid: i32, directory: i32, name: u64, flags: u64) -> Option<Self> {
        if flags & (O_CREAT | O_TMPFILE) == 0 {
            return Some(Self::Open {
                directory,
                name,
                flags,
            });
        }
        let path = target(&absolute(pid, directory, &string(pid, name)?)?);
        Some(Self::Create {
            existed: path.symlink_metadata().is_ok(),
            path,
            flags,
        })
    }
}

fn both(one: Option<PathBuf>, other: Option<PathBuf>) -> Option<(PathBuf, PathBuf)> {
    Some((one?, other?))
}

/// Counts what was opened; with where it was to be made, and whether it was there before.
fn opened(
    context: &Context<'_>,
    asked: Option<(&Path, bool)>,
    flags: u64,
    fd: i32,
    seen: &mut Observation,
) {
    if flags & O_PATH != 0 {
        return;
    }
    let mut words = match flags & O_ACCMODE {
        0 => Access::READ,
        1 => Access::WRITE,
        _ => Access::READ | Access::WRITE,
    };
    if flags & O_TRUNC != 0 {
        words |= Access::WRITE;
    }
    if let (Some((directory, _)), true) = (asked, flags & O_TMPFILE != 0) {
        // A file without a name counts for its directory.
        seen.accessed(words, directory, context.program);
        return;
    }
    // What was opened says the kernel.
    let path = match names::link(context.pid, fd) {
        Ok(path) if path.is_absolute() => path,
        // A pipe or a socket, which no line is about.
        Ok(_) => return,
        // Another thread has closed it already, or its path is too long.
        Err(_) => match asked {
            Some((path, _)) => path.to_owned(),
            None => return unnamed(Syscall::OPENAT, context.program, seen),
        },
    };
    if names::is_deleted(&path) {
        return;
    }
    if let (Some((_, false)), Some(parent)) = (asked, path.parent()) {
        seen.accessed(Access::CREATE, parent, context.program);
        seen.made.insert(path.clone());
    }
    seen.accessed(words, own_of_first(context, path), context.program);
}

/// Says that something was done somewhere that has no name here.
fn unnamed(call: Syscall, program: &str, seen: &mut Observation) {
    seen.notes.insert(format!(
        "{program}: a call of {call} was not understood, as its path is too long, or was removed or closed meanwhile"
    ));
}

/// A program's own entries of `/proc` have another name each time.
fn own_of_first(context: &Context<'_>, path: PathBuf) -> PathBuf {
    let own = format!("/proc/{}", context.first);
    path.strip_prefix(own)
        .map(|rest| Path::new("/proc/self").join(rest))
        .unwrap_or(path)
}

fn is_device(path: &Path) -> bool {
    path.metadata().is_ok_and(|facts| {
        let kind = facts.file_type();
        kind.is_char_device() || kind.is_block_device()
    })
}
