//! What a job writes to standard output and error, as it comes or collected.

use std::io::{self, PipeReader, Read as _};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;

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
            let ended = self.wait_for_any(&pipes)?;
            if pipes.read(&mut sink)? {
                self.job.end_by(Limit::Output);
            }
            if ended {
                let mut ended = self.job.finish()?;
                // What was written before the end is still in the pipes.
                if pipes.read(&mut sink)? {
                    ended.limit.get_or_insert(Limit::Output);
                }
                return Ok(ended);
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
    /// Hands over all that can be read without waiting; whether more came than may.
    fn read(&mut self, sink: &mut impl FnMut(Stream, &[u8])) -> io::Result<bool> {
        let mut buffer = [0; 16 << 10];
        let mut exceeded = false;
        let mut fault = None;
        self.open.retain_mut(|(stream, pipe)| {
            loop {
                match pipe.read(&mut buffer) {
                    Ok(0) => return false,
                    Ok(count) => {
                        let left = self.left.unwrap_or(u64::MAX);
                        let taken = count.min(usize::try_from(left).unwrap_or(usize::MAX));
                        if taken > 0 {
                            sink(*stream, &buffer[..taken]);
                        }
                        self.left = self.left.map(|left| left - taken as u64);
                        if taken < count {
                            exceeded = true;
                            return false;
                        }
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                    Err(error) => {
                        fault = Some(error);
                        return false;
                    }
                }
            }
        });
        match fault {
            Some(error) => Err(error),
            None => Ok(exceeded),
        }
    }
}
