//! What a tracee means by a name: its memory, its directories, its descriptors.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Component, Path, PathBuf};

use ringfence_sys::ptrace::read_memory;

use crate::sensitive::resolved;

/// The longest path that the kernel takes, with its end.
const MOST: usize = 4096;
/// Memory is there by the page.
const PAGE: u64 = 4096;

/// "The working directory", in the place of a descriptor.
pub(super) const WORKING_DIRECTORY: i32 = -100;

/// The name of the program that a thread runs.
pub(crate) fn program(pid: i32) -> String {
    let file = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    name.trim_end_matches(" (deleted)").to_owned()
}

/// The process that a thread is of.
pub(crate) fn leader(pid: i32) -> i32 {
    let status = status(pid);
    number(&status, "Tgid:").unwrap_or(pid)
}

/// Whether a process or thread is gone, or has ended and its parent has not taken note of that.
pub(super) fn has_ended(pid: i32) -> bool {
    let status = status(pid);
    status.is_empty() || is_of_ended(&status)
}

/// Whose child a process is that has ended and that its parent has not taken note of.
pub(super) fn parent_of_ended(pid: i32) -> Option<i32> {
    let status = status(pid);
    is_of_ended(&status)
        .then(|| number(&status, "PPid:"))
        .flatten()
}

fn is_of_ended(status: &str) -> bool {
    let state = status.lines().find_map(|line| line.strip_prefix("State:"));
    state.is_some_and(|state| state.trim_start().starts_with('Z'))
}

/// What the kernel says of a process or thread; nothing of one that is gone.
fn status(pid: i32) -> String {
    // The name in it may be any bytes.
    let status = std::fs::read(format!("/proc/{pid}/status")).unwrap_or_default();
    String::from_utf8_lossy(&status).into_owned()
}

/// The number behind a name at the beginning of a line.
fn number(facts: &str, name: &str) -> Option<i32> {
    let line = facts.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().parse().ok()
}

/// The process that a descriptor of a tracee stands for; 0 if it stands for none.
pub(super) fn of_pidfd(pid: i32, fd: i32) -> i32 {
    let facts = std::fs::read_to_string(format!("/proc/{pid}/fdinfo/{fd}")).unwrap_or_default();
    number(&facts, "Pid:").unwrap_or(0)
}

/// Memory of a tracee, as much as is there of this many bytes.
pub(super) fn bytes(pid: i32, address: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    let mut read = 0;
    while read < length {
        let at = address.wrapping_add(read as u64);
        let to_page_end = usize::try_from(PAGE - at % PAGE).unwrap_or(1);
        let end = length.min(read + to_page_end);
        let Some(part) = bytes.get_mut(read..end) else {
            break;
        };
        match read_memory(pid, at, part) {
            Ok(more @ 1..) => read += more,
            _ => break,
        }
    }
    bytes.truncate(read);
    bytes
}

/// The string at an address, if it is one that the kernel would take for a path.
pub(super) fn string(pid: i32, address: u64) -> Option<PathBuf> {
    let mut text = Vec::new();
    while text.len() < MOST {
        let at = address.wrapping_add(text.len() as u64);
        let to_page_end = usize::try_from(PAGE - at % PAGE).unwrap_or(1);
        // Most paths are short, and end before the page does.
        let part = bytes(pid, at, to_page_end.min(256));
        if part.is_empty() {
            return None;
        }
        if let Some(end) = part.iter().position(|&byte| byte == 0) {
            text.extend(part.into_iter().take(end));
            return Some(OsString::from_vec(text).into());
        }
        text.extend(part);
    }
    None
}

/// What a descriptor of a tracee is open for, as the kernel writes it.
pub(super) fn link(pid: i32, fd: i32) -> std::io::Result<PathBuf> {
    std::fs::read_link(format!("/proc/{pid}/fd/{fd}"))
}

/// The same; nothing if that has no path.
pub(super) fn descriptor(pid: i32, fd: i32) -> Option<PathBuf> {
    link(pid, fd).ok().filter(|path| path.is_absolute())
}

/// The absolute path that a tracee means, with its symlinks. An empty one is the descriptor itself.
pub(super) fn absolute(pid: i32, directory: i32, path: &Path) -> Option<PathBuf> {
    let path = if path.is_absolute() {
        path.to_owned()
    } else {
        let from = if directory == WORKING_DIRECTORY {
            std::fs::read_link(format!("/proc/{pid}/cwd")).ok()?
        } else {
            descriptor(pid, directory)?
        };
        if path.as_os_str().is_empty() {
            from
        } else if is_deleted(&from) {
            return None;
        } else {
            from.join(path)
        }
    };
    Some(own_proc(pid, path))
}

/// Whether the kernel says that what it names is gone; a name may end so by itself.
pub(super) fn is_deleted(path: &Path) -> bool {
    path.as_os_str().as_bytes().ends_with(b" (deleted)") && path.symlink_metadata().is_err()
}

/// `/proc/self` is the one who looks, which is not the watcher.
fn own_proc(pid: i32, path: PathBuf) -> PathBuf {
    for (name, own) in [
        ("/proc/self", format!("/proc/{}", leader(pid))),
        (
            "/proc/thread-self",
            format!("/proc/{}/task/{pid}", leader(pid)),
        ),
    ] {
        if let Ok(rest) = path.strip_prefix(name) {
            return Path::new(&own).join(rest);
        }
    }
    path
}

/// Where a path leads to; of what does not exist, where it would come to be.
pub(super) fn target(path: &Path) -> PathBuf {
    resolved(&without_dots(path))
}

/// An entry by its own name: a symlink there is not followed.
pub(super) fn entry(path: &Path) -> PathBuf {
    match (path.parent(), path.components().next_back()) {
        (Some(parent), Some(Component::Normal(name))) => resolved(parent).join(name),
        _ => target(path),
    }
}

/// What does not exist has no `..` that the kernel could follow.
fn without_dots(path: &Path) -> PathBuf {
    path.components()
        .filter(|part| *part != Component::CurDir)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_whatever_it_is_called() {
        let own = i32::try_from(std::process::id()).unwrap();
        let name = std::fs::read("/proc/self/comm").unwrap();
        // The kernel keeps 15 bytes, and cuts a character in two.
        std::fs::write("/proc/self/comm", b"caf\xc3").unwrap();
        let known = !has_ended(own);
        std::fs::write("/proc/self/comm", name).unwrap();
        assert!(known);
    }
}
