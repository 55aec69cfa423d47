//! What happens to watched threads, one event after another.

use std::io;

use ringfence_sys::ptrace::{self, Event, Resume};

use super::End;

/// Who looks at events. A thread stands still while it is looked at, and may be killed all the same: then
/// `ESRCH` is no fault.
pub(crate) trait Observer {
    /// A filter stopped it before a call.
    fn enters(&mut self, pid: i32) -> io::Result<()>;

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
            Event::Call => observer.enters(pid),
            Event::Return => observer.returns(pid),
            Event::Executed(before) => {
                observer.executed(pid, before);
                Ok(())
            }
            Event::Made(new) => {
                observer.made(pid, new);
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

const NO_CHILD: i32 = 10;
const NO_PROCESS: i32 = 3;

/// A tracee may be killed at any time.
fn gone_or(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.raw_os_error() == Some(NO_PROCESS) => Ok(()),
        result => result,
    }
}
