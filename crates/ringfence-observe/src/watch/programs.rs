//! What is opened to execute a program: the file, its interpreters, its loader.

use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use elf::abi::{EI_NIDENT, PT_INTERP};
use elf::endian::AnyEndian;
use elf::file::FileHeader;
use elf::segment::SegmentTable;
use rustix::process::{getegid, geteuid};

use super::names::{WORKING_DIRECTORY, absolute, target};

/// The longest line of a script that names its interpreter.
const FIRST_LINE: u64 = 256;
/// Where linkers put the headers of an ELF file and the name of its loader.
const HEADERS: u64 = 64 * 1024;
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
    let start = start(file, FIRST_LINE)?;
    let line = start.strip_prefix(b"#!")?;
    let line = line.split(|&byte| byte == b'\n').next()?.trim_ascii_start();
    let word = line.split(|byte| b" \t\0".contains(byte)).next()?;
    (!word.is_empty()).then(|| PathBuf::from(std::ffi::OsStr::from_bytes(word)))
}

/// The first bytes of a regular file: nothing else can be executed, and a pipe would keep the watcher waiting.
fn start(file: &Path, length: u64) -> Option<Vec<u8>> {
    if !file.metadata().is_ok_and(|facts| facts.is_file()) {
        return None;
    }
    let mut start = Vec::new();
    let mut file = std::fs::File::open(file).ok()?.take(length);
    file.read_to_end(&mut start).ok()?;
    Some(start)
}

/// The loader that an ELF file names, for one that could not be executed.
pub(super) fn loader(file: &Path) -> Option<PathBuf> {
    let start = start(file, HEADERS)?;
    // `parse_ident` panics at less.
    let ident = elf::file::parse_ident::<AnyEndian>(start.get(..EI_NIDENT)?).ok()?;
    let header = FileHeader::parse_tail(ident, start.get(EI_NIDENT..)?).ok()?;
    let slice = |at: u64, length: u64| {
        let end = at.checked_add(length)?;
        start.get(usize::try_from(at).ok()?..usize::try_from(end).ok()?)
    };
    let segments = slice(
        header.e_phoff,
        u64::from(header.e_phnum) * u64::from(header.e_phentsize),
    )?;
    let interpreter = SegmentTable::new(header.endianness, header.class, segments)
        .iter()
        .find(|segment| segment.p_type == PT_INTERP)?;
    let name = slice(interpreter.p_offset, interpreter.p_filesz)?;
    let name = name.split(|&byte| byte == 0).next()?;
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(name)))
}

/// Whether a file would run as another user or group than the watcher's.
pub(super) fn gains(file: &Path) -> bool {
    const SET_USER: u32 = 0o4000;
    /// Without the right to execute it means something else.
    const SET_GROUP: u32 = 0o2010;

    file.metadata().is_ok_and(|facts| {
        let has = |bits| facts.mode() & bits == bits;
        let as_user = has(SET_USER) && facts.uid() != geteuid().as_raw();
        let as_group = has(SET_GROUP) && facts.gid() != getegid().as_raw();
        as_user || as_group
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
