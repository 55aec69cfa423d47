//! Regular files, read in pieces.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

/// The same for every name of a file.
pub(super) type Identity = (u64, u64);

/// A regular file, open for reading.
#[derive(Debug)]
pub(super) struct Opened {
    file: File,
    pub(super) identity: Identity,
}

impl Opened {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        // A FIFO in a hostile search path must not keep us waiting for its writer.
        let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits().cast_signed();
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is not a regular file",
            ));
        }
        let identity = (metadata.dev(), metadata.ino());
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
