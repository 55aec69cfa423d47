//! Jobs of an asynchronous server: the same under tokio.
//!
//! The end of a job is a readable descriptor of its process (`pidfd_open(2)`): there is neither a
//! handler of SIGCHLD nor a thread for each job. A future that is dropped ends its job.
//!
//! ```no_run
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! use ringfence::Policy;
//!
//! let policy = Policy::builder().ro("/usr").ro("/lib").ro("/lib64").build()?;
//! let sandbox = policy.prepare()?;
//! let output = sandbox.command("/usr/bin/id").env_clear().output_async().await?;
//! println!("{}", output.ended);
//! # Ok(())
//! # }
//! ```

use std::collections::VecDeque;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::tokio::io::unix::AsyncFd;
use ::tokio::io::{AsyncRead, ReadBuf};
use ::tokio::net::unix::pipe::{Receiver, Sender};
use ::tokio::runtime::Handle;
use ::tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::cgroup::BURIAL;
use super::child::Job;
use super::{Command, Ended, Limit, Output, SpawnError, Stdio, Stream, output};

/// A running job, as `tokio::process::Child`. Dropping it kills the job.
#[derive(Debug)]
pub struct Child {
    /// The other end of its standard input, if that is piped.
    pub stdin: Option<Sender>,
    /// The other end of its standard output, if that is piped.
    pub stdout: Option<Receiver>,
    /// The other end of its standard error, if that is piped.
    pub stderr: Option<Receiver>,
    running: Running,
}

/// What a job does that its starter sees.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// It wrote this.
    Output(Stream, Vec<u8>),
    /// It ended.
    Ended(Ended),
}

impl Command<'_> {
    /// Starts it under tokio; the calling thread waits until the program runs.
    ///
    /// # Errors
    /// As [`Command::spawn`].
    ///
    /// # Panics
    /// Outside of a tokio runtime that has input, output and time, as tokio itself does.
    pub fn spawn_async(&mut self) -> Result<Child, SpawnError> {
        self.spawn_async_with(&Stdio::inherit(), &Stdio::inherit())
    }

    /// Starts it and waits for its end.
    ///
    /// # Errors
    /// As [`Command::status`].
    ///
    /// # Panics
    /// As [`Command::spawn_async`].
    pub async fn status_async(&mut self) -> Result<Ended, SpawnError> {
        let mut child = self.spawn_async()?;
        child.wait().await.map_err(SpawnError::Wait)
    }

    /// Starts it, waits for its end, and collects what it writes.
    ///
    /// # Errors
    /// As [`Command::output`].
    ///
    /// # Panics
    /// As [`Command::spawn_async`].
    pub async fn output_async(&mut self) -> Result<Output, SpawnError> {
        let child = self.spawn_async_with(&Stdio::null(), &Stdio::piped())?;
        child.wait_with_output().await.map_err(SpawnError::Wait)
    }

    fn spawn_async_with(&self, input: &Stdio, output: &Stdio) -> Result<Child, SpawnError> {
        let child = self.spawn_with(input, output)?;
        let failed = |which| move |error| SpawnError::Stdio(which, error);
        let sender = |pipe: io::PipeWriter| Sender::from_owned_fd(pipe.into());
        let receiver = |pipe: io::PipeReader| Receiver::from_owned_fd(pipe.into());
        Ok(Child {
            stdin: child
                .stdin
                .map(sender)
                .transpose()
                .map_err(failed("standard input"))?,
            stdout: child
                .stdout
                .map(receiver)
                .transpose()
                .map_err(failed("standard output"))?,
            stderr: child
                .stderr
                .map(receiver)
                .transpose()
                .map_err(failed("standard error"))?,
            running: Running::new(child.job).map_err(SpawnError::Wait)?,
        })
    }
}

impl Child {
    /// Its process id, which is that of its group too.
    pub fn id(&self) -> Option<u32> {
        self.running.job.as_ref().map(Job::id)
    }

    /// Waits for its end, or for its time to run out. Its standard input is closed first. May be
    /// dropped and called again.
    ///
    /// # Errors
    /// What the kernel said: ECHILD if someone else has taken the end.
    pub async fn wait(&mut self) -> io::Result<Ended> {
        drop(self.stdin.take());
        std::future::poll_fn(|context| self.running.poll_end(context)).await
    }

    /// Its end, if it has ended. Its time runs out here, too.
    ///
    /// # Errors
    /// As [`Child::wait`].
    pub fn try_wait(&mut self) -> io::Result<Option<Ended>> {
        match &mut self.running.job {
            Some(job) => job.try_wait(),
            None => Ok(None),
        }
    }

    /// Kills all of it.
    ///
    /// # Errors
    /// What the kernel said. A job that has ended is no error.
    pub fn kill(&mut self) -> io::Result<()> {
        self.running.kill()
    }

    /// What it does, as it does it, from the pipes that it has: to stream what it writes on.
    pub fn events(mut self) -> Events {
        drop(self.stdin.take());
        let pipes = [
            (Stream::Stdout, self.stdout.take()),
            (Stream::Stderr, self.stderr.take()),
        ];
        let open = pipes
            .into_iter()
            .filter_map(|(stream, pipe)| Some((stream, pipe?)))
            .collect();
        let left = self.running.job.as_ref().and_then(|job| job.limits.output);
        Events {
            running: self.running,
            open,
            left,
            ended: None,
            rest: VecDeque::new(),
            told: false,
        }
    }

    /// Waits for its end and collects what it writes, from the pipes that it has.
    ///
    /// # Errors
    /// What the kernel said of the pipes or of the end.
    pub async fn wait_with_output(self) -> io::Result<Output> {
        let mut events = self.events();
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        loop {
            match events.next().await? {
                Some(Event::Output(Stream::Stdout, bytes)) => stdout.extend(bytes),
                Some(Event::Output(Stream::Stderr, bytes)) => stderr.extend(bytes),
                Some(Event::Ended(ended)) => {
                    return Ok(Output {
                        ended,
                        stdout,
                        stderr,
                        truncated: ended.limit == Some(Limit::Output),
                    });
                }
                None => return Err(io::ErrorKind::UnexpectedEof.into()),
            }
        }
    }
}

impl AsFd for Child {
    /// A descriptor of the process, which is readable once it has ended.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.running.pidfd.as_fd()
    }
}

/// What a job writes, as it comes, and its end. Dropping it kills the job.
#[derive(Debug)]
pub struct Events {
    running: Running,
    open: VecDeque<(Stream, Receiver)>,
    /// How many bytes may still come.
    left: Option<u64>,
    ended: Option<Ended>,
    /// What it had written before.
    rest: VecDeque<(Stream, Vec<u8>)>,
    told: bool,
}

impl Events {
    /// The next event; none after the end. May be dropped and called again without a loss.
    ///
    /// # Errors
    /// What the kernel said of the pipes or of the end.
    pub async fn next(&mut self) -> io::Result<Option<Event>> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    /// Kills all of it; its end is still to come by [`Events::next`]. For who must know when nothing
    /// of the job runs any more, which dropping it does not tell.
    ///
    /// # Errors
    /// What the kernel said. A job that has ended is no error.
    pub fn kill(&mut self) -> io::Result<()> {
        self.running.kill()
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Option<Event>>> {
        if self.told {
            return Poll::Ready(Ok(None));
        }
        if self.ended.is_none()
            && let Poll::Ready(ended) = self.running.poll_end(context)
        {
            self.ended = Some(ended?);
            self.keep_rest()?;
        }
        let Some(ended) = self.ended else {
            return self.poll_output(context).map_ok(Some);
        };
        if let Some((stream, bytes)) = self.rest.pop_front() {
            return Poll::Ready(Ok(Some(Event::Output(stream, bytes))));
        }
        self.told = true;
        Poll::Ready(Ok(Some(Event::Ended(ended))))
    }

    /// Takes what the program wrote before its end and is still in the pipes. Tokio is not asked: to a task
    /// that has done much it says that nothing is there.
    fn keep_rest(&mut self) -> io::Result<()> {
        for (stream, pipe) in std::mem::take(&mut self.open) {
            let bytes = output::rest(pipe.as_fd(), self.left)?;
            let bytes = self.take(&bytes);
            if !bytes.is_empty() {
                self.rest.push_back((stream, bytes));
            }
        }
        Ok(())
    }

    /// What one of the pipes has; the other one has its turn next.
    fn poll_output(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Event>> {
        let mut buffer = [0; 16 << 10];
        for _ in 0..self.open.len() {
            let Some((stream, mut pipe)) = self.open.pop_front() else {
                break;
            };
            let mut read = ReadBuf::new(&mut buffer);
            match Pin::new(&mut pipe).poll_read(context, &mut read) {
                Poll::Pending => self.open.push_back((stream, pipe)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) if read.filled().is_empty() => {}
                Poll::Ready(Ok(())) => {
                    let bytes = self.take(read.filled());
                    self.open.push_back((stream, pipe));
                    if !bytes.is_empty() {
                        return Poll::Ready(Ok(Event::Output(stream, bytes)));
                    }
                }
            }
        }
        Poll::Pending
    }

    /// What of these bytes may still come. Beyond the limit the job is killed.
    fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        let taken = output::allowed(&mut self.left, bytes);
        if taken.len() < bytes.len() {
            self.open.clear();
            match (&mut self.ended, &mut self.running.job) {
                (Some(ended), _) => _ = ended.limit.get_or_insert(Limit::Output),
                (None, Some(job)) => job.end_by(Limit::Output),
                (None, None) => {}
            }
        }
        taken.to_vec()
    }
}

/// A job, and what wakes who waits for it.
#[derive(Debug)]
struct Running {
    /// None once it is being taken apart.
    job: Option<Job>,
    pidfd: Arc<AsyncFd<OwnedFd>>,
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Running {
    fn new(job: Job) -> io::Result<Self> {
        #[allow(
            deprecated,
            reason = "the new name asks unsafe code to promise that the descriptor is owned, which its type does here"
        )]
        let pidfd = AsyncFd::new(job.pidfd.try_clone()?)?;
        Ok(Self {
            pidfd: Arc::new(pidfd),
            deadline: job
                .deadline()
                .map(|deadline| Box::pin(sleep_until(Instant::from_std(deadline)))),
            job: Some(job),
        })
    }

    fn kill(&mut self) -> io::Result<()> {
        match &mut self.job {
            Some(job) => job.kill(),
            None => Ok(()),
        }
    }

    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Ended>> {
        let Some(job) = &mut self.job else {
            return Poll::Ready(Err(io::ErrorKind::NotFound.into()));
        };
        if let Some(ended) = job.ended() {
            return Poll::Ready(Ok(ended));
        }
        if let Some(deadline) = &mut self.deadline
            && deadline.as_mut().poll(context).is_ready()
        {
            self.deadline = None;
            job.end_by(Limit::Wall);
        }
        // Nobody reads it: it stays readable, and that is all that it says.
        ready!(self.pidfd.poll_read_ready(context))?.retain_ready();
        Poll::Ready(job.finish())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(mut job) = self.job.take().filter(|job| !job.is_over()) else {
            return;
        };
        // Its death takes a moment, in which a thread of the runtime must not stand still; and another thread
        // is not to be had at any time.
        let _ = job.kill();
        match Handle::try_current() {
            Ok(handle) => drop(handle.spawn(bury(job, self.pidfd.clone()))),
            Err(_) => drop(job),
        }
    }
}

/// Waits until nothing of a killed job is left. Dropped before, it stands still as long.
async fn bury(mut job: Job, pidfd: Arc<AsyncFd<OwnedFd>>) {
    // An error, if the runtime that it was started in has ended: then the job is waited for.
    let _ = pidfd.readable().await;
    let _ = job.finish();
    for _ in 0..BURIAL.as_millis() {
        if job.remove_cgroup() {
            return;
        }
        sleep(Duration::from_millis(1)).await;
    }
}
