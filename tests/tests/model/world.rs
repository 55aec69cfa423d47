//! The files that acts are tried on: two trees alike, one for sandboxes and one for the twins.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};

use ringfence::FileKind;
use rustix::fs::{CWD, FileType};
use tempfile::TempDir;

use crate::program;

/// Directories of a tree, each after the one that it is in; the first is the top.
pub const DIRECTORIES: [Place; 6] = [
    Place(""),
    Place("a"),
    Place("a/b"),
    Place("a/b/c"),
    Place("d"),
    Place("d/e"),
];
pub const FILES: [Place; 6] = [
    Place("f"),
    Place("a/f"),
    Place("a/b/f"),
    Place("a/b/c/f"),
    Place("d/f"),
    Place("d/e/f"),
];
pub const PROGRAMS: [Place; 2] = [Place("a/program"), Place("d/e/program")];
pub const STREAMS: [Place; 2] = [Place("a/stream"), Place("d/stream")];
pub const DATAGRAMS: [Place; 2] = [Place("a/b/datagram"), Place("d/datagram")];

/// What every file holds before an act.
const ORIGINAL: &str = "original";
/// An extended attribute that acts set.
pub const ATTRIBUTE: &str = "user.ringfence";

/// A path beneath the top of a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(pub &'static str);

impl Place {
    pub fn within(self, top: &Path) -> PathBuf {
        if self.0.is_empty() {
            top.to_owned()
        } else {
            top.join(self.0)
        }
    }

    pub fn is_directory(self) -> bool {
        DIRECTORIES.contains(&self)
    }

    /// Whether `other` is here or beneath.
    pub fn holds(self, other: Self) -> bool {
        Path::new(other.0).starts_with(self.0)
    }
}

/// A tree, whose directories and files stay the same objects, as rules name objects.
pub struct Tree {
    pub top: PathBuf,
    streams: Vec<UnixListener>,
    datagrams: Vec<UnixDatagram>,
}

/// Both trees.
pub struct World {
    directory: TempDir,
    pub real: Tree,
    pub twin: Tree,
}

impl World {
    pub fn new() -> io::Result<Self> {
        let directory = tempfile::Builder::new()
            .prefix("ringfence-model-")
            .tempdir()?;
        let top = directory.path().canonicalize()?;
        Ok(Self {
            real: Tree::new(top.join("real"))?,
            twin: Tree::new(top.join("twin"))?,
            directory,
        })
    }

    /// The directory that both trees are in.
    pub fn around(&self) -> PathBuf {
        self.real
            .top
            .parent()
            .unwrap_or(self.directory.path())
            .to_owned()
    }
}

impl Tree {
    fn new(top: PathBuf) -> io::Result<Self> {
        for place in DIRECTORIES {
            fs::create_dir(place.within(&top))?;
        }
        for place in FILES {
            restore(&place.within(&top))?;
        }
        for place in PROGRAMS {
            let path = place.within(&top);
            fs::write(&path, program::image())?;
            fs::set_permissions(&path, Permissions::from_mode(0o755))?;
        }
        let streams = STREAMS.iter().map(|place| {
            let socket = UnixListener::bind(place.within(&top))?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        });
        let datagrams = DATAGRAMS.iter().map(|place| {
            let socket = UnixDatagram::bind(place.within(&top))?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        });
        Ok(Self {
            streams: streams.collect::<io::Result<_>>()?,
            datagrams: datagrams.collect::<io::Result<_>>()?,
            top,
        })
    }

    /// Takes what acts have sent to the sockets, so that no queue is ever full.
    pub fn drain(&self) {
        for socket in &self.streams {
            while socket.accept().is_ok() {}
        }
        for socket in &self.datagrams {
            while socket.recv(&mut [0; 8]).is_ok() {}
        }
    }

    /// All that acts can change and a test can see.
    pub fn snapshot(&self) -> io::Result<Snapshot> {
        let mut seen = BTreeMap::new();
        let mut directories = vec![PathBuf::new()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(self.top.join(&directory))? {
                let name = directory.join(entry?.file_name());
                let state = State::of(&self.top.join(&name))?;
                if state.kind == FileType::Directory.as_raw_mode() {
                    directories.push(name.clone());
                }
                seen.insert(name, state);
            }
        }
        Ok(Snapshot(seen))
    }
}

/// A tree at one moment, by the names in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot(BTreeMap<PathBuf, State>);

/// What is seen of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
struct State {
    kind: u32,
    mode: u32,
    /// Of regular files; directories differ in size by their history.
    size: u64,
    links: u64,
    at_epoch: bool,
    has_attribute: bool,
}

impl State {
    fn of(path: &Path) -> io::Result<Self> {
        const KIND: u32 = 0o170_000;

        let metadata = fs::symlink_metadata(path)?;
        let regular = metadata.is_file();
        Ok(Self {
            kind: metadata.mode() & KIND,
            mode: metadata.mode() & !KIND,
            size: if regular { metadata.len() } else { 0 },
            links: if regular { metadata.nlink() } else { 0 },
            at_epoch: metadata.mtime() == 0,
            has_attribute: regular && rustix::fs::getxattr(path, ATTRIBUTE, &mut [0; 8]).is_ok(),
        })
    }
}

impl Snapshot {
    /// The names that are not the same in both.
    pub fn differences(&self, other: &Self) -> String {
        let names: BTreeSet<_> = self.0.keys().chain(other.0.keys()).collect();
        let different: Vec<_> = names
            .into_iter()
            .map(|name| (name, self.0.get(name), other.0.get(name)))
            .filter(|(_, one, two)| one != two)
            .map(|(name, one, two)| format!("{}: {one:?}, and is {two:?}", name.display()))
            .collect();
        different.join("; ")
    }
}

/// Gives a file what it held before an act, and its mode, times and attributes.
pub fn restore(path: &Path) -> io::Result<()> {
    fs::write(path, ORIGINAL)?;
    fs::set_permissions(path, Permissions::from_mode(0o666))?;
    // Most of the time there is none.
    let _ = rustix::fs::removexattr(path, ATTRIBUTE);
    Ok(())
}

/// Makes a file of any type.
pub fn make(kind: FileKind, path: &Path) -> io::Result<()> {
    let node = |kind, device| Ok(rustix::fs::mknodat(CWD, path, kind, 0o600.into(), device)?);
    match kind {
        FileKind::Regular => node(FileType::RegularFile, 0),
        FileKind::Directory => fs::create_dir(path),
        FileKind::Symlink => std::os::unix::fs::symlink("nowhere", path),
        FileKind::Socket => node(FileType::Socket, 0),
        FileKind::Fifo => node(FileType::Fifo, 0),
        FileKind::CharDevice => node(FileType::CharacterDevice, rustix::fs::makedev(1, 3)),
        FileKind::BlockDevice => node(FileType::BlockDevice, rustix::fs::makedev(7, 0)),
    }
}

/// Removes whatever may be at `path`.
pub fn clear(path: &Path) -> io::Result<()> {
    let Ok(metadata) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    debug_assert!(!metadata.file_type().is_block_device() || rustix::process::geteuid().is_root());
    if metadata.is_dir() {
        fs::remove_dir(path)
    } else {
        fs::remove_file(path)
    }
}
