//! The signal that calls threads, and its handler.
//!
//! It is number 33, which the C libraries keep for calling their own threads (glibc for `setuid`, musl for cancelling) and
//! therefore never let a program block. What is not ours goes to the handler that was there before.

use std::ffi::{c_int, c_void};
use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::SeqCst};

use super::raw::{self, Tid};
use crate::check;
use crate::signals::ALL_SIGNALS;

/// The signal.
pub(super) const NUMBER: c_int = 33;

/// Its bit in a set of signals.
pub(super) const BIT: u64 = 1 << (NUMBER - 1);

/// Whether the kernel's structure and the way back from a handler are known for this machine.
pub(super) const KNOWN: bool = cfg!(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_arch = "riscv64"
));

/// Its address marks our signals: another copy of this library in the process has another.
static MARK: AtomicU32 = AtomicU32::new(0);

/// The kernel's `struct sigaction`.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct Action {
    handler: usize,
    flags: libc::c_ulong,
    #[cfg(not(target_arch = "riscv64"))]
    restorer: usize,
    mask: u64,
}

impl Action {
    fn ours() -> Self {
        let flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
        let action = Self {
            handler: handler as *const () as usize,
            flags: libc::c_ulong::from(flags.cast_unsigned()),
            mask: ALL_SIGNALS,
            ..Self::default()
        };
        #[cfg(target_arch = "x86_64")]
        let action = Self {
            flags: action.flags | SA_RESTORER,
            restorer: restorer as *const () as usize,
            ..action
        };
        action
    }
}

#[cfg(target_arch = "x86_64")]
const SA_RESTORER: libc::c_ulong = 0x0400_0000;

/// The way back from a handler, which this architecture's kernel leaves to the program. Debuggers and
/// unwinders know a signal's frame by these two instructions.
#[cfg(target_arch = "x86_64")]
#[unsafe(naked)]
extern "C" fn restorer() {
    // `rt_sigreturn`, which puts the thread's registers back as they were.
    std::arch::naked_asm!("mov rax, 15", "syscall")
}

/// What was done about the signal before, written before our handler is in place.
struct Previous {
    handler: AtomicUsize,
    flags: AtomicU64,
    #[cfg(not(target_arch = "riscv64"))]
    restorer: AtomicUsize,
    mask: AtomicU64,
}

static PREVIOUS: Previous = Previous {
    handler: AtomicUsize::new(libc::SIG_DFL),
    flags: AtomicU64::new(0),
    #[cfg(not(target_arch = "riscv64"))]
    restorer: AtomicUsize::new(0),
    mask: AtomicU64::new(0),
};

impl Previous {
    #[allow(
        clippy::useless_conversion,
        reason = "the kernel's long has 32 bits on some machines"
    )]
    fn keep(&self, action: &Action) {
        self.flags.store(action.flags.into(), SeqCst);
        self.mask.store(action.mask, SeqCst);
        #[cfg(not(target_arch = "riscv64"))]
        self.restorer.store(action.restorer, SeqCst);
        self.handler.store(action.handler, SeqCst);
    }

    fn action(&self) -> Action {
        Action {
            handler: self.handler.load(SeqCst),
            flags: self.flags.load(SeqCst) as libc::c_ulong,
            #[cfg(not(target_arch = "riscv64"))]
            restorer: self.restorer.load(SeqCst),
            mask: self.mask.load(SeqCst),
        }
    }
}

fn sigaction(new: Option<&Action>) -> io::Result<Action> {
    let mut old = Action::default();
    // SAFETY: both structures have the kernel's layout and live across the call, and null is taken for
    // no change. The new handler is ours, made for running at any time, or one that the kernel had.
    let result = unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            NUMBER,
            new.map_or(std::ptr::null(), std::ptr::from_ref),
            std::ptr::from_mut(&mut old),
            size_of::<u64>(),
        )
    };
    check(result).map(|_| old)
}

/// Puts our handler in place; false if it was there.
pub(super) fn install() -> io::Result<bool> {
    if !KNOWN {
        return Err(io::Error::from_raw_os_error(libc::ENOSYS));
    }
    let (ours, found) = (Action::ours(), sigaction(None)?);
    if found.handler == ours.handler {
        return Ok(false);
    }
    PREVIOUS.keep(&found);
    sigaction(Some(&ours)).map(|_| true)
}

/// Puts back the handler that was there before ours. Where there was none ours stays: a signal that
/// comes late would end the process.
pub(super) fn restore() {
    let previous = PREVIOUS.action();
    if previous.handler != libc::SIG_DFL {
        // A failure leaves ours in place, which passes on what is not ours.
        let _ = sigaction(Some(&previous));
    }
}

/// Calls a thread of this process.
pub(super) fn send(tid: Tid, generation: u32) -> io::Result<()> {
    let generation = generation.cast_signed();
    raw::queue_signal(tid, NUMBER, generation, mark())
}

/// What our signals carry.
pub(super) fn mark() -> usize {
    MARK.as_ptr() as usize
}

extern "C" fn handler(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    // SAFETY: libc's place for this thread's `errno`, which lives as long as the thread.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above. The interrupted code may be just about to read it, so it is put back below.
    let before = unsafe { *errno };
    match called(info) {
        Some(Call::Park(generation, tid)) => super::parked::park(generation, tid),
        Some(Call::TimeIsOver) => super::at_once::end(),
        None => forward(signal, info, context),
    }
    // SAFETY: as above.
    unsafe { *errno = before };
}

/// What a signal of ours asks for.
enum Call {
    /// That a thread comes, and for which generation.
    Park(u32, Tid),
    /// That a call of the kernel is ended.
    TimeIsOver,
}

/// What a signal asks for, if it is one of ours.
fn called(info: *const libc::siginfo_t) -> Option<Call> {
    // SAFETY: the kernel passes a complete structure to a handler with SA_SIGINFO.
    let info = unsafe { info.as_ref() }?;
    if ![libc::SI_QUEUE, libc::SI_TIMER].contains(&info.si_code) {
        return None;
    }
    // SAFETY: a signal with SI_QUEUE carries a value, and in the same place one with SI_TIMER.
    let value = unsafe { info.si_value() };
    if !std::ptr::eq(value.sival_ptr, MARK.as_ptr().cast()) {
        return None;
    }
    if info.si_code == libc::SI_TIMER {
        return Some(Call::TimeIsOver);
    }
    // SAFETY: the code is SI_QUEUE, and `send` put the thread's number there.
    let tid = unsafe { info.si_pid() };
    Some(Call::Park(info.si_errno.cast_unsigned(), tid))
}

/// Hands a signal that is not ours to whom it is for.
fn forward(signal: c_int, info: *mut libc::siginfo_t, context: *mut c_void) {
    let previous = PREVIOUS.action();
    // Nobody handled it before: it would have ended the process, or gone unnoticed. We cannot tell
    // whether it is meant for a handler that was there in the meantime, and let it go.
    if [libc::SIG_DFL, libc::SIG_IGN].contains(&previous.handler) {
        return;
    }
    let takes_info = libc::SA_SIGINFO.cast_unsigned();
    if previous.flags & libc::c_ulong::from(takes_info) != 0 {
        // SAFETY: the kernel gave this address out as that of a handler with SA_SIGINFO.
        let handler: extern "C" fn(c_int, *mut libc::siginfo_t, *mut c_void) =
            unsafe { std::mem::transmute(previous.handler) };
        handler(signal, info, context);
    } else {
        // SAFETY: the kernel gave this address out as that of a handler without SA_SIGINFO.
        let handler: extern "C" fn(c_int) = unsafe { std::mem::transmute(previous.handler) };
        handler(signal);
    }
}
