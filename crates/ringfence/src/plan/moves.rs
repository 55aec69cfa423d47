//! The oracle on renames and links.
//!
//! The kernel asks both directories, and across directories one thing more: the object may not gain
//! rights at its new place (`Documentation/userspace-api/landlock.rst`, "File renaming and linking").

use std::path::Path;

use super::{Allowance, Decision, Mechanism, Plan};
use crate::access::AccessFs;

/// The type of a file, as far as creating and removing it differ by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A UNIX socket.
    Socket,
    /// A named pipe.
    Fifo,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
}

impl FileKind {
    /// The right to create one in a directory.
    pub const fn make(self) -> AccessFs {
        match self {
            Self::Regular => AccessFs::MAKE_REG,
            Self::Directory => AccessFs::MAKE_DIR,
            Self::Symlink => AccessFs::MAKE_SYM,
            Self::Socket => AccessFs::MAKE_SOCK,
            Self::Fifo => AccessFs::MAKE_FIFO,
            Self::CharDevice => AccessFs::MAKE_CHAR,
            Self::BlockDevice => AccessFs::MAKE_BLOCK,
        }
    }

    /// The right to remove one from a directory.
    pub const fn remove(self) -> AccessFs {
        match self {
            Self::Directory => AccessFs::REMOVE_DIR,
            _ => AccessFs::REMOVE_FILE,
        }
    }
}

/// An entry of a directory: its path, absolute and without symlinks, and what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its path.
    pub path: &'a Path,
    /// Its type; of a symlink itself, not of what it points to.
    pub kind: FileKind,
}

/// A rename or a link, as what it asks of the two directories.
pub(super) struct Move<'a> {
    from: &'a Path,
    to: &'a Path,
    /// Asked of the directory that `from` is in.
    at_source: AccessFs,
    /// Asked of the directory that `to` is in.
    at_target: AccessFs,
    /// What lands in a directory: where it comes from, and the directory's other entry.
    landing: [Option<(Entry<'a>, &'a Path)>; 2],
}

impl<'a> Move<'a> {
    pub(super) fn rename(from: Entry<'a>, to: &'a Path, over: Option<FileKind>) -> Self {
        Self {
            from: from.path,
            to,
            at_source: from.kind.remove(),
            at_target: from.kind.make() | over.map_or(AccessFs::empty(), FileKind::remove),
            landing: [Some((from, to)), None],
        }
    }

    pub(super) fn exchange(one: Entry<'a>, other: Entry<'a>) -> Self {
        Self {
            from: one.path,
            to: other.path,
            at_source: one.kind.remove() | other.kind.make(),
            at_target: other.kind.remove() | one.kind.make(),
            landing: [Some((one, other.path)), Some((other, one.path))],
        }
    }

    pub(super) fn link(from: Entry<'a>, to: &'a Path) -> Self {
        Self {
            from: from.path,
            to,
            at_source: AccessFs::empty(),
            at_target: from.kind.make(),
            landing: [Some((from, to)), None],
        }
    }
}

impl Plan {
    pub(super) fn decide_move(&self, change: &Move<'_>) -> Decision<'_> {
        if change.from.parent() == change.to.parent() {
            return self.decide_path(change.at_source | change.at_target, change.to);
        }
        let source = self.decide_path(change.at_source | AccessFs::REFER, change.from);
        let target = self.decide_path(change.at_target | AccessFs::REFER, change.to);
        let by = match (source, target) {
            (Decision::Allowed(source), Decision::Allowed(target)) => both(source, target),
            (source, target) => {
                return Decision::Denied {
                    by: Mechanism::Landlock,
                    missing: source.missing() | target.missing(),
                };
            }
        };
        let gained: AccessFs = change
            .landing
            .into_iter()
            .flatten()
            .map(|(entry, to)| self.gained(entry, to))
            .collect();
        if gained.is_empty() {
            Decision::Allowed(by)
        } else {
            Decision::Widens { gained }
        }
    }

    /// The rights that an object would gain in the directory of `to`. Those of rules for the object
    /// itself move with it; of a file, rights on directories do not count.
    fn gained(&self, entry: Entry<'_>, to: &Path) -> AccessFs {
        let matter = match entry.kind {
            FileKind::Directory => AccessFs::all(),
            _ => AccessFs::OF_FILES,
        };
        matter & (self.given_beneath(to.parent()) - self.given_beneath(Some(entry.path)))
    }

    /// What the lines for this path and those above it give.
    fn given_beneath(&self, path: Option<&Path>) -> AccessFs {
        self.paths()
            .filter(|plan| path.is_some_and(|path| plan.covers(path)))
            .map(|plan| plan.granted)
            .collect()
    }
}

impl Decision<'_> {
    fn missing(&self) -> AccessFs {
        match self {
            Self::Denied { missing, .. } => *missing,
            _ => AccessFs::empty(),
        }
    }
}

/// Why both directories allow what is asked of them.
fn both<'p>(source: Allowance<'p>, target: Allowance<'p>) -> Allowance<'p> {
    match (source, target) {
        (Allowance::Paths(mut lines), Allowance::Paths(more)) => {
            for plan in more {
                if !lines
                    .iter()
                    .any(|known| std::ptr::eq(known.line, plan.line))
                {
                    lines.push(plan);
                }
            }
            Allowance::Paths(lines)
        }
        // All paths are left alone, or none is handled: then both directories say the same.
        (_, target) => target,
    }
}

#[cfg(test)]
mod tests;
