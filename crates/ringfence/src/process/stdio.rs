//! Where the standard descriptors of a job come from.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Where a standard descriptor of a job comes from, as [`std::process::Stdio`].
#[derive(Debug)]
pub struct Stdio(Kind);

#[derive(Debug)]
enum Kind {
    Inherit,
    Null,
    Piped,
    Given(OwnedFd),
}

impl Stdio {
    /// This process's own. A job that has a terminal of its starter's can write to it.
    pub const fn inherit() -> Self {
        Self(Kind::Inherit)
    }

    /// `/dev/null`.
    pub const fn null() -> Self {
        Self(Kind::Null)
    }

    /// A new pipe, whose other end is in the [`Child`](crate::process::Child).
    pub const fn piped() -> Self {
        Self(Kind::Piped)
    }

    /// The child's end for input, and the parent's if it is a pipe.
    pub(super) fn input(&self) -> io::Result<(End<'_>, Option<PipeWriter>)> {
        Ok(match &self.0 {
            Kind::Inherit => (End::Inherited, None),
            Kind::Null => (End::Own(File::open("/dev/null")?.into()), None),
            Kind::Piped => {
                let (reader, writer) = io::pipe()?;
                (End::Own(reader.into()), Some(writer))
            }
            Kind::Given(fd) => (End::Given(fd.as_fd()), None),
        })
    }

    /// The child's end for output, and the parent's if it is a pipe.
    pub(super) fn output(&self) -> io::Result<(End<'_>, Option<PipeReader>)> {
        Ok(match &self.0 {
            Kind::Inherit => (End::Inherited, None),
            Kind::Null => {
                let null = File::options().write(true).open("/dev/null")?;
                (End::Own(null.into()), None)
            }
            Kind::Piped => {
                let (reader, writer) = io::pipe()?;
                (End::Own(writer.into()), Some(reader))
            }
            Kind::Given(fd) => (End::Given(fd.as_fd()), None),
        })
    }
}

/// A descriptor that a child gets.
pub(super) enum End<'s> {
    Inherited,
    Own(OwnedFd),
    Given(BorrowedFd<'s>),
}

impl End<'_> {
    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Inherited => None,
            Self::Own(fd) => Some(fd.as_fd()),
            Self::Given(fd) => Some(*fd),
        }
    }
}

impl<F: Into<OwnedFd>> From<F> for Stdio {
    /// An open file, pipe or socket.
    fn from(fd: F) -> Self {
        Self(Kind::Given(fd.into()))
    }
}
