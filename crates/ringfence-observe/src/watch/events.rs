//! What happens to watched threads, one event after another.

use std::collections::HashMap;
use std::io;

use ringfence_sys::ptrace::{self, Call, Event, Resume};

use super::End;
use super::filter::MARK;
use super::names;

/// Who looks at events. A thread stands still while it is looked at, and may be killed all the same: then
/// `ESRCH` is no fault.
pub(crate) trait Observer {
    /// Our filter stopped it before this call.
    fn enters(&mut self, pid: i32, call: Call) -> io::Result<()>;

    /// Whether it is to stop behind the call that it is in.
    fn awaits_return(&mut self, pid: i32) -> bool;

    /// It stopped there.
    fn returns(&mut self, pid: i32) -> io::Result<()>;

    /// It has become another program; the number that its thread had before.
    fn executed(&mut self, pid: i32, before: i32);

    /// It has made a process or thread.
    fn made(&mut self, pid: i32, new: i32);

    /// A signal is about to reach it; the one that shall, or 0.
    fn signal(&mut self, _pid: i32, signal: i32) -> io::Result<i32> {
        Ok(signal)
    }

    /// It is about to end by a signal.
    fn killed(&mut self, _pid: i32, _signal: i32) -> io::Result<()> {
        Ok(())
    }

    /// It has ended.
    fn ended(&mut self, pid: i32, end: End);
}

/// Whether a process is one of those under watch: it runs, or it has ended and waits for a parent that is one.
/// What has ended otherwise is forgotten, as the kernel gives its number to others.
pub(crate) fn is_watched<T>(threads: &HashMap<i32, T>, process: i32) -> bool {
    threads.contains_key(&process)
        || names::parent_of_ended(process).is_some_and(|parent| {
            // The watcher is the parent of what has lost its own, and of the first.
            threads.contains_key(&parent) || u32::try_from(parent) == Ok(std::process::id())
        })
}

/// Shows an observer all events until no thread is left.
pub(crate) fn follow(observer: &mut impl Observer) -> io::Result<()> {
    loop {
        let (pid, event) = match ptrace::wait() {
            Ok(event) => event,
            Err(error) if error.raw_os_error() == Some(NO_CHILD) => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut signal = 0;
        let seen = match event {
            Event::Exited(code) => {
                observer.ended(pid, End::Code(u8::try_from(code).unwrap_or(u8::MAX)));
                continue;
            }
            Event::Killed(signal) => {
                observer.ended(pid, End::Signal(signal));
                continue;
            }
            Event::Group => {
                gone_or(ptrace::listen(pid))?;
                continue;
            }
            Event::Call => stopped(observer, pid),
            Event::Return => observer.returns(pid),
            Event::Executed(before) => {
                observer.executed(pid, before);
                Ok(())
            }
            Event::Made(new) => {
                // It may have begun and ended before its maker stopped for this.
                if !names::has_ended(new) {
                    observer.made(pid, new);
                }
                Ok(())
            }
            Event::Signal(sent) => observer.signal(pid, sent).map(|shall| signal = shall),
            Event::Ending(Some(signal)) => observer.killed(pid, signal),
            _ => Ok(()),
        };
        gone_or(seen)?;
        let how = if observer.awaits_return(pid) {
            Resume::ToReturn
        } else {
            Resume::Run
        };
        gone_or(ptrace::resume(pid, how, signal))?;
    }
}

/// A filter stopped a thread before a call. A filter of the program's own that asks a tracer knows of none, so
/// its question is answered as the kernel answers it then: with ENOSYS, and the call is not made.
///
/// Of all filters the kernel takes the strictest answer, and of equal ones that of the latest filter, so a call
/// comes here with the program's data wherever the program's filters ask and none of ours denies: ours are there
/// before. What the program denies in another way, or the policy, is stricter than to ask and does not come here.
/// Our data stands for a call that the program's filters allow, unless one of them has that very number, by
/// which the program lets pass what it would not otherwise, and nothing that the policy denies.
fn stopped(observer: &mut impl Observer, pid: i32) -> io::Result<()> {
    let (call, data) = ptrace::call(pid)?;
    if data == MARK {
        observer.enters(pid, call)
    } else {
        ptrace::skip_call(pid, NO_SUCH_CALL)
    }
}

const NO_SUCH_CALL: u16 = 38;
const NO_CHILD: i32 = 10;
const NO_PROCESS: i32 = 3;

/// A tracee may be killed at any time.
fn gone_or(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.raw_os_error() == Some(NO_PROCESS) => Ok(()),
        result => result,
    }
}
