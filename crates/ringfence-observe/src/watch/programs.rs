//! What is opened to execute a program: the file, its interpreters, its loader.

use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::names::{WORKING_DIRECTORY, absolute, target};

/// The longest line of a script that names its interpreter.
const FIRST_LINE: u64 = 256;
/// The longest name of a loader that the kernel takes.
const LONGEST_NAME: u64 = 4096;
/// How many interpreters the kernel follows.
const MOST_INTERPRETERS: usize = 5;

/// A file to be executed, and the interpreters that its first lines name.
pub(super) fn chain(pid: i32, path: &Path) -> Vec<PathBuf> {
    let mut files = vec![target(path)];
    while let Some(interpreter) = files.last().and_then(|file| interpreter(file)) {
        if files.len() > MOST_INTERPRETERS {
            break;
        }
        let interpreter = absolute(pid, WORKING_DIRECTORY, &interpreter);
        files.extend(interpreter.map(|path| target(&path)));
    }
    files
}

fn interpreter(file: &Path) -> Option<PathBuf> {
    // Nothing else than regular files can be executed, and a pipe would keep the watcher waiting.
    if !file.metadata().is_ok_and(|facts| facts.is_file()) {
        return None;
    }
    let mut start = Vec::new();
    let mut file = std::fs::File::open(file).ok()?.take(FIRST_LINE);
    file.read_to_end(&mut start).ok()?;
    let line = start.strip_prefix(b"#!")?;
    let line = line.split(|&byte| byte == b'\n').next()?.trim_ascii_start();
    let word = line.split(|byte| b" \t\0".contains(byte)).next()?;
    (!word.is_empty()).then(|| PathBuf::from(std::ffi::OsStr::from_bytes(word)))
}

/// The loader that an ELF file of 64 bits names, for one that could not be executed.
pub(super) fn loader(file: &Path) -> Option<PathBuf> {
    if !file.metadata().is_ok_and(|facts| facts.is_file()) {
        return None;
    }
    let file = std::fs::File::open(file).ok()?;
    let read = |at: u64, length: u64| {
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        file.read_exact_at(&mut bytes, at).ok()?;
        Some(bytes)
    };
    let header = read(0, 64)?;
    if !header.starts_with(b"\x7fELF\x02\x01") {
        return None;
    }
    let word = |bytes: &[u8], at: usize| {
        let word = bytes.get(at..at + 8)?.try_into().ok()?;
        Some(u64::from_le_bytes(word))
    };
    let half = |bytes: &[u8], at: usize| {
        let half = bytes.get(at..at + 2)?.try_into().ok()?;
        Some(u64::from(u16::from_le_bytes(half)))
    };
    let (table, size, count) = (word(&header, 32)?, half(&header, 54)?, half(&header, 56)?);
    (0..count).find_map(|number| {
        let segment = read(table.checked_add(number * size)?, 56)?;
        let is_interpreter = segment.starts_with(&3_u32.to_le_bytes());
        let (at, length) = (word(&segment, 8)?, word(&segment, 32)?);
        let name = is_interpreter.then(|| read(at, length.min(LONGEST_NAME)))??;
        let name = name.split(|&byte| byte == 0).next()?;
        Some(PathBuf::from(std::ffi::OsStr::from_bytes(name)))
    })
}

/// The files of a list of mappings.
pub(super) fn mapped(maps: &[u8]) -> impl Iterator<Item = PathBuf> {
    maps.split(|&byte| byte == b'\n').filter_map(|line| {
        let path = line.get(line.iter().position(|&byte| byte == b'/')?..)?;
        let path = Path::new(std::ffi::OsStr::from_bytes(path));
        path.is_file().then(|| path.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_is_that_which_the_file_names() {
        // This test is a program like any other.
        let own = std::env::current_exe().unwrap();
        let found = loader(&own);
        assert!(
            found.is_none_or(|loader| loader.is_absolute() && loader.exists()),
            "the loader of a program that runs is not there"
        );
        assert_eq!(loader(Path::new("/dev/null")), None);
        assert_eq!(loader(Path::new("/proc/self/comm")), None);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("short");
        for length in [4, 63, 64, 120] {
            let mut bytes = std::fs::read(&own).unwrap();
            bytes.truncate(length);
            std::fs::write(&file, bytes).unwrap();
            assert_eq!(loader(&file), None, "of {length} bytes");
        }
    }
}
