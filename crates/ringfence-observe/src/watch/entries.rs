//! Entries of directories that are made, removed or moved: the words that the kernel asks their directories
//! for.

use std::path::{Path, PathBuf};

use ringfence::Access;

use super::names::entry;
use super::pending::Act;

// `linux/fs.h`, `linux/stat.h`.
const RENAME_EXCHANGE: u64 = 2;
const S_IFMT: u64 = 0o170_000;
const S_IFCHR: u64 = 0o020_000;
const S_IFBLK: u64 = 0o060_000;

/// The directory that the kernel asks about an entry.
pub(super) fn parent_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_owned()
}

pub(super) fn made(access: Access, path: &Path) -> Act {
    let path = entry(path);
    Act::Entries(vec![(access, path.clone())], vec![path])
}

pub(super) fn of_mode(mode: u64, device: u64) -> Access {
    match mode & S_IFMT {
        // A character device numbered 0 is a whiteout, which counts as a file.
        S_IFCHR if device == 0 => Access::CREATE,
        S_IFCHR | S_IFBLK => Access::MAKE_DEVICE,
        _ => Access::CREATE,
    }
}

pub(super) fn removed(path: &Path) -> Act {
    Act::Entries(vec![(Access::REMOVE, entry(path))], Vec::new())
}

pub(super) fn renamed(from: &Path, to: &Path, flags: u64) -> Act {
    let (from, to) = (entry(from), entry(to));
    let mut at_source = Access::REMOVE;
    let mut at_target = Access::CREATE;
    let exchange = flags & RENAME_EXCHANGE != 0;
    if exchange {
        at_source |= Access::CREATE;
    }
    if to.symlink_metadata().is_ok() {
        at_target |= Access::REMOVE;
    }
    let mut made = vec![to.clone()];
    if exchange {
        made.push(from.clone());
    }
    moved(at_source, at_target, from, to, made)
}

pub(super) fn linked(from: &Path, to: &Path) -> Act {
    let to = entry(to);
    let made = vec![to.clone()];
    moved(Access::empty(), Access::CREATE, from.to_owned(), to, made)
}

fn moved(
    mut at_source: Access,
    mut at_target: Access,
    from: PathBuf,
    to: PathBuf,
    made: Vec<PathBuf>,
) -> Act {
    if from.parent() != to.parent() {
        at_source |= Access::RENAME;
        at_target |= Access::RENAME;
    }
    Act::Entries(vec![(at_source, from), (at_target, to)], made)
}
