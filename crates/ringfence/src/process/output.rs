//! What a job writes to standard output and error, as it comes or collected.

use std::io::{self, PipeReader, Read as _};
use std::os::fd::{AsFd as _, BorrowedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, ioctl_fionread};

use super::child::timespec;
use super::{Child, Ended, Limit};

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What a job wrote, and how it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// How it ended.
    pub ended: Ended,
    /// What it wrote to standard output.
    pub stdout: Vec<u8>,
    /// What it wrote to standard error.
    pub stderr: Vec<u8>,
    /// Whether it wrote more than it may; what is here is the beginning.
    pub truncated: bool,
}

impl Child {
    /// Waits for its end and collects what it writes, from the pipes that it has.
    ///
    /// # Errors
    /// What the kernel said of the pipes or of the end.
    pub fn wait_with_output(self) -> io::Result<Output> {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let ended = self.stream(|stream, bytes| match stream {
            Stream::Stdout => stdout.extend_from_slice(bytes),
            Stream::Stderr => stderr.extend_from_slice(bytes),
        })?;
        Ok(Output {
            ended,
            stdout,
            stderr,
            truncated: ended.limit == Some(Limit::Output),
        })
    }

    /// Waits for its end and hands over what it writes as it comes. Beyond the limit of
    /// [`Limits::output`](super::Limits::output) nothing is handed over and the job is killed.
    ///
    /// # Errors
    /// As [`Child::wait_with_output`].
    pub fn stream(mut self, mut sink: impl FnMut(Stream, &[u8])) -> io::Result<Ended> {
        drop(self.stdin.take());
        let mut pipes = Pipes {
            open: [
                (Stream::Stdout, self.stdout.take()),
                (Stream::Stderr, self.stderr.take()),
            ]
            .into_iter()
            .filter_map(|(stream, pipe)| Some((stream, pipe?)))
            .collect(),
            left: self.job.limits.output,
        };
        for (_, pipe) in &pipes.open {
            fcntl_setfl(pipe, fcntl_getfl(pipe)? | OFlags::NONBLOCK)?;
        }
        loop {
            if self.job.is_overdue() {
                self.job.end_by(Limit::Wall);
            }
            if self.wait_for_any(&pipes)? {
                let mut ended = self.job.finish()?;
                // What was written before the end is still in the pipes.
                if pipes.read_rest(&mut sink)? {
                    ended.limit.get_or_insert(Limit::Output);
                }
                return Ok(ended);
            }
            if pipes.read(&mut sink)? {
                self.job.end_by(Limit::Output);
            }
        }
    }

    /// Waits until there is something to read, the program has ended, or its time has run out; whether
    /// it has ended.
    fn wait_for_any(&self, pipes: &Pipes) -> io::Result<bool> {
        let mut fds = vec![PollFd::new(&self.job.pidfd, PollFlags::IN)];
        let open = pipes.open.iter();
        fds.extend(open.map(|(_, pipe)| PollFd::new(pipe, PollFlags::IN)));
        let timeout = self.job.remaining().map(timespec);
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => Ok(!fds[0].revents().is_empty()),
            Err(Errno::INTR) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }
}

/// The ends to read from.
struct Pipes {
    open: Vec<(Stream, PipeReader)>,
    /// How many bytes may still come.
    left: Option<u64>,
}

impl Pipes {
    /// Hands over a piece of each pipe, without waiting; whether more came than may. A piece alone: a job
    /// may write faster than is read, and its time runs out all the same.
    fn read(&mut self, sink: &mut impl FnMut(Stream, &[u8])) -> io::Result<bool> {
        let mut buffer = [0; 16 << 10];
        let mut exceeded = false;
        let mut fault = None;
        self.open
            .retain_mut(|(stream, pipe)| match pipe.read(&mut buffer) {
                Ok(0) => false,
                Ok(count) => {
                    exceeded |= hand_over(&mut self.left, *stream, &buffer[..count], sink);
                    !exceeded
                }
                Err(error) if is_for_later(&error) => true,
                Err(error) => {
                    fault = Some(error);
                    false
                }
            });
        match fault {
            Some(error) => Err(error),
            None => Ok(exceeded),
        }
    }

    /// Hands over what is in the pipes when the job has ended; whether it is more than may come.
    fn read_rest(&mut self, sink: &mut impl FnMut(Stream, &[u8])) -> io::Result<bool> {
        let mut exceeded = false;
        for (stream, pipe) in std::mem::take(&mut self.open) {
            let bytes = rest(pipe.as_fd(), self.left)?;
            exceeded |= hand_over(&mut self.left, stream, &bytes, sink);
        }
        Ok(exceeded)
    }
}

/// Hands over what of these bytes may come; whether that is not all.
fn hand_over(
    left: &mut Option<u64>,
    stream: Stream,
    bytes: &[u8],
    sink: &mut impl FnMut(Stream, &[u8]),
) -> bool {
    let allowed = allowed(left, bytes);
    if !allowed.is_empty() {
        sink(stream, allowed);
    }
    allowed.len() < bytes.len()
}

/// What of these bytes may come, which is then taken from what is left.
pub(super) fn allowed<'b>(left: &mut Option<u64>, bytes: &'b [u8]) -> &'b [u8] {
    let Some(left) = left else {
        return bytes;
    };
    let count = bytes
        .len()
        .min(usize::try_from(*left).unwrap_or(usize::MAX));
    *left -= count as u64;
    &bytes[..count]
}

fn is_for_later(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
    )
}

/// What is in a pipe now, and a byte more at most than may still come. Whoever goes on writing to it, as
/// what a job left behind can where it may, is not waited for.
pub(super) fn rest(pipe: BorrowedFd<'_>, left: Option<u64>) -> io::Result<Vec<u8>> {
    let most = left.map_or(u64::MAX, |left| left.saturating_add(1));
    let there = ioctl_fionread(pipe)?.min(most);
    let mut bytes = vec![0; usize::try_from(there).unwrap_or(0)];
    let mut filled = 0;
    while let Some(place @ [_, ..]) = bytes.get_mut(filled..) {
        match rustix::io::read(pipe, place) {
            Ok(0) | Err(Errno::AGAIN) => break,
            Ok(count) => filled += count,
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}
