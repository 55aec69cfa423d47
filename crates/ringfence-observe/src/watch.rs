//! Watching a program and all that it starts: which paths, ports and classes of acts it uses.
//!
//! A filter stops it before the calls that matter; what such a call is about is looked up before it is
//! made, and what came of it behind it. All other calls run at full speed.

use std::collections::{HashMap, HashSet};
use std::ffi::CStr;
use std::io;
use std::time::{Duration, Instant};

use ringfence::{Action, Arch, Filter, Kernel, Plan, Policy, Syscall};
use ringfence_sys::CStrings;
use ringfence_sys::ptrace::{self, Call};

use crate::observation::Observation;
use events::Observer;
use pending::Pending;

mod entries;
pub(crate) mod events;
pub(crate) mod filter;
pub(crate) mod names;
pub(crate) mod pending;
mod programs;
mod sockets;

/// How the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With this exit code.
    Code(u8),
    /// By this signal.
    Signal(i32),
}

/// Why a program could not be watched.
#[derive(Debug)]
#[non_exhaustive]
pub enum WatchError {
    /// This kernel or machine does not let it be traced.
    Trace(io::Error),
    /// The program could not be executed.
    Execute(io::Error),
    /// Filters for this processor are not known here.
    Processor,
}

impl std::fmt::Display for WatchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Trace(_) => {
                "cannot watch the command: this machine does not let processes be traced (see \
                 /proc/sys/kernel/yama/ptrace_scope, and the seccomp profile of the container)"
            }
            Self::Execute(_) => "cannot execute the command",
            Self::Processor => {
                "cannot watch the command: system calls of this processor are not known here"
            }
        })
    }
}

impl std::error::Error for WatchError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Trace(error) | Self::Execute(error) => Some(error),
            Self::Processor => None,
        }
    }
}

/// How a program is watched.
#[derive(Default)]
pub struct Watching<'w> {
    /// Whether every system call is noted. The program stops at each then, which makes it much slower.
    pub every_call: bool,
    /// Is told what was seen so far, once a second at most, while the program does something.
    pub progress: Option<&'w mut dyn FnMut(&Observation)>,
}

/// Starts a program and watches it until it and all that it started have ended. It behaves as it would
/// alone, but that set-user-ID programs gain nothing and calls do not exist that a sandbox answers so.
///
/// For a process of one thread that has no other children. It ignores SIGINT and SIGQUIT meanwhile.
///
/// # Errors
/// [`WatchError`]; the program has not run then.
pub fn watch(
    program: &CStr,
    arguments: &CStrings,
    environment: Option<&CStrings>,
    how: Watching<'_>,
) -> Result<(Observation, End), WatchError> {
    let arch = Arch::NATIVE.ok_or(WatchError::Processor)?;
    let sandbox = sandbox_filter();
    let filter = filter::compile(arch, sandbox.as_ref(), how.every_call);
    let started =
        ptrace::start(program, arguments, environment, &filter).map_err(WatchError::Trace)?;
    let mut watcher = Watcher {
        arch,
        by_number: Syscall::all()
            .filter_map(|call| Some((u64::from(call.number(arch)?), call)))
            .collect(),
        sandbox,
        first: started.pid,
        tracees: HashMap::new(),
        leaders: HashSet::new(),
        observation: Observation::default(),
        end: None,
        told: Instant::now(),
        how,
    };
    events::follow(&mut watcher).map_err(WatchError::Trace)?;
    if let Some(error) = started.failure() {
        return Err(WatchError::Execute(error));
    }
    let end = watcher.end.unwrap_or(End::Code(1));
    Ok((watcher.observation, end))
}

/// What a sandbox on this kernel would deny by calls if its policy allowed nothing.
fn sandbox_filter() -> Option<Filter> {
    let policy = Policy::builder().build().ok()?;
    Plan::new(policy, Kernel::probe()).filter()
}

/// A thread under watch.
#[derive(Default)]
struct Tracee {
    /// The call that it is in, if that is one to look at.
    pending: Option<Pending>,
    /// The name of its program, once it was needed.
    program: Option<String>,
    /// The process that it is a thread of, once it was needed.
    leader: Option<i32>,
}

struct Watcher<'w> {
    arch: Arch,
    by_number: HashMap<u64, Syscall>,
    sandbox: Option<Filter>,
    first: i32,
    tracees: HashMap<i32, Tracee>,
    /// Processes that made a call to look at and have not ended.
    leaders: HashSet<i32>,
    observation: Observation,
    end: Option<End>,
    /// When progress was told last.
    told: Instant,
    how: Watching<'w>,
}

impl Observer for Watcher<'_> {
    fn enters(&mut self, pid: i32, call: Call) -> io::Result<()> {
        self.tell_progress();
        self.note_call(pid, &call);
        Ok(())
    }

    fn awaits_return(&mut self, pid: i32) -> bool {
        self.tracee(pid).pending.is_some()
    }

    fn returns(&mut self, pid: i32) -> io::Result<()> {
        self.note_return(pid)
    }

    fn executed(&mut self, pid: i32, before: i32) {
        self.note_program(pid, before);
    }

    fn made(&mut self, pid: i32, new: i32) {
        let program = self.tracee(pid).program.clone();
        // Unless more is known of it: it may have become another program before its maker stopped for this.
        self.tracees.entry(new).or_insert(Tracee {
            program,
            ..Tracee::default()
        });
    }

    fn ended(&mut self, pid: i32, end: End) {
        self.tracees.remove(&pid);
        self.leaders.remove(&pid);
        if pid == self.first {
            self.end = Some(end);
        }
    }
}

impl Watcher<'_> {
    fn tell_progress(&mut self) {
        let Some(progress) = &mut self.how.progress else {
            return;
        };
        if self.told.elapsed() >= BETWEEN_PROGRESS {
            progress(&self.observation);
            self.told = Instant::now();
        }
    }

    fn tracee(&mut self, pid: i32) -> &mut Tracee {
        self.tracees.entry(pid).or_default()
    }

    fn program(&mut self, pid: i32) -> String {
        let tracee = self.tracees.entry(pid).or_default();
        tracee
            .program
            .get_or_insert_with(|| names::program(pid))
            .clone()
    }

    /// Notes what a call is about before it is made.
    fn note_call(&mut self, pid: i32, call: &Call) {
        if call.audit != self.arch.audit() {
            let program = self.program(pid);
            self.observation.notes.insert(format!(
                "{program} makes system calls of another architecture, which were not watched; a sandbox ends it"
            ));
            return;
        }
        let Some(&known) = self.by_number.get(&call.number) else {
            return;
        };
        if self.how.every_call {
            let program = self.program(pid);
            let count = self.observation.used.entry(known).or_default();
            count.add(&program);
        }
        let denied = self.sandbox.as_ref().is_some_and(|filter| {
            let verdict = filter.verdict(known);
            verdict.decide(call.arguments) != Action::Allow
        });
        if !denied && !filter::CALLS.contains(&known) {
            return;
        }
        let tracee = self.tracees.entry(pid).or_default();
        let leader = *tracee.leader.get_or_insert_with(|| names::leader(pid));
        if self.leaders.insert(leader) {
            self.observation.processes += 1;
        }
        let mut pending = Pending::of(pid, leader, known, call.arguments);
        pending.denied = denied;
        // Before the call, by which the other may end.
        pending.leave_out_signals(|process| events::is_watched(&self.tracees, process));
        if let Some(note) = pending.note() {
            let program = self.program(pid);
            self.observation.notes.insert(format!("{program} {note}"));
        }
        self.tracee(pid).pending = Some(pending);
    }

    fn note_return(&mut self, pid: i32) -> io::Result<()> {
        let Some(pending) = self.tracee(pid).pending.take() else {
            return Ok(());
        };
        let result = ptrace::returned(pid)?;
        let program = self.program(pid);
        if let (Ok(_), true) = (result, pending.denied) {
            self.denied_call(&pending, &program);
        }
        let context = pending::Context {
            pid,
            first: self.first,
            program: &program,
        };
        pending.finish(&context, result, &mut self.observation);
        Ok(())
    }

    /// Counts a call that a sandbox would deny, with those of its arguments that matter for that.
    fn denied_call(&mut self, pending: &Pending, program: &str) {
        let Some(filter) = &self.sandbox else {
            return;
        };
        let mut arguments = [0; 6];
        filter::masked(
            filter.verdict(pending.call),
            pending.arguments,
            &mut arguments,
        );
        let key = (pending.call, arguments);
        self.observation.calls.entry(key).or_default().add(program);
    }

    fn note_program(&mut self, pid: i32, before: i32) {
        // A thread that executes a program becomes the leader of its process.
        let pending = self.tracee(before).pending.take();
        let caller = self.program(before);
        self.tracees.remove(&before);
        let tracee = self.tracee(pid);
        *tracee = Tracee::default();
        let program = self.program(pid);
        let is_first = pid == self.first && self.observation.paths.is_empty();
        let by = if is_first { &program } else { &caller };
        if let Some(pending) = pending {
            pending.executed(pid, by, &mut self.observation);
        }
    }
}

const BETWEEN_PROGRESS: Duration = Duration::from_secs(1);
