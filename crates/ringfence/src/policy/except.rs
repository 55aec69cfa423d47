//! What a line about a path says by its path, its pattern and its exceptions as written.

use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use super::PathLine;
use super::pattern::Pattern;

impl PathLine {
    /// Whether the line is about its path and all beneath it, no more and no less.
    pub(crate) fn is_plain(&self) -> bool {
        !self.pattern && self.except.is_empty()
    }

    /// What is wrong with the line, if it means nothing.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let bytes = self.path.as_os_str().as_bytes();
        if bytes.is_empty() {
            Some("the path is empty")
        } else if bytes.contains(&0) {
            Some("the path has a NUL byte")
        } else if self.access.is_empty() {
            Some("no word says what is allowed")
        } else if self.is_plain() {
            None
        } else if !self.pattern {
            self.except.iter().find_map(|name| fault_of_exception(name))
        } else if self.except.is_empty() {
            Pattern::parse(&self.path).err()
        } else {
            Some("a pattern has no exceptions; write a line for each directory that needs them")
        }
    }

    /// The excepted paths, as written.
    pub(crate) fn excepted(&self) -> impl Iterator<Item = PathBuf> + '_ {
        self.except.iter().map(|name| self.path.join(name))
    }

    /// Whether the line covers a path, if no symlink leads elsewhere.
    pub(crate) fn covers_as_written(&self, path: &Path) -> bool {
        if self.pattern {
            return Pattern::parse(&self.path).is_ok_and(|pattern| pattern.covers(path));
        }
        // Neither beneath an excepted path nor on the way down to one.
        path.starts_with(&self.path)
            && self
                .excepted()
                .all(|excepted| !path.starts_with(&excepted) && !excepted.starts_with(path))
    }

    /// Whether the line can only be about something at this path or beneath it.
    pub(crate) fn is_within_as_written(&self, path: &Path) -> bool {
        if self.pattern {
            return Pattern::parse(&self.path)
                .is_ok_and(|pattern| pattern.base().starts_with(path));
        }
        self.path.starts_with(path)
    }
}

fn fault_of_exception(name: &Path) -> Option<&'static str> {
    let plain = |component| matches!(component, Component::Normal(_));
    if name.as_os_str().is_empty() {
        Some("an exception is empty")
    } else if name.as_os_str().as_bytes().contains(&0) {
        Some("an exception has a NUL byte")
    } else if name.is_absolute() {
        Some("an exception is written relative to the path, as in `.config/gh`")
    } else if !name.components().all(plain) {
        Some("an exception names something beneath the path, without `.` and `..`")
    } else {
        None
    }
}
