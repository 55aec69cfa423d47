//! Regular files, read in pieces.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

/// Device and inode: the same for every name of a file.
pub(super) type Identity = (u64, u64);

/// A regular file, open for reading.
#[derive(Debug)]
pub(super) struct Opened {
    file: File,
    pub(super) identity: Identity,
}

impl Opened {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Self::look_and_open(path, OFlags::empty())
    }

    /// Refuses a symbolic link at the end of `path`.
    pub(super) fn open_unlinked(path: &Path) -> io::Result<Self> {
        Self::look_and_open(path, OFlags::NOFOLLOW)
    }

    fn look_and_open(path: &Path, links: OFlags) -> io::Result<Self> {
        // To open a device can be an act (a watchdog starts, a tape rewinds), and a hostile link may name one.
        let place = open(path, OFlags::PATH | links)?;
        let identity = regular(&place)?;
        let reading = OFlags::NONBLOCK | OFlags::NOCTTY;
        let by_descriptor = format!("/proc/self/fd/{}", place.as_raw_fd());
        let file = match open(Path::new(&by_descriptor), reading) {
            // There is no /proc.
            Err(e) if e.kind() == io::ErrorKind::NotFound => open(path, reading | links)?,
            opened => opened?,
        };
        if regular(&file)? != identity {
            return Err(io::Error::other("it was replaced while it was opened"));
        }
        Ok(Self { file, identity })
    }

    /// Fills `buffer` from `offset` on, as far as the file goes, and says how far that was.
    pub(super) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buffer.len() {
            let at = offset.saturating_add(filled as u64);
            // Offsets beyond i64 are an error of pread; for a reader, the file has ended there.
            if i64::try_from(at).is_err() {
                break;
            }
            match self.file.read_at(&mut buffer[filled..], at) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(filled)
    }

    /// The whole file, if it has no more than `limit` bytes.
    pub(super) fn read_all(&self, limit: u64) -> io::Result<Vec<u8>> {
        let mut data = Vec::new();
        (&self.file).take(limit + 1).read_to_end(&mut data)?;
        if data.len() as u64 > limit {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("it is larger than {limit} bytes"),
            ));
        }
        Ok(data)
    }
}

fn open(path: &Path, flags: OFlags) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

fn regular(file: &File) -> io::Result<Identity> {
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "it is not a regular file",
        ));
    }
    Ok((metadata.dev(), metadata.ino()))
}
