//! Removing a tree that a stranger made: however deep, under whatever names and modes.
//!
//! Nothing is followed and nothing recurses. Directories that are not empty are moved up, to be
//! removed after the one that they were in: there is never more than one open.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd as _, AsRawFd as _, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::{AtFlags, CWD, Dir, Mode, OFlags, chmodat, fchmod, openat, renameat, unlinkat};
use rustix::io::{Errno, Result};

/// How often a directory is emptied: processes that were killed may take a moment to be gone.
const TRIES: u32 = 200;
const PAUSE: Duration = Duration::from_millis(5);

/// Removes an entry of `parent`, with all beneath it. Directories are moved into `parent` on the way,
/// as `moved-NUMBER`. One that is gone already is no error.
pub fn remove(parent: BorrowedFd<'_>, name: &CStr) -> Result<()> {
    match unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(errno) => return Err(errno),
    }
    let mut directories = vec![name.to_owned()];
    while let Some(directory) = directories.pop() {
        remove_one(parent, &directory, &mut directories)?;
    }
    Ok(())
}

/// Removes one directory; those in it that are not empty are moved up and noted.
fn remove_one(parent: BorrowedFd<'_>, name: &CStr, moved: &mut Vec<CString>) -> Result<()> {
    let mut tries = 0;
    loop {
        match unlinkat(parent, name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            Err(Errno::NOTEMPTY | Errno::EXIST) if tries < TRIES => {}
            Err(errno) => return Err(errno),
        }
        if tries > 1 {
            sleep(PAUSE);
        }
        tries += 1;
        empty(parent, &open(parent, name)?, moved)?;
    }
}

/// Takes all out of a directory.
fn empty(parent: BorrowedFd<'_>, directory: &OwnedFd, moved: &mut Vec<CString>) -> Result<()> {
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        match unlinkat(directory, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => continue,
            Err(Errno::ISDIR | Errno::PERM) => {}
            Err(errno) => return Err(errno),
        }
        match unlinkat(directory, name, AtFlags::REMOVEDIR) {
            Ok(()) | Err(Errno::NOENT) => continue,
            Err(Errno::NOTEMPTY | Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
        moved.push(move_up(parent, directory.as_fd(), name)?);
    }
    Ok(())
}

/// Moves a directory into `parent`; its name there.
fn move_up(parent: BorrowedFd<'_>, directory: BorrowedFd<'_>, name: &CStr) -> Result<CString> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);

    let mut is_ours = false;
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let new = CString::new(format!("moved-{number}")).map_err(|_| Errno::INVAL)?;
        match renameat(directory, name, parent, &new) {
            Ok(()) => return Ok(new),
            // A server that was killed has left one of that name.
            Err(Errno::NOTEMPTY | Errno::EXIST) => {}
            // To move a directory is to write its `..`.
            Err(Errno::ACCESS) if !is_ours => {
                make_ours(directory, name)?;
                is_ours = true;
            }
            Err(errno) => return Err(errno),
        }
    }
}

/// Opens a directory to take out what is in it, whatever its mode.
fn open(parent: BorrowedFd<'_>, name: &CStr) -> Result<OwnedFd> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = match openat(parent, name, flags, Mode::empty()) {
        Err(Errno::ACCESS) => {
            make_ours(parent, name)?;
            openat(parent, name, flags, Mode::empty())?
        }
        opened => opened?,
    };
    // It may be open to read and closed to remove from.
    fchmod(&directory, Mode::RWXU)?;
    Ok(directory)
}

/// Gives a directory back the mode that lets its owner change it; a symlink in its place is left alone.
fn make_ours(parent: BorrowedFd<'_>, name: &CStr) -> Result<()> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let directory = openat(parent, name, flags, Mode::empty())?;
    // Of such a descriptor fchmod(2) knows nothing.
    let path = format!("/proc/self/fd/{}", directory.as_raw_fd());
    chmodat(CWD, path, Mode::RWXU, AtFlags::empty())
}
