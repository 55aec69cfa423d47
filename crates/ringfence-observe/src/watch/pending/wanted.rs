//! What a call that was denied asked for.

use std::path::PathBuf;

use ringfence::{Access, AccessFs, PortClass, Syscall};

use super::{
    Act, O_ACCMODE, O_CREAT, O_PATH, O_TMPFILE, O_TRUNC, Pending, absolute, is_device, names,
    string, target,
};
use crate::watch::programs::loader;
use crate::watch::sockets::Peer;

/// One thing that a policy may deny.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Rights at a path; of an entry its own.
    Path(AccessFs, PathBuf),
    /// To move an entry to another directory, beside the rights for that.
    Move(PathBuf, PathBuf),
    /// To link it there.
    Link(PathBuf, PathBuf),
    /// A port.
    Port(PortClass, u16),
    /// To reach an abstract UNIX socket.
    Abstract,
    /// To signal a process, or a group by its number below zero.
    Signal(i32),
}

impl Pending {
    /// What the call asked for, as far as a policy has a say in it.
    pub(crate) fn wanted(self, pid: i32) -> Vec<Wanted> {
        match self.act {
            Act::Open {
                directory,
                name,
                flags,
            } => {
                let path = string(pid, name).and_then(|name| absolute(pid, directory, &name));
                let path = path.map(|path| target(&path));
                path.map(|path| Wanted::Path(rights(flags, path.is_dir()), path))
                    .into_iter()
                    .collect()
            }
            Act::Create {
                path,
                existed,
                flags,
            } => {
                let mut rights = rights(flags, false);
                if !existed && flags & O_CREAT != 0 && flags & O_TMPFILE == 0 {
                    rights |= AccessFs::MAKE_REG;
                }
                vec![Wanted::Path(rights, path)]
            }
            Act::Execute(files) => {
                let loader = files.last().and_then(|file| loader(file));
                let files = files.into_iter().chain(loader.map(|path| target(&path)));
                // The kernel opens them for reading as well.
                let rights = AccessFs::EXECUTE | AccessFs::READ_FILE;
                files.map(|file| Wanted::Path(rights, file)).collect()
            }
            Act::Words(words) => words
                .into_iter()
                .map(|(access, path)| Wanted::Path(access.rights(), path))
                .collect(),
            Act::Entries(words, _) => entries(self.call, &words),
            Act::Socket(peers) => peers.into_iter().map(of_peer).collect(),
            Act::Ioctl(fd) => names::descriptor(pid, fd)
                .filter(|path| is_device(path))
                .map(|path| Wanted::Path(AccessFs::IOCTL_DEV, path))
                .into_iter()
                .collect(),
            Act::Signal(process) => vec![Wanted::Signal(process)],
            Act::Trace | Act::Unknown => Vec::new(),
        }
    }
}

/// What the kernel asks for when a file is opened that is there.
fn rights(flags: u64, is_directory: bool) -> AccessFs {
    if flags & O_PATH != 0 {
        return AccessFs::empty();
    }
    let read = if is_directory {
        AccessFs::READ_DIR
    } else {
        AccessFs::READ_FILE
    };
    let mut rights = match flags & O_ACCMODE {
        0 => read,
        1 => AccessFs::WRITE_FILE,
        _ => read | AccessFs::WRITE_FILE,
    };
    if flags & O_TRUNC != 0 {
        rights |= AccessFs::TRUNCATE;
    }
    rights
}

fn entries(call: Syscall, words: &[(Access, PathBuf)]) -> Vec<Wanted> {
    let mut wanted: Vec<_> = words
        .iter()
        .map(|(access, path)| Wanted::Path(access.rights(), path.clone()))
        .collect();
    if let [(_, from), (_, to)] = words
        && from.parent() != to.parent()
    {
        let is_link = [Syscall::LINK, Syscall::LINKAT].contains(&call);
        let moved = if is_link { Wanted::Link } else { Wanted::Move };
        wanted.push(moved(from.clone(), to.clone()));
    }
    wanted
}

fn of_peer(peer: Peer) -> Wanted {
    match peer {
        Peer::Port(class, port) => Wanted::Port(class, port),
        Peer::Connected(path) => Wanted::Path(AccessFs::RESOLVE_UNIX, path),
        Peer::Bound(path) => Wanted::Path(AccessFs::MAKE_SOCK, path),
        Peer::Abstract { .. } => Wanted::Abstract,
    }
}
