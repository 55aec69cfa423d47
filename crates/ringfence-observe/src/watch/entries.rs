//! Entries of directories that are made, removed or moved: the words that the kernel asks for, and where.

use std::path::{Path, PathBuf};

use ringfence::Access;

use super::names::entry;
use super::pending::Act;

// `linux/fs.h`, `linux/stat.h`.
const RENAME_EXCHANGE: u64 = 2;
const S_IFMT: u64 = 0o170_000;
const S_IFCHR: u64 = 0o020_000;
const S_IFBLK: u64 = 0o060_000;

fn parent_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_owned()
}

pub(super) fn made(access: Access, path: &Path) -> Act {
    let path = entry(path);
    Act::Entries(vec![(access, parent_of(&path))], vec![path])
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
    Act::Entries(vec![(Access::REMOVE, parent_of(&entry(path)))], Vec::new())
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
    moved(
        at_source,
        at_target,
        &parent_of(&from),
        &parent_of(&to),
        made,
    )
}

pub(super) fn linked(from: &Path, to: &Path) -> Act {
    let to = entry(to);
    let (source, place) = (parent_of(from), parent_of(&to));
    moved(Access::empty(), Access::CREATE, &source, &place, vec![to])
}

fn moved(
    mut at_source: Access,
    mut at_target: Access,
    source: &Path,
    place: &Path,
    made: Vec<PathBuf>,
) -> Act {
    if source != place {
        at_source |= Access::RENAME;
        at_target |= Access::RENAME;
    }
    let words = vec![
        (at_source, source.to_owned()),
        (at_target, place.to_owned()),
    ];
    Act::Entries(words, made)
}
