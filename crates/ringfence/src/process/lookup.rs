//! Finding a program by its name, as `execvp(3)` does.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD};

/// Where programs are looked for if there is no PATH, as the C library does.
pub const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// Why a program cannot be started by its name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotRunnable {
    /// There is none.
    #[error("cannot find the command `{}`{}", name.display(), if *searched { " in PATH" } else { "" })]
    NotFound {
        /// The name as given.
        name: OsString,
        /// Whether PATH was searched.
        searched: bool,
    },
    /// There is a file that may not be executed.
    #[error(
        "cannot execute {}: its mode does not permit it (chmod +x), or it is on a noexec mount",
        .0.display()
    )]
    NotExecutable(PathBuf),
}

/// Finds a program: a name with a slash is taken as it is, any other looked for in `path`. A relative
/// path is relative to `directory`, where the program will start.
///
/// # Errors
/// [`NotRunnable`]. Of a name with a slash nothing is looked up, so that its file may be missing.
pub fn find_program(
    name: &OsStr,
    path: Option<&OsStr>,
    directory: &Path,
) -> Result<PathBuf, NotRunnable> {
    let not_found = |searched| NotRunnable::NotFound {
        name: name.to_owned(),
        searched,
    };
    if name.is_empty() {
        return Err(not_found(false));
    }
    if name.as_bytes().contains(&b'/') {
        return Ok(name.into());
    }
    let path = path.unwrap_or(OsStr::new(DEFAULT_PATH));
    let mut unusable = None;
    for entry in path.as_bytes().split(|&byte| byte == b':') {
        // An empty entry of PATH stands for the working directory.
        let entry = if entry.is_empty() { b"." } else { entry };
        let program = Path::new(OsStr::from_bytes(entry)).join(name);
        let file = directory.join(&program);
        if !std::fs::metadata(&file).is_ok_and(|metadata| metadata.is_file()) {
            continue;
        }
        if rustix::fs::accessat(CWD, &file, Access::EXEC_OK, AtFlags::EACCESS).is_ok() {
            return Ok(program);
        }
        unusable.get_or_insert(program);
    }
    match unusable {
        Some(program) => Err(NotRunnable::NotExecutable(program)),
        None => Err(not_found(true)),
    }
}
