//! What of the events of watched threads is a denial.

use std::collections::{BTreeSet, HashMap};
use std::io;

use ringfence::{Action, Arch, Filter, Syscall, TRAP_MARK};
use ringfence_sys::ptrace::{self, Call};

use super::judge::{Judge, Judged};
use super::{Denial, Enforced, Explained, Failure, MOST, call};
use crate::watch::End;
use crate::watch::events::{Observer, is_watched};
use crate::watch::names;
use crate::watch::pending::Pending;

// `asm-generic/errno-base.h`: what a denial may come to.
const EPERM: i32 = 1;
const EACCES: i32 = 13;
const EXDEV: i32 = 18;

// `asm-generic/signal.h`.
const SIGSYS: i32 = 31;

/// A thread under watch.
#[derive(Default)]
struct Tracee {
    /// The call that it is in, if that is one to look at.
    call: Option<(Syscall, [u64; 6])>,
    /// The name of its program, once it was needed.
    program: Option<String>,
    /// The process that it is a thread of, once it was needed.
    leader: Option<i32>,
}

pub(super) struct Watcher<'e> {
    arch: Arch,
    by_number: HashMap<u64, Syscall>,
    filter: Option<Filter>,
    judge: Judge<'e>,
    first: i32,
    /// Whether the program has begun: before, the first process is our own, on its way to become it. Of threads one by
    /// one this is not known, as what a new one does may be seen before its making.
    begun: bool,
    tracees: HashMap<i32, Tracee>,
    /// Where each denial is that was told already, by call and what lacked.
    told: HashMap<(String, String), Place>,
    denied: &'e mut dyn FnMut(&Denial),
    pub(super) explained: Explained,
    pub(super) end: Option<End>,
}

#[derive(Clone, Copy)]
enum Place {
    Denial(usize),
    Failure(usize),
}

impl<'e> Watcher<'e> {
    pub(super) fn new(
        arch: Arch,
        enforced: Enforced<'e>,
        first: i32,
        denied: &'e mut dyn FnMut(&Denial),
    ) -> Self {
        Self {
            arch,
            by_number: Syscall::all()
                .filter_map(|call| Some((u64::from(call.number(arch)?), call)))
                .collect(),
            filter: enforced.plan.filter(),
            judge: Judge::new(enforced, first),
            first,
            begun: false,
            tracees: HashMap::new(),
            told: HashMap::new(),
            denied,
            explained: Explained::default(),
            end: None,
        }
    }

    fn tracee(&mut self, pid: i32) -> &mut Tracee {
        self.tracees.entry(pid).or_default()
    }

    /// The name of its program, and its process.
    fn who(&mut self, pid: i32) -> (String, i32) {
        let (name, begun) = (self.judge.enforced.name, self.begun);
        let tracee = self.tracee(pid);
        let leader = *tracee.leader.get_or_insert_with(|| names::leader(pid));
        let program = tracee.program.get_or_insert_with(|| {
            if begun {
                names::program(pid)
            } else {
                name.to_owned()
            }
        });
        (program.clone(), leader)
    }

    /// What a filter says of a call.
    fn verdict(&self, call: &Call) -> Action {
        let Ok(number) = u32::try_from(call.number) else {
            return Action::Allow;
        };
        self.filter.as_ref().map_or(Action::Allow, |filter| {
            filter.decide(self.arch, call.audit, number, call.arguments)
        })
    }

    /// A call that returned an error which may be a denial.
    fn failed(&mut self, pid: i32, call: Syscall, arguments: [u64; 6], errno: i32) {
        if !self.begun && ![Syscall::EXECVE, Syscall::EXECVEAT].contains(&call) {
            return;
        }
        let (program, leader) = self.who(pid);
        let pending = Pending::of(pid, leader, call, arguments);
        if let Some(note) = pending.note() {
            self.explained.notes.insert(format!("{program} {note}"));
        }
        let wanted = pending.wanted(pid);
        let is_watched = |process| is_watched(&self.tracees, process);
        let judged = self
            .judge
            .judge(wanted, leader, &is_watched, errno == EXDEV);
        let errno = Action::Errno(errno.try_into().unwrap_or(0)).to_string();
        for judged in judged {
            self.tell(&program, leader, call.name(), &errno, judged);
        }
    }

    /// A call that the filter denied.
    fn filtered(&mut self, pid: i32, made: &Call, verdict: Action) {
        let (program, leader) = self.who(pid);
        let call = self.by_number.get(&made.number).copied();
        let call = call.filter(|_| made.audit == self.arch.audit());
        let name = call.map_or_else(|| format!("call {}", made.number), |call| call.to_string());
        let answer = match verdict {
            Action::Kill => "ended by SIGSYS".to_owned(),
            verdict => verdict.to_string(),
        };
        let is_foreign = made.audit != self.arch.audit();
        let judged = call::judge(&self.judge, call, made, is_foreign, verdict);
        self.tell(&program, leader, &name, &answer, judged);
    }

    /// Counts what was judged, and tells it if it is new.
    fn tell(&mut self, program: &str, process: i32, call: &str, answer: &str, judged: Judged) {
        let key = (call.to_owned(), judged.key());
        match self.told.get(&key) {
            Some(&Place::Denial(at)) => {
                if let Some(denial) = self.explained.denials.get_mut(at) {
                    denial.times += 1;
                    if denial.program != program {
                        denial.others.insert(program.to_owned());
                    }
                }
                return;
            }
            Some(&Place::Failure(at)) => {
                if let Some(failure) = self.explained.failures.get_mut(at) {
                    failure.times += 1;
                }
                return;
            }
            None => {}
        }
        let told = match judged {
            Judged::Denied(_) => self.explained.denials.len(),
            Judged::Elsewhere { .. } => self.explained.failures.len(),
        };
        if told >= MOST {
            self.explained.more += 1;
            return;
        }
        let place = match judged {
            Judged::Denied(asked) => {
                let answered = self.judge.answer(&asked);
                let denial = Denial {
                    program: program.to_owned(),
                    process,
                    others: BTreeSet::new(),
                    call: call.to_owned(),
                    about: answered.about,
                    lacking: answered.lacking,
                    answer: answer.to_owned(),
                    reason: answered.reason,
                    times: 1,
                    proposals: answered.proposals,
                    hints: answered.hints,
                };
                (self.denied)(&denial);
                self.explained.denials.push(denial);
                Place::Denial(self.explained.denials.len() - 1)
            }
            Judged::Elsewhere { about, why } => {
                self.explained.failures.push(Failure {
                    program: program.to_owned(),
                    process,
                    call: call.to_owned(),
                    about,
                    why,
                    times: 1,
                });
                Place::Failure(self.explained.failures.len() - 1)
            }
        };
        self.told.insert(key, place);
    }
}

impl Observer for Watcher<'_> {
    fn enters(&mut self, pid: i32, call: Call) -> io::Result<()> {
        let known = self.by_number.get(&call.number).copied();
        self.tracee(pid).call = known.map(|known| (known, call.arguments));
        Ok(())
    }

    fn awaits_return(&mut self, pid: i32) -> bool {
        self.tracee(pid).call.is_some()
    }

    fn returns(&mut self, pid: i32) -> io::Result<()> {
        let Some((call, arguments)) = self.tracee(pid).call.take() else {
            return Ok(());
        };
        if let Err(errno @ (EPERM | EACCES | EXDEV)) = ptrace::returned(pid)? {
            self.failed(pid, call, arguments, errno);
        }
        Ok(())
    }

    fn signal(&mut self, pid: i32, signal: i32) -> io::Result<i32> {
        if signal != SIGSYS {
            return Ok(signal);
        }
        let Some(data) = ptrace::trap_data(pid)? else {
            return Ok(signal);
        };
        // A program may have trapping filters of its own, and may send itself what looks like ours.
        let call = ptrace::made_call(pid)?;
        let verdict = self.verdict(&call);
        match verdict {
            Action::Errno(errno) if data == TRAP_MARK | errno => {
                ptrace::fail_call(pid, errno)?;
                self.filtered(pid, &call, verdict);
                Ok(0)
            }
            _ => Ok(signal),
        }
    }

    fn killed(&mut self, pid: i32, signal: i32) -> io::Result<()> {
        if signal == SIGSYS {
            let call = ptrace::made_call(pid)?;
            let verdict = self.verdict(&call);
            if verdict == Action::Kill {
                self.filtered(pid, &call, verdict);
            }
        }
        Ok(())
    }

    fn executed(&mut self, pid: i32, before: i32) {
        // A thread that executes a program becomes the leader of its process.
        self.tracees.remove(&before);
        *self.tracee(pid) = Tracee::default();
        self.begun = true;
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
        if pid == self.first {
            self.end = Some(end);
        }
    }
}
