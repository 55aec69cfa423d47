//! What no safe crate does to threads: blocking the signal that the C library keeps, ending the first thread alone, cancelling,
//! forking without executing, handlers on a stack of their own.
#![allow(
    unsafe_code,
    reason = "hostile and old-fashioned threads, which the tests need and the product does not"
)]

use std::os::unix::thread::JoinHandleExt;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering::SeqCst};

use libc::c_int;

/// The signal that the C libraries keep for themselves.
pub const KEPT: u32 = 33;

/// Blocks or unblocks the signal that the C library would not, in the calling thread.
pub fn block_kept_signal(block: bool) {
    let set = 1u64 << (KEPT - 1);
    let how = if block {
        libc::SIG_BLOCK
    } else {
        libc::SIG_UNBLOCK
    };
    let nowhere = std::ptr::null_mut::<u64>();
    // SAFETY: the kernel reads one live 64-bit set, and writes nothing to a null pointer.
    let result = unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            how,
            &raw const set,
            nowhere,
            8usize,
        )
    };
    assert_eq!(result, 0);
}

/// Ends the calling thread, and nothing else of the process. To be called by the first one.
pub fn end_this_thread_alone() -> ! {
    // SAFETY: the thread ends here; what it owns is leaked, and nobody waits for it.
    unsafe { libc::syscall(libc::SYS_exit, 0) };
    unreachable!("exit does not return")
}

/// Ends the process by the one call that every filter allows.
pub fn end_process() -> ! {
    // SAFETY: nothing that has to be put in order is left.
    unsafe { libc::syscall(libc::SYS_exit_group, 0) };
    unreachable!("exit_group does not return")
}

/// Cancels a thread that waits in the C library for ever. True if it ended by that.
pub fn cancelling_works() -> bool {
    let mut thread = 0;
    // SAFETY: what a thread starts with takes and returns a pointer; `pause` takes nothing, and the
    // register that it returns in is not looked at, because the thread is cancelled in it.
    let start: extern "C" fn(*mut libc::c_void) -> *mut libc::c_void =
        unsafe { std::mem::transmute(libc::pause as *const ()) };
    let nowhere = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: all pointers live across the call, or are null where that is taken.
    let result = unsafe { libc::pthread_create(&raw mut thread, nowhere.cast(), start, nowhere) };
    assert_eq!(result, 0);
    // SAFETY: the thread was made above, and is not joined yet.
    assert_eq!(unsafe { libc::pthread_cancel(thread) }, 0);
    let mut ended_with = std::ptr::null_mut();
    // SAFETY: as above; the pointer lives across the call.
    let joined = unsafe { libc::pthread_join(thread, &raw mut ended_with) };
    assert_eq!(joined, 0);
    // PTHREAD_CANCELED
    ended_with as isize == -1
}

/// Sends a thread a signal through the C library.
pub fn signal_thread<T>(thread: &std::thread::JoinHandle<T>, signal: c_int) -> c_int {
    // SAFETY: the handle is not joined, so that the thread's own is valid.
    unsafe { libc::pthread_kill(thread.as_pthread_t(), signal) }
}

static HANDLED: AtomicU32 = AtomicU32::new(0);
static HANDLER_STACK: AtomicUsize = AtomicUsize::new(0);

/// How often the handler of SIGUSR1 has run.
pub fn handled() -> u32 {
    HANDLED.load(SeqCst)
}

/// Where its stack was the last time.
pub fn handler_stack() -> usize {
    HANDLER_STACK.load(SeqCst)
}

extern "C" fn count(_: c_int) {
    let here = 0u8;
    HANDLER_STACK.store(&raw const here as usize, SeqCst);
    HANDLED.fetch_add(1, SeqCst);
}

/// Handles SIGUSR1 by counting, on the alternate stack where a thread has one.
pub fn count_sigusr1() {
    // SAFETY: all null is a valid structure: no flags, an empty mask.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = count as *const () as usize;
    action.sa_flags = libc::SA_ONSTACK | libc::SA_RESTART;
    // SAFETY: the structure lives across the call; the handler touches atomics only.
    let result = unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut()) };
    assert_eq!(result, 0);
}

/// Gives the calling thread an alternate stack of the size that the C library recommends. Returns
/// where it is.
pub fn small_alternate_stack() -> std::ops::Range<usize> {
    let size = libc::SIGSTKSZ;
    let memory = Box::leak(vec![0u8; size].into_boxed_slice());
    let stack = libc::stack_t {
        ss_sp: memory.as_mut_ptr().cast(),
        ss_flags: 0,
        ss_size: size,
    };
    // SAFETY: the memory is leaked, and nobody else uses it.
    let result = unsafe { libc::sigaltstack(&raw const stack, std::ptr::null_mut()) };
    assert_eq!(result, 0);
    let start = stack.ss_sp as usize;
    start..start + size
}

/// Runs `act` in a forked child of this process with its threads, and returns its exit code. The C
/// library makes its allocator ready for that.
pub fn fork(act: impl FnOnce() -> i32) -> Option<i32> {
    // SAFETY: the child uses what the C library makes safe across a fork, and leaves by `_exit`.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let code = act();
        // SAFETY: ends the child.
        unsafe { libc::_exit(code) };
    }
    assert!(child > 0, "{}", std::io::Error::last_os_error());
    let mut status = 0;
    loop {
        // SAFETY: our own child, not waited for; the integer lives across the call.
        let result = unsafe { libc::waitpid(child, &raw mut status, 0) };
        if result == child {
            break;
        }
        assert_eq!(
            std::io::Error::last_os_error().kind(),
            std::io::ErrorKind::Interrupted
        );
    }
    libc::WIFEXITED(status).then(|| libc::WEXITSTATUS(status))
}

/// Starts a child as `posix_spawn` does, but one that sleeps before it executes: the calling thread
/// hears no signal until then.
pub fn vfork_for(time: std::time::Duration) {
    extern "C" fn sleep(time: *mut libc::c_void) -> c_int {
        // SAFETY: the pointer below, whose owner waits for this child.
        let time: &libc::timespec = unsafe { &*time.cast() };
        // SAFETY: a live structure; null asks for no rest.
        unsafe { libc::nanosleep(time, std::ptr::null_mut()) };
        0
    }
    let mut time = libc::timespec {
        tv_sec: time.as_secs().cast_signed(),
        tv_nsec: time.subsec_nanos().into(),
    };
    let mut stack = vec![0u128; 4096];
    let end = stack.as_mut_ptr_range().end.cast();
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: a stack of its own, which lives until the child has ended: this thread sleeps so long.
    let child = unsafe { libc::clone(sleep, end, flags, (&raw mut time).cast()) };
    assert!(child > 0);
    // SAFETY: our own child; null asks for no status.
    unsafe { libc::waitpid(child, std::ptr::null_mut(), 0) };
}
