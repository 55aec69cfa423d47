//! Why the files that a command needs could not be listed, as sentences.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::image::Flaw;
use super::program::MAX_SCRIPTS;
use super::walk::{MAX_LIBRARIES, MAX_PROBES};

/// Why the files that a command needs could not be listed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A command without a slash that no directory of `PATH` has.
    #[error("{} was not found in PATH; give its full path, or add its directory to PATH", .name.display())]
    NotFound {
        /// The command as given.
        name: PathBuf,
    },
    /// A program that cannot be opened or read, for the reason in `source`.
    #[error("cannot read {} to find out what it needs", .path.display())]
    Unreadable {
        /// The program.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// A file that the kernel would refuse with `ENOEXEC`.
    #[error(
        "{} is neither an ELF executable nor a script that starts with `#!` and an interpreter; \
         put its interpreter in front of it, as in `sh {}`",
        .path.display(), .path.display()
    )]
    NotAProgram {
        /// The file.
        path: PathBuf,
    },
    /// An ELF file that cannot be loaded.
    #[error("{} cannot be loaded: {flaw}; reinstall or rebuild it", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// A `#!` line whose interpreter the kernel would cut off.
    #[error(
        "the interpreter in the first line of {} does not fit into the 255 bytes that the kernel reads; \
         shorten its path, for example with a symbolic link",
        .script.display()
    )]
    LineTooLong {
        /// The script.
        script: PathBuf,
    },
    /// An interpreter, of a script or of an ELF file, that cannot be opened.
    #[error(
        "{}, the interpreter of {}, cannot be opened; install it, or correct the file that names it",
        .interpreter.display(), .of.display()
    )]
    InterpreterMissing {
        /// The interpreter as named.
        interpreter: PathBuf,
        /// The file that names it.
        of: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// Scripts that are each other's interpreter, or more of them in a row than the kernel follows.
    #[error(
        "{} leads from script to script without end or over more than {MAX_SCRIPTS} of them, where the kernel \
         gives up; name an executable in its first line",
        .script.display()
    )]
    InterpreterLoop {
        /// The script at which it was noticed.
        script: PathBuf,
    },
    /// No descriptor was left to look at a file, which says nothing about the file.
    #[error(
        "cannot look at {}, since too many files are open; raise the limit with `ulimit -n`, or fs.file-max if the \
         whole system is out of them",
        .path.display()
    )]
    NoDescriptors {
        /// The file or directory.
        path: PathBuf,
        /// What the kernel said.
        source: io::Error,
    },
    /// A program beyond the bounds that keep this search short.
    #[error(
        "{} leads to more than {MAX_LIBRARIES} libraries, or to more than {MAX_PROBES} places to look for them; \
         allow its directories with --ro instead of --with-deps",
        .program.display()
    )]
    TooManyLibraries {
        /// The program.
        program: PathBuf,
    },
}

/// Keeps a lack of descriptors from passing for a file that is not there.
pub(super) fn with_descriptors<T>(
    path: &Path,
    opened: io::Result<T>,
) -> Result<io::Result<T>, Error> {
    let lacking = |e: &io::Error| {
        let errno = Errno::from_io_error(e);
        matches!(errno, Some(Errno::MFILE | Errno::NFILE))
    };
    match opened {
        Err(source) if lacking(&source) => Err(Error::NoDescriptors {
            path: path.to_owned(),
            source,
        }),
        opened => Ok(opened),
    }
}
