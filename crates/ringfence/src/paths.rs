//! Opening the path of a line, so that the kernel's rule names the object and not a name.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// An object that a rule can name.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) object: OwnedFd,
    /// Where it really is, if the path as written has a symlink in it or is relative.
    pub(crate) elsewhere: Option<PathBuf>,
}

/// Opens `path` with `O_PATH`: no permission on the object itself is needed, nothing is read.
pub(crate) fn open(path: &Path) -> io::Result<Opened> {
    let (object, elsewhere) = match open_as_written(path)? {
        Some(object) => (object, None),
        None => open_through_symlinks(path)?,
    };
    Ok(Opened { object, elsewhere })
}

const FLAGS: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// Opens a path that is its own resolved form; `None` if it is not, or the kernel cannot tell.
///
/// One system call answers both questions: `RESOLVE_NO_SYMLINKS` fails on the first symlink.
fn open_as_written(path: &Path) -> io::Result<Option<OwnedFd>> {
    if !is_absolute_and_plain(path) {
        return Ok(None);
    }
    match rustix::fs::openat2(CWD, path, FLAGS, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        Ok(object) => Ok(Some(object)),
        // LOOP: there is a symlink. The others: an outer seccomp filter does not let openat2 by.
        Err(Errno::LOOP | Errno::NOSYS | Errno::PERM) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

fn open_through_symlinks(path: &Path) -> io::Result<(OwnedFd, Option<PathBuf>)> {
    let object = rustix::fs::openat(CWD, path, FLAGS, Mode::empty())?;
    // The kernel's own word for the object; without /proc, the library's walk over the names.
    let elsewhere = std::fs::read_link(format!("/proc/self/fd/{}", object.as_raw_fd()))
        .or_else(|_| std::fs::canonicalize(path))?;
    Ok((object, Some(elsewhere).filter(|place| place != path)))
}

/// Whether a path has no empty, `.` or `..` component, so that without symlinks it is canonical.
fn is_absolute_and_plain(path: &Path) -> bool {
    let Some(relative) = path.as_os_str().as_bytes().strip_prefix(b"/") else {
        return false;
    };
    relative.is_empty()
        || relative
            .split(|&byte| byte == b'/')
            .all(|name| !matches!(name, b"" | b"." | b".."))
}

/// Where a walk along a path ended, and the symlinks on the way.
#[derive(Debug)]
pub(crate) struct Walk {
    pub(crate) end: PathBuf,
    pub(crate) symlinks: Vec<PathBuf>,
}

/// Walks along `path` name by name, as the kernel does.
pub(crate) fn walk(path: &Path) -> io::Result<Walk> {
    /// As many as the kernel follows (`path_resolution(7)`).
    const MOST_SYMLINKS: usize = 40;

    let mut walk = Walk {
        end: std::env::current_dir()?,
        symlinks: Vec::new(),
    };
    let mut ahead: Vec<OsString> = names_backwards(path);
    while let Some(name) = ahead.pop() {
        if name == "/" {
            walk.end = PathBuf::from("/");
        } else if name == ".." {
            walk.end.pop();
        } else if let Ok(target) = std::fs::read_link(walk.end.join(&name)) {
            if walk.symlinks.len() == MOST_SYMLINKS {
                return Err(Errno::LOOP.into());
            }
            walk.symlinks.push(walk.end.join(&name));
            ahead.extend(names_backwards(&target));
        } else if name != "." {
            walk.end.push(name);
        }
    }
    Ok(walk)
}

fn names_backwards(path: &Path) -> Vec<OsString> {
    path.components()
        .rev()
        .map(|component| component.as_os_str().to_owned())
        .collect()
}

/// The longest part of `path` that exists, to tell a user where a path breaks off.
pub(crate) fn nearest_existing(path: &Path) -> Option<&Path> {
    path.ancestors()
        .skip(1)
        .find(|ancestor| !ancestor.as_os_str().is_empty() && ancestor.exists())
}

/// The first directory of `path` that this user may not pass through.
pub(crate) fn closed_directory(path: &Path) -> Option<&Path> {
    let search =
        |directory: &Path| rustix::fs::accessat(CWD, directory, Access::EXEC_OK, AtFlags::EACCESS);
    let directories: Vec<_> = path.ancestors().skip(1).collect();
    directories
        .into_iter()
        .rev()
        .filter(|directory| !directory.as_os_str().is_empty())
        .find(|directory| search(directory) == Err(Errno::ACCESS))
}

/// Whether file modes let this user write to a file, or make and remove entries in a directory.
pub(crate) fn may_write(path: &Path) -> bool {
    rustix::fs::accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).is_ok()
}

/// A path like this missing one that exists, which its author may have meant.
pub fn similar_existing(path: &Path) -> Option<PathBuf> {
    let nearest = nearest_existing(path)?;
    let missing = path.strip_prefix(nearest).ok()?.iter().next()?.to_str()?;
    let names = std::fs::read_dir(nearest)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let similar = nearest.join(crate::similar::closest(missing, names)?);
    let rest = path.strip_prefix(nearest).ok()?.iter().skip(1);
    Some(rest.fold(similar, |path, name| path.join(name))).filter(|path| path.exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_are_told_from_those_that_need_resolving() {
        for path in ["/", "/usr", "/usr/lib.d/..x"] {
            assert!(is_absolute_and_plain(Path::new(path)), "{path}");
        }
        for path in [
            "",
            ".",
            "usr",
            "/usr/",
            "/usr//lib",
            "/usr/./lib",
            "/a/../b",
            "/a/..",
        ] {
            assert!(!is_absolute_and_plain(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn a_plain_path_is_where_it_says_and_a_symlink_is_resolved() {
        let opened = open(Path::new("/proc")).unwrap();
        assert!(opened.elsewhere.is_none());
        let opened = open(Path::new("/proc/self/exe")).unwrap();
        assert_eq!(opened.elsewhere.unwrap(), std::env::current_exe().unwrap());
        let opened = open(Path::new("/proc/../proc")).unwrap();
        assert_eq!(opened.elsewhere.as_deref(), Some(Path::new("/proc")));
    }

    #[test]
    fn a_walk_ends_where_the_kernel_does_and_tells_of_symlinks() {
        let plain = walk(Path::new("/proc/./sys/../sys/kernel")).unwrap();
        assert_eq!(plain.end, Path::new("/proc/sys/kernel"));
        assert!(plain.symlinks.is_empty());

        let directory = tempfile::tempdir().unwrap();
        let real = directory.path().canonicalize().unwrap();
        std::fs::create_dir_all(real.join("a/b")).unwrap();
        std::os::unix::fs::symlink("a/link", real.join("first")).unwrap();
        std::os::unix::fs::symlink("../a/b", real.join("a/link")).unwrap();
        let walked = walk(&real.join("first")).unwrap();
        assert_eq!(walked.end, real.join("a/b"));
        assert_eq!(walked.symlinks, [real.join("first"), real.join("a/link")]);

        std::os::unix::fs::symlink("loop", real.join("loop")).unwrap();
        assert!(walk(&real.join("loop")).is_err());
    }

    #[test]
    fn a_missing_path_names_its_neighbours() {
        let missing = Path::new("/proc/sys/kernle/osrelease");
        assert_eq!(nearest_existing(missing), Some(Path::new("/proc/sys")));
        assert_eq!(
            similar_existing(missing).as_deref(),
            Some(Path::new("/proc/sys/kernel/osrelease"))
        );
        assert_eq!(similar_existing(Path::new("/proc/sys/qqqqq")), None);
    }
}
