//! The directories of jobs: each fresh, for its owner alone, and gone in the end.

use std::ffi::CString;
use std::fmt::Write as _;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{CWD, Dir, FlockOperation, Mode, OFlags, fchmod, flock, mkdirat, openat};
use rustix::io::Errno;
use rustix::rand::{GetRandomFlags, getrandom};

use crate::remove::remove;

/// The directory in the state directory that has those of the jobs.
const JOBS: &str = "jobs";

/// Why the state directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("cannot keep jobs in {}: make it, as a directory of the server's own, or choose another by --state", .0.display())]
    Unusable(PathBuf, #[source] io::Error),
    #[error("cannot keep jobs in {}: another server does; end that one, or choose another by --state", .0.display())]
    Busy(PathBuf),
    #[error("cannot keep jobs in {}: others can write to it; make it the server's own (chmod 700), or choose another by --state", .0.display())]
    Open(PathBuf),
    #[error("cannot remove what an earlier server left in {}; remove it by hand", .0.display())]
    Leftover(PathBuf, #[source] io::Error),
}

/// Where the directories of jobs are. Held by one server at a time.
pub struct State {
    path: PathBuf,
    jobs: Arc<OwnedFd>,
}

/// The directory of a job. Dropped, it is removed with all that is in it; that may take a moment.
pub struct Workspace {
    path: PathBuf,
    name: CString,
    jobs: Arc<OwnedFd>,
}

impl State {
    /// Takes the state directory for this server, and removes what an earlier one left there.
    pub fn open(directory: &Path) -> Result<Self, StateError> {
        let unusable = |error| StateError::Unusable(directory.to_owned(), error);
        let directory = directory.canonicalize().map_err(unusable)?;
        // Paths beneath it must lead to where they led before.
        let mode = directory.metadata().map_err(unusable)?.mode();
        if Mode::from_raw_mode(mode).intersects(Mode::WGRP | Mode::WOTH) {
            return Err(StateError::Open(directory));
        }
        let path = directory.join(JOBS);
        let unusable = |errno: Errno| StateError::Unusable(path.clone(), errno.into());
        match mkdirat(CWD, &path, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(unusable(errno)),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let jobs = openat(CWD, &path, flags, Mode::empty()).map_err(unusable)?;
        match flock(&jobs, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::AGAIN) => return Err(StateError::Busy(path)),
            Err(errno) => return Err(unusable(errno)),
        }
        // Fails if it is somebody else's.
        fchmod(&jobs, Mode::RWXU).map_err(unusable)?;
        let leftover = |errno: Errno| StateError::Leftover(path.clone(), errno.into());
        for entry in Dir::read_from(&jobs).map_err(leftover)? {
            let entry = entry.map_err(leftover)?;
            if !matches!(entry.file_name().to_bytes(), b"." | b"..") {
                remove(jobs.as_fd(), entry.file_name()).map_err(leftover)?;
            }
        }
        Ok(Self {
            path,
            jobs: Arc::new(jobs),
        })
    }

    /// Where the directories are.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a directory under a name that nobody guesses.
    pub fn create(&self) -> io::Result<Workspace> {
        let mut random = [0; 16];
        getrandom(&mut random, GetRandomFlags::empty())?;
        let mut name = String::new();
        for byte in random {
            // Into a string it never fails.
            let _ = write!(name, "{byte:02x}");
        }
        let path = self.path.join(&name);
        let name = CString::new(name)?;
        mkdirat(&*self.jobs, &name, Mode::RWXU)?;
        Ok(Workspace {
            path,
            name,
            jobs: Arc::clone(&self.jobs),
        })
    }
}

impl Workspace {
    /// Its path, which has no symlink.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        if let Err(errno) = remove(self.jobs.as_fd(), &self.name) {
            let path = self.path.display();
            eprintln!(
                "code-runner: cannot remove {path}: {errno}; the next start of the server tries it again"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    #[test]
    fn what_an_earlier_server_was_about_to_remove_is_removed() {
        let state = tempfile::tempdir().expect("a directory");
        for number in 0..50 {
            // Each of them was moved up on the way, and holds what would have been next.
            let left = state.path().join(format!("jobs/moved-{number}/a/b"));
            std::fs::create_dir_all(left).expect("it is ours");
        }
        let jobs = State::open(state.path()).expect("it is ours");
        assert_eq!(jobs.path().read_dir().expect("it is there").count(), 0);
    }

    #[test]
    fn a_directory_is_removed_though_its_owner_panics() {
        let state = tempfile::tempdir().expect("a directory");
        let jobs = State::open(state.path()).expect("it is ours");
        let result = std::panic::catch_unwind(|| {
            let workspace = jobs.create().expect("a directory");
            std::fs::create_dir_all(workspace.path().join("a/b")).expect("it is ours");
            panic!("as {} should", workspace.path().display());
        });
        assert!(result.is_err());
        assert_eq!(jobs.path().read_dir().expect("it is there").count(), 0);
    }
}
