//! Where records are read: the kernel's group of listeners, audit.log, the journal, the kernel's log, a file.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use nix::sys::signalfd::SignalFd;
use ringfence_observe::audit::{AuditGroup, Log};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::journal::journal;
use super::since::Since;

const AUDIT_LOG: &str = "/var/log/audit/audit.log";
const KERNEL_LOG: &str = "/dev/kmsg";
/// What is read at a time; a record of the kernel's log comes whole or not at all.
const PIECE: usize = 64 * 1024;
/// How much is read before it is time to look up.
const MOST_PIECES: usize = 16;

/// A place where records are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Netlink,
    AuditLog,
    Journal,
    KernelLog,
    /// `-` is standard input.
    File(PathBuf),
}

impl Place {
    pub(super) const NAMES: [&'static str; 4] = ["netlink", "audit-log", "journal", "kernel-log"];

    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "netlink" => Self::Netlink,
            "audit-log" => Self::AuditLog,
            "journal" => Self::Journal,
            "kernel-log" => Self::KernelLog,
            _ => return None,
        })
    }

    /// Whether what is there was recorded by the running kernel, or one like it.
    pub(super) fn is_of_this_kernel(&self) -> bool {
        !matches!(self, Self::File(_))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Netlink => f.write_str("records as the kernel makes them (netlink)"),
            Self::AuditLog => write!(f, "{AUDIT_LOG} (audit-log)"),
            Self::Journal => f.write_str("the journal"),
            Self::KernelLog => write!(f, "{KERNEL_LOG} (kernel-log)"),
            Self::File(file) if file == Path::new("-") => f.write_str("standard input"),
            Self::File(file) => write!(f, "{}", file.display()),
        }
    }
}

/// Why records cannot be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum SourceError {
    #[error("cannot read {place}: {why}")]
    Unusable { place: String, why: String },
    #[error(
        "there is no source of records that can be read:{}\ngive a text with --file, or start this as root",
        listed(.0)
    )]
    None(Vec<(Place, String)>),
    #[error("netlink has nothing of the past; add --follow, or leave out --source")]
    NoPast,
    #[error("cannot read records")]
    Read(#[source] io::Error),
}

fn listed(refused: &[(Place, String)]) -> String {
    let lines = refused
        .iter()
        .map(|(place, why)| format!("\n  {place}: {why}"));
    lines.collect()
}

/// What reading came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// There may be more.
    More,
    /// There is no more for now.
    Nothing,
    /// There will be no more.
    End,
}

/// An open source.
#[derive(Debug)]
pub(super) enum Source {
    Group(AuditGroup),
    /// A file that is read to its end, and followed beyond if it is to be.
    File {
        file: File,
        path: PathBuf,
        follow: bool,
    },
    /// Standard input, or journalctl's output.
    Pipe(Pipe),
    KernelLog {
        file: File,
        follow: bool,
    },
}

#[derive(Debug)]
pub(super) struct Pipe {
    pub(super) from: File,
    /// What writes into it, which ends with it.
    pub(super) child: Option<Child>,
}

impl Drop for Pipe {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            // It may have ended by itself.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Source {
    /// The first source that can be read.
    pub(super) fn first(follow: bool, since: Option<Since>) -> Result<(Place, Self), SourceError> {
        // Of the past the kernel's group knows nothing.
        let places = if follow && since.is_none() {
            &[
                Place::Netlink,
                Place::AuditLog,
                Place::Journal,
                Place::KernelLog,
            ][..]
        } else {
            &[Place::AuditLog, Place::Journal, Place::KernelLog]
        };
        let mut refused = Vec::new();
        for place in places {
            match Self::open(place, follow, since) {
                Ok(source) => return Ok((place.clone(), source)),
                Err(SourceError::Unusable { why, .. }) => refused.push((place.clone(), why)),
                Err(error) => return Err(error),
            }
        }
        Err(SourceError::None(refused))
    }

    /// Opens a source.
    pub(super) fn open(
        place: &Place,
        follow: bool,
        since: Option<Since>,
    ) -> Result<Self, SourceError> {
        let unusable = |why: String| SourceError::Unusable {
            place: place.to_string(),
            why,
        };
        match place {
            Place::Netlink if !follow => Err(SourceError::NoPast),
            Place::Netlink => AuditGroup::join()
                .map(Self::Group)
                .map_err(|error| unusable(because_of_netlink(&error))),
            Place::Journal => journal(follow, since).map_err(unusable),
            Place::KernelLog => OpenOptions::new()
                .read(true)
                .custom_flags(nonblocking())
                .open(KERNEL_LOG)
                .map(|file| Self::KernelLog { file, follow })
                .map_err(|error| {
                    let needs = "it needs root, CAP_SYSLOG, or kernel.dmesg_restrict=0";
                    unusable(format!("{error}; {needs}"))
                }),
            Place::File(path) if path == Path::new("-") => {
                let from = io::stdin().as_fd().try_clone_to_owned();
                let from = File::from(from.map_err(|error| unusable(error.to_string()))?);
                Ok(Self::Pipe(Pipe { from, child: None }))
            }
            Place::File(path) => file(path, follow).map_err(|error| unusable(error.to_string())),
            Place::AuditLog => file(Path::new(AUDIT_LOG), follow).map_err(|error| {
                unusable(match error.kind() {
                    ErrorKind::NotFound => "there is none; auditd writes it".to_owned(),
                    _ => format!(
                        "{error}; it needs root, or the group that log_group names in auditd.conf"
                    ),
                })
            }),
        }
    }

    /// Waits for something to read, a signal, or the end of the time.
    pub(super) fn wait(&self, signals: &SignalFd, most: Duration) -> Result<Woken, SourceError> {
        let mut fds = vec![PollFd::new(signals, PollFlags::IN)];
        if let Some(fd) = self.pollable() {
            fds.push(PollFd::from_borrowed_fd(fd, PollFlags::IN));
        }
        let most = Timespec::try_from(most).unwrap_or_default();
        match poll(&mut fds, Some(&most)) {
            Ok(_) | Err(Errno::INTR) => {
                let is_ready = |fd: &PollFd<'_>| !fd.revents().is_empty();
                Ok(Woken {
                    by_signal: fds.first().is_some_and(is_ready),
                    readable: fds.get(1).is_none_or(is_ready),
                })
            }
            Err(error) => Err(SourceError::Read(error.into())),
        }
    }

    /// What there is to wait on; a file has no such thing.
    fn pollable(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Self::Group(group) => Some(group.as_fd()),
            Self::Pipe(pipe) => Some(pipe.from.as_fd()),
            Self::KernelLog { file, .. } => Some(file.as_fd()),
            Self::File { .. } => None,
        }
    }

    /// Reads what there is. A pipe is waited for if there is nothing.
    pub(super) fn read(&mut self, log: &mut Log) -> Result<Read, SourceError> {
        // Of a pipe nothing says whether there is a second piece.
        let pieces = match self {
            Self::Pipe(_) => 1,
            _ => MOST_PIECES,
        };
        for _ in 0..pieces {
            match self.read_once(log).map_err(SourceError::Read)? {
                Read::More => {}
                other => return Ok(other),
            }
        }
        Ok(Read::More)
    }

    fn read_once(&mut self, log: &mut Log) -> io::Result<Read> {
        match self {
            Self::Group(group) => match group.receive() {
                Ok(Some(message)) => {
                    log.message(&message);
                    Ok(Read::More)
                }
                Ok(None) => Ok(Read::Nothing),
                Err(error) if error.raw_os_error() == Some(Errno::NOBUFS.raw_os_error()) => {
                    log.lost();
                    Ok(Read::More)
                }
                Err(error) => Err(error),
            },
            Self::KernelLog { file, follow } => {
                let mut buffer = vec![0; PIECE];
                match file.read(&mut buffer) {
                    Ok(length) => {
                        // Behind the first line stand fields of the device that it is about.
                        let record = buffer[..length].split(|&byte| byte == b'\n').next();
                        log.text(record.unwrap_or_default());
                        log.text(b"\n");
                        Ok(Read::More)
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        Ok(if *follow { Read::Nothing } else { Read::End })
                    }
                    // Overwritten before it was read.
                    Err(error) if error.raw_os_error() == Some(Errno::PIPE.raw_os_error()) => {
                        log.lost();
                        Ok(Read::More)
                    }
                    Err(error) => Err(error),
                }
            }
            Self::Pipe(pipe) => {
                let mut buffer = vec![0; PIECE];
                let length = pipe.from.read(&mut buffer)?;
                log.text(&buffer[..length]);
                Ok(if length == 0 { Read::End } else { Read::More })
            }
            Self::File { file, path, follow } => {
                let mut buffer = vec![0; PIECE];
                let length = file.read(&mut buffer)?;
                log.text(&buffer[..length]);
                if length > 0 {
                    return Ok(Read::More);
                }
                if !*follow {
                    return Ok(Read::End);
                }
                Ok(if is_rotated(file, path)? {
                    log.end_of_text();
                    Read::More
                } else {
                    Read::Nothing
                })
            }
        }
    }
}

/// What ended a wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Woken {
    pub(super) by_signal: bool,
    /// Whether reading does not block.
    pub(super) readable: bool,
}

fn nonblocking() -> i32 {
    rustix::fs::OFlags::NONBLOCK.bits().cast_signed()
}

fn file(path: &Path, follow: bool) -> io::Result<Source> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(Errno::ISDIR.into());
    }
    Ok(Source::File {
        file,
        path: path.to_owned(),
        follow,
    })
}

/// Whether another file has come to the name, or the file begins anew; it is then open at its beginning.
fn is_rotated(file: &mut File, path: &Path) -> io::Result<bool> {
    let Ok(new) = File::open(path) else {
        // Between two names there is none for a moment.
        return Ok(false);
    };
    let (old, now) = (file.metadata()?, new.metadata()?);
    if (old.dev(), old.ino()) != (now.dev(), now.ino()) {
        *file = new;
        return Ok(true);
    }
    let begins_anew = old.is_file() && file.stream_position()? > old.len();
    if begins_anew {
        file.seek(SeekFrom::Start(0))?;
    }
    Ok(begins_anew)
}

fn because_of_netlink(error: &io::Error) -> String {
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::PERM) => {
            "it needs CAP_AUDIT_READ in the initial user namespace, as root has it outside of containers".to_owned()
        }
        Some(Errno::PROTONOSUPPORT) => "this kernel is built without audit (CONFIG_AUDIT)".to_owned(),
        _ => error.to_string(),
    }
}
