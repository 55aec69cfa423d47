//! A function of this program, run in a restricted copy of this process: for code that reads what
//! strangers wrote.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd as _, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Instant;

use ringfence_sys::spawn::{self, Bounds, LaunchError, Resource, ResourceLimit, Step, copy};
use ringfence_sys::{above_standard, is_inherited};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::child::Job;
use super::user::User;
use super::{Child, Ended, Limit, Limits, SpawnError, group, panic_message};
use crate::capabilities;
use crate::policy::Policy;
use crate::sandbox::{PrepareError, Sandbox};
use crate::seccomp::Program;
use crate::shown::Shown;

mod nesting;

/// How long an answer may be, if nothing else is said: 64 MiB.
const LONGEST_ANSWER: u64 = 64 << 20;

/// Runs `act` in a copy of this process that the policy restricts, and returns what it returned. The
/// policy is looked up each time; [`Sandbox::confined`] does that once for many, and takes limits.
///
/// # Errors
/// [`ConfineError`], which tells a crash from a kill, a time-out and an answer that is too long.
///
/// ```no_run
/// use ringfence::{Policy, process::confine};
///
/// let policy = Policy::builder().build()?; // neither files nor network
/// let title: Option<String> = confine(policy, || parse(b"<title>x</title>"))?;
/// # fn parse(_: &[u8]) -> Option<String> { None }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn confine<T: Serialize + DeserializeOwned>(
    policy: Policy,
    act: impl FnOnce() -> T,
) -> Result<T, ConfineError> {
    let sandbox = policy.prepare()?;
    sandbox.confined().run(act)
}

/// A function that is going to be run in a restricted copy of this process.
///
/// The copy is made by `fork`. It has all of this process's memory, keys and passwords included, which
/// it can read and cannot send anywhere that the policy does not allow, but for its answer. So:
/// - What it returns is as trustworthy as what it has read.
/// - What this process shares with others it shares with the copy too: mappings with `MAP_SHARED`, rings of
///   io_uring among them. Keep these out of a process that confines (`MADV_DONTFORK`).
/// - Only the calling thread goes on in it. A lock that another thread held stays locked there: give it
///   a time ([`Limits::wall`]), and let it use the allocator and no other thing that is shared.
/// - Descriptors above 2 are closed, but for those that [`Confined::keep`] names; standard input and
///   output are `/dev/null`.
/// - It takes time to copy the page tables of this process: some 30 ms for each GiB in use.
#[derive(Debug)]
#[must_use = "nothing is run before `run`"]
pub struct Confined<'s> {
    sandbox: &'s Sandbox,
    limits: Limits,
    longest: u64,
    keep: Vec<BorrowedFd<'s>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfineError {
    /// The sandbox could not be prepared.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// The copy could not be made or restricted; nothing was run.
    #[error(transparent)]
    Start(#[from] SpawnError),
    /// It panicked, and said this.
    #[error("the confined function panicked: {}", Shown(Path::new(.0)))]
    Panicked(String),
    /// It was ended by a signal that says of a fault: a bad access, an abort, a forbidden call.
    #[error("the confined function crashed (signal {0})")]
    Crashed(i32),
    /// Somebody killed it.
    #[error("the confined function was killed")]
    Killed,
    /// It used up what it may.
    #[error("the confined function was ended by its limit: {0}")]
    Limit(Limit),
    /// Its answer is longer than it may be.
    #[error("the confined function answered with more than {0} bytes")]
    TooLong(u64),
    /// It ended without an answer.
    #[error("the confined function ended without an answer (exit code {0})")]
    NoAnswer(i32),
    /// Its answer cannot be read or written.
    #[error("the answer of the confined function cannot be passed on: {}", Shown(Path::new(.0)))]
    Answer(String),
}

impl Sandbox {
    /// A function to run in a copy of this process, in this sandbox.
    pub fn confined(&self) -> Confined<'_> {
        Confined {
            sandbox: self,
            limits: Limits::default(),
            longest: LONGEST_ANSWER,
            keep: Vec::new(),
        }
    }
}

/// What the copy writes first. Before the function runs, so that it cannot say that it did not.
const SETTLED: u8 = 0;
const UNSETTLED: u8 = 1;

/// What its answer begins with then.
const VALUE: u8 = 0;
const PANIC: u8 = 1;
const UNWRITTEN: u8 = 2;

impl<'s> Confined<'s> {
    /// What it may use up. [`Limits::output`] is for programs; see [`Confined::longest_answer`].
    /// [`Limits::memory`] counts what this process has mapped as well, since the copy begins with that.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How many bytes its answer may have; 64 MiB if nothing is said.
    ///
    /// As a value here it may take many times that: a byte is enough for an empty `Vec`, or for the
    /// `None` of a large type. Say what an honest answer needs. It may be nested 256 levels deep, so that
    /// none runs over the stack here. Of a type without bytes, as the elements of a `Vec<()>` are, a
    /// few bytes claim any number: do not ask for such.
    pub fn longest_answer(mut self, bytes: u64) -> Self {
        self.longest = bytes;
        self
    }

    /// Leaves it a descriptor above 2. It has its own of those up to 2.
    pub fn keep(mut self, fd: BorrowedFd<'s>) -> Self {
        self.keep.push(fd);
        self
    }

    /// Runs `act` there, and returns what it returned.
    ///
    /// # Errors
    /// [`ConfineError`].
    pub fn run<T: Serialize + DeserializeOwned>(
        self,
        act: impl FnOnce() -> T,
    ) -> Result<T, ConfineError> {
        let copy = self.start(act)?;
        let mut bytes = Vec::new();
        let ended = copy
            .stream(|_, chunk| bytes.extend_from_slice(chunk))
            .map_err(SpawnError::Wait)?;
        self.read(ended, &bytes)
    }

    /// Runs `act` there and does not wait: for who has something to do right after the fork, or waits in a way
    /// of their own. What the copy answers comes by what is [`Child::stdout`] here; [`Child::stream`] collects
    /// it, and kills a copy that writes more than [`Confined::most_written`]. With its end it is for
    /// [`Confined::read`].
    ///
    /// # Errors
    /// [`ConfineError::Start`].
    ///
    /// ```no_run
    /// use ringfence::Policy;
    ///
    /// let sandbox = Policy::builder().build()?.prepare()?;
    /// let confined = sandbox.confined();
    /// let copy = confined.start(|| 1 + 1)?;
    /// let mut written = Vec::new();
    /// let ended = copy.stream(|_, bytes| written.extend_from_slice(bytes))?;
    /// let sum: i32 = confined.read(ended, &written)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn start<T: Serialize>(&self, act: impl FnOnce() -> T) -> Result<Child, ConfineError> {
        self.limits
            .require_possible(false, || User::default().is_exempt(false))?;
        let filter = group::filter(self.sandbox)?;
        let null = File::options().read(true).write(true).open("/dev/null");
        let null = OwnedFd::from(null.map_err(|error| SpawnError::Stdio("standard input", error))?);
        let broken = |error| SpawnError::Stdio("the answer", error);
        let (reader, writer) = io::pipe().map_err(broken)?;
        // The copy has standard descriptors of its own where this process may have none.
        let writer = File::from(above_standard(writer.into()).map_err(broken)?);
        let mut keep = vec![writer.as_raw_fd()];
        keep.extend(self.keep.iter().map(AsRawFd::as_raw_fd));
        let started = Instant::now();
        let mut resources = self.limits.resources(false);
        resources.push(no_core_dump());
        let error = (!is_inherited(2)).then(|| null.as_fd());
        let bounds = Bounds {
            stdio: [Some(null.as_fd()), Some(null.as_fd()), error],
            directory: None,
            cgroup: None,
            limits: &resources,
            user: spawn::User::default(),
            own_group: true,
            keep: &keep,
            give_up: capabilities::given_up(self.sandbox.plan(), &resources),
            ruleset: self.sandbox.ruleset(),
            restrict_flags: self.sandbox.restrict_flags(),
            filter: Some(Program::instructions(filter)),
        };
        let launched = copy(&bounds, |settled| {
            let told = match settled {
                Ok(()) => (&writer)
                    .write_all(&[SETTLED])
                    .and_then(|()| (&writer).write_all(&answer(act))),
                Err(error) => (&writer).write_all(&unsettled(&error)),
            };
            // A parent that has stopped to listen cannot be told.
            i32::from(told.is_err())
        })
        .map_err(SpawnError::Copy)?;
        drop(writer);
        let limits = Limits {
            output: Some(self.most_written()),
            ..self.limits
        };
        let job = Job::new(launched, started, limits, true, None);
        Ok(Child::new(None, Some(reader), None, job))
    }

    /// How many bytes the copy may write for an answer that is just not too long.
    pub fn most_written(&self) -> u64 {
        // Two bytes say what kind of answer it is.
        self.longest.saturating_add(2)
    }

    /// What a copy answered that [`Confined::start`] made, by its end and all that it wrote.
    ///
    /// # Errors
    /// [`ConfineError`].
    pub fn read<T: DeserializeOwned>(&self, ended: Ended, bytes: &[u8]) -> Result<T, ConfineError> {
        match ended.limit {
            Some(Limit::Output) => return Err(ConfineError::TooLong(self.longest)),
            None if bytes.len() as u64 > self.most_written() => {
                return Err(ConfineError::TooLong(self.longest));
            }
            Some(limit) => return Err(ConfineError::Limit(limit)),
            None => {}
        }
        if let Some(signal) = ended.status.signal() {
            let killed = signal == rustix::process::Signal::KILL.as_raw();
            return Err(if killed {
                ConfineError::Killed
            } else {
                ConfineError::Crashed(signal)
            });
        }
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        match bytes {
            [UNSETTLED, report @ ..] => Err(read_unsettled(report).into()),
            [SETTLED, VALUE, value @ ..] if ended.success() => {
                nesting::read(value).map_err(ConfineError::Answer)
            }
            [SETTLED, PANIC, message @ ..] => Err(ConfineError::Panicked(text(message))),
            [SETTLED, UNWRITTEN, message @ ..] => Err(ConfineError::Answer(text(message))),
            _ => Err(ConfineError::NoAnswer(ended.code().unwrap_or_default())),
        }
    }
}

/// A dump of the copy would hold all of this process's memory. The kernel writes none into a file that may
/// have one byte, and takes just that for a sign not to start a program of `core_pattern` either
/// (`do_coredump` in `fs/coredump.c`).
fn no_core_dump() -> ResourceLimit {
    let hard = rustix::process::getrlimit(rustix::process::Resource::Core).maximum;
    let most = hard.unwrap_or(u64::MAX).min(1);
    ResourceLimit {
        resource: Resource::Core,
        soft: most,
        hard: most,
    }
}

/// Runs the function, and writes down what it returned.
fn answer<T: Serialize>(act: impl FnOnce() -> T) -> Vec<u8> {
    let tagged = |tag: u8, bytes: &[u8]| [&[tag], bytes].concat();
    match catch_unwind(AssertUnwindSafe(act)) {
        Ok(value) => match postcard::to_extend(&value, vec![VALUE]) {
            Ok(answer) => answer,
            Err(error) => tagged(UNWRITTEN, error.to_string().as_bytes()),
        },
        Err(panic) => tagged(PANIC, panic_message(&*panic).as_bytes()),
    }
}

/// A step that failed, for the parent: its number and the kernel's.
fn unsettled(error: &LaunchError) -> Vec<u8> {
    let errno = error.error.raw_os_error().unwrap_or(0);
    let mut answer = vec![UNSETTLED];
    answer.extend((error.step as u32).to_ne_bytes());
    answer.extend(errno.to_ne_bytes());
    answer
}

fn read_unsettled(report: &[u8]) -> SpawnError {
    let number = |at: usize| {
        let bytes = report.get(at..at + 4)?;
        Some(u32::from_ne_bytes(bytes.try_into().ok()?))
    };
    let step = number(0).and_then(Step::numbered).unwrap_or(Step::Clone);
    let errno = number(4).map_or(0, u32::cast_signed);
    SpawnError::Settle {
        step: step.into(),
        source: io::Error::from_raw_os_error(errno),
    }
}
