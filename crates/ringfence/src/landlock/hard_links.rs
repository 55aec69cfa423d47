//! Hard links: a rule for one name of a file allows it under all, so an excepted file may have none elsewhere.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{
    AtFlags, CWD, Dir, FileType, Mode, OFlags, Statx, StatxAttributes, StatxFlags, statx,
};
use rustix::io::Errno;

use crate::policy::PathLine;
use crate::sandbox::PathError;

/// Fails if a file at or beneath one of these paths, of which none is beneath another, has a name
/// that is not beneath them.
pub(super) fn require_beneath(line: &PathLine, excepted: &[PathBuf]) -> Result<(), PathError> {
    let mut names = Names::default();
    for path in excepted {
        let (Some(directory), Some(name)) = (path.parent(), path.file_name()) else {
            // The root itself: every name there is lies beneath.
            return Ok(());
        };
        names
            .walk(directory, name)
            .map_err(|(path, errno)| PathError::unreadable(&path, line, errno.into()))?;
    }
    match names.of.into_values().find(|file| !file.all_seen()) {
        Some(file) => Err(PathError::HardLinked {
            path: file.path,
            line: line.to_string(),
        }),
        None => Ok(()),
    }
}

type Identity = (u32, u32, u64);

/// The names of each file that has several.
#[derive(Default)]
struct Names {
    of: HashMap<Identity, File>,
}

struct File {
    path: PathBuf,
    links: u32,
    /// By the directory that each is in, which may be come upon twice through a bind mount.
    seen: HashSet<(Identity, OsString)>,
}

impl File {
    fn all_seen(&self) -> bool {
        usize::try_from(self.links).is_ok_and(|links| self.seen.len() >= links)
    }
}

/// A directory that is being read.
struct Level {
    names: Dir,
    fd: OwnedFd,
    identity: Identity,
    path: PathBuf,
}

impl Level {
    fn open(parent: impl AsFd, name: &OsStr, path: PathBuf) -> Result<Self, (PathBuf, Errno)> {
        let open = || {
            let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            let fd = rustix::fs::openat(parent, name, OFlags::RDONLY | flags, Mode::empty())?;
            let stat = look(&fd, OsStr::new(""))?;
            Ok((Dir::read_from(&fd)?, fd, identity(&stat)))
        };
        match open() {
            Ok((names, fd, identity)) => Ok(Self {
                names,
                fd,
                identity,
                path,
            }),
            Err(errno) => Err((path, errno)),
        }
    }
}

impl Names {
    fn walk(&mut self, directory: &Path, name: &OsStr) -> Result<(), (PathBuf, Errno)> {
        let path = directory.join(name);
        let gone = |errno| matches!(errno, Errno::NOENT | Errno::NOTDIR);
        let stat = match look(CWD, path.as_os_str()) {
            Ok(stat) => stat,
            Err(errno) if gone(errno) => return Ok(()),
            Err(errno) => return Err((path, errno)),
        };
        if kind(&stat) != FileType::Directory {
            let parent = look(CWD, directory.as_os_str()).map_err(|errno| (path.clone(), errno))?;
            self.note(&stat, identity(&parent), name, path);
            return Ok(());
        }
        let mut levels = vec![Level::open(CWD, path.as_os_str(), path.clone())?];
        while let Some(level) = levels.last_mut() {
            let Some(entry) = level.names.read() else {
                levels.pop();
                continue;
            };
            let entry = entry.map_err(|errno| (level.path.clone(), errno))?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            if name == "." || name == ".." || entry.file_type() == FileType::Symlink {
                continue;
            }
            let path = level.path.join(name);
            let stat = match look(&level.fd, name) {
                Ok(stat) => stat,
                Err(Errno::NOENT) => continue,
                Err(errno) => return Err((path, errno)),
            };
            if kind(&stat) == FileType::Directory {
                let below = Level::open(&level.fd, name, path)?;
                levels.push(below);
            } else {
                let parent = level.identity;
                self.note(&stat, parent, name, path);
            }
        }
        Ok(())
    }

    fn note(&mut self, stat: &Statx, parent: Identity, name: &OsStr, path: PathBuf) {
        if stat.stx_nlink < 2 || kind(stat) == FileType::Symlink {
            return;
        }
        let file = self.of.entry(identity(stat)).or_insert_with(|| File {
            path,
            links: stat.stx_nlink,
            seen: HashSet::new(),
        });
        // Where a file is mounted there is no name of its own.
        if !stat.stx_attributes.contains(StatxAttributes::MOUNT_ROOT) {
            file.seen.insert((parent, name.to_owned()));
        }
    }
}

fn look(directory: impl AsFd, name: &OsStr) -> Result<Statx, Errno> {
    let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT | AtFlags::EMPTY_PATH;
    statx(directory, name, flags, StatxFlags::BASIC_STATS)
}

fn kind(stat: &Statx) -> FileType {
    FileType::from_raw_mode(stat.stx_mode.into())
}

fn identity(stat: &Statx) -> Identity {
    (stat.stx_dev_major, stat.stx_dev_minor, stat.stx_ino)
}
