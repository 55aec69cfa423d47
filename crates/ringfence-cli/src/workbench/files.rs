//! Files that the workbench writes, whole or not at all, and reads, as far as they make sense.

use std::fs::{File, OpenOptions, rename};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::path::Path;

use rustix::fs::{Access, access};
use rustix::io::Errno;

/// The most bytes of a file that are read.
const MOST_BYTES: u64 = 16 << 20;

/// Reads a text that somebody else wrote.
pub(super) fn read(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    let read = File::open(file)?
        .take(MOST_BYTES + 1)
        .read_to_string(&mut text)?;
    if read as u64 > MOST_BYTES {
        return Err(io::Error::other("it is larger than 16 MiB"));
    }
    Ok(text)
}

/// Writes a text to a file that is not there yet.
pub(super) fn create(file: &Path, text: &str) -> io::Result<()> {
    let mut new = File::create_new(file)?;
    new.write_all(text.as_bytes()).inspect_err(|_| {
        let _ = std::fs::remove_file(file);
    })
}

/// Fails if [`replace`] would, as far as that can be told before.
pub(super) fn require_writable(file: &Path) -> io::Result<()> {
    match file.metadata() {
        Ok(facts) if facts.is_dir() => return Err(Errno::ISDIR.into()),
        Ok(facts) if !facts.is_file() => return Ok(access(file, Access::WRITE_OK)?),
        _ => {}
    }
    // A draft is written beside it.
    let target = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let folder = target
        .parent()
        .filter(|folder| *folder != Path::new(""))
        .unwrap_or(Path::new("."));
    Ok(access(folder, Access::WRITE_OK)?)
}

/// Writes a text to a file in one step, so that nothing half-written is left behind and a file that
/// was there keeps its permissions. A symlink is followed. What is no regular file, such as `/dev/stdout`,
/// is written to and stays.
pub(super) fn replace(file: &Path, text: &str) -> io::Result<()> {
    if file.metadata().is_ok_and(|facts| !facts.is_file()) {
        return OpenOptions::new()
            .write(true)
            .open(file)?
            .write_all(text.as_bytes());
    }
    replace_checked(file, text, |_| Ok(()))
}

/// The same for a file that is replaced only if what is to become it passes a check where it lies.
pub(super) fn replace_checked<T, E: From<io::Error>>(
    file: &Path,
    text: &str,
    check: impl FnOnce(&Path) -> Result<T, E>,
) -> Result<T, E> {
    let target = match file.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound => file.to_owned(),
        found => found?,
    };
    if target.metadata().is_ok_and(|facts| !facts.is_file()) {
        return Err(io::Error::other("it is no regular file").into());
    }
    let mut draft = target.clone().into_os_string();
    draft.push(format!(".{}.new", std::process::id()));
    let draft = Path::new(&draft);
    // A file that has this name already is somebody else's, and stays.
    let mut new = File::create_new(draft)?;
    let written = target
        .metadata()
        .map_or(Ok(()), |before| new.set_permissions(before.permissions()))
        .and_then(|()| new.write_all(text.as_bytes()))
        .and_then(|()| new.sync_all());
    written
        .map_err(E::from)
        .and_then(|()| check(draft))
        .and_then(|checked| Ok(rename(draft, &target).map(|()| checked)?))
        .inspect_err(|_| {
            let _ = std::fs::remove_file(draft);
        })
}
