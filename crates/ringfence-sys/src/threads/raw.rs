//! System calls that may be made while other threads are parked, and in a signal handler: no allocation, no lock, no
//! cancellation point, which the C library's own `read`, `close` and `nanosleep` are.

use std::io;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use crate::check;

/// A thread's number, as the kernel counts.
pub(super) type Tid = i32;

/// The calling thread.
pub(super) fn gettid() -> Tid {
    // SAFETY: takes nothing, touches no memory and cannot fail.
    let tid = unsafe { libc::syscall(libc::SYS_gettid) };
    Tid::try_from(tid).unwrap_or(0)
}

/// The calling process.
pub(super) fn getpid() -> Tid {
    // SAFETY: takes nothing, touches no memory and cannot fail.
    let pid = unsafe { libc::syscall(libc::SYS_getpid) };
    Tid::try_from(pid).unwrap_or(0)
}

/// Sleeps while `word` is `expected`, at most `limit`; may return sooner for no reason.
pub(super) fn futex_wait(word: &AtomicU32, expected: u32, limit: Option<Duration>) {
    let limit = limit.map(timespec);
    let limit = limit.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: `word` is borrowed for the call and only read; `limit` is null or points to a
    // structure that lives until the end of this function.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), operation, expected, limit) };
}

/// Wakes all who sleep on `word`.
pub(super) fn futex_wake(word: &AtomicU32) {
    let operation = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the kernel takes the address for a name here, and neither reads nor writes there.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), operation, i32::MAX) };
}

/// Sleeps; less if a signal comes.
pub(super) fn sleep(time: Duration) {
    let time = timespec(time);
    // SAFETY: the kernel reads the structure, which lives across the call; null asks for no rest.
    unsafe {
        libc::syscall(
            libc::SYS_nanosleep,
            std::ptr::from_ref(&time),
            std::ptr::null_mut::<libc::timespec>(),
        )
    };
}

fn timespec(time: Duration) -> libc::timespec {
    libc::timespec {
        tv_sec: time.as_secs().try_into().unwrap_or(libc::time_t::MAX),
        tv_nsec: time.subsec_nanos().into(),
    }
}

/// Writes past every lock that standard error has.
pub(super) fn write_to_stderr(message: &[u8]) {
    // SAFETY: the kernel reads as many bytes as the slice has, which is borrowed for the call.
    unsafe { libc::syscall(libc::SYS_write, 2, message.as_ptr(), message.len()) };
}

/// The kernel's `siginfo_t` of a signal that carries values, with its 128 bytes.
#[repr(C, align(128))]
struct QueuedSignal {
    signal: libc::c_int,
    errno: libc::c_int,
    code: libc::c_int,
    sender: Sender,
}

#[repr(C)]
struct Sender {
    pid: libc::pid_t,
    uid: libc::uid_t,
    value: usize,
}

const _: () = assert!(size_of::<QueuedSignal>() == size_of::<libc::siginfo_t>());

/// Sends a thread of this process a signal with two values, for the handler to know it by. In the place of
/// its sender stands whom it is for: a thread that is restricted already may not be allowed to ask.
pub(super) fn queue_signal(
    tid: Tid,
    signal: libc::c_int,
    errno: libc::c_int,
    value: usize,
) -> io::Result<()> {
    let pid = getpid();
    let info = QueuedSignal {
        signal,
        errno,
        code: libc::SI_QUEUE,
        sender: Sender {
            pid: tid,
            uid: 0,
            value,
        },
    };
    // SAFETY: the structure is of the size that the kernel reads, and lives across the call. The
    // thread is one of this process, by its number and ours.
    let result = unsafe {
        libc::syscall(
            libc::SYS_rt_tgsigqueueinfo,
            pid,
            tid,
            signal,
            std::ptr::from_ref(&info),
        )
    };
    check(result).map(drop)
}

/// The kernel's `struct sigevent` for a signal to one thread.
#[repr(C)]
struct Event {
    value: usize,
    signal: libc::c_int,
    notify: libc::c_int,
    thread: Tid,
    unused: [libc::c_int; 11],
}

#[cfg(target_pointer_width = "64")]
const _: () = assert!(size_of::<Event>() == size_of::<libc::sigevent>());

/// Sends the calling thread one signal when the time is over, unless it is dropped before.
pub(super) struct Timer(libc::c_int);

impl Timer {
    /// The handler finds `value` with the signal.
    pub(super) fn start(time: Duration, signal: libc::c_int, value: usize) -> io::Result<Self> {
        let event = Event {
            value,
            signal,
            notify: libc::SIGEV_THREAD_ID,
            thread: gettid(),
            unused: [0; 11],
        };
        let mut id = 0;
        // SAFETY: the kernel reads a live structure of its own layout, and writes a live integer.
        let made = unsafe {
            libc::syscall(
                libc::SYS_timer_create,
                libc::CLOCK_MONOTONIC,
                std::ptr::from_ref(&event),
                &raw mut id,
            )
        };
        check(made)?;
        let timer = Self(id);
        let once = libc::itimerspec {
            it_interval: timespec(Duration::ZERO),
            it_value: timespec(time),
        };
        let nowhere = std::ptr::null_mut::<libc::itimerspec>();
        // SAFETY: the timer is ours; the structure is read and lives across the call, and null asks for nothing back.
        let set = unsafe {
            libc::syscall(
                libc::SYS_timer_settime,
                timer.0,
                0,
                std::ptr::from_ref(&once),
                nowhere,
            )
        };
        check(set).map(|_| timer)
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        // SAFETY: takes the number of a timer, which is ours.
        unsafe { libc::syscall(libc::SYS_timer_delete, self.0) };
    }
}

/// Makes the number `descriptor` stand for the file of `other`. False if it cannot.
pub(super) fn replace(descriptor: libc::c_int, other: libc::c_int) -> bool {
    // SAFETY: takes numbers. The first is owned by the caller, or by the code that this interrupts, which expects it.
    let replaced = unsafe { libc::syscall(libc::SYS_dup3, other, descriptor, libc::O_CLOEXEC) };
    replaced >= 0
}
