//! A system call that cannot do anything: only whether it is let in is of interest.

use std::io;

use crate::check;

/// Calls that do something whatever their arguments are, or return where Rust does not expect it. `msgget` takes −1
/// for a key, and for flags by which it makes a queue that everybody may use and that stays.
const HARMFUL: &[libc::c_long] = &[
    #[cfg(target_arch = "x86_64")]
    libc::SYS_fork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_vfork,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_pause,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_alarm,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_arch_prctl,
    #[cfg(target_arch = "x86_64")]
    URETPROBE,
    libc::SYS_brk,
    libc::SYS_clone,
    libc::SYS_clone3,
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_exit,
    libc::SYS_exit_group,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_tgkill,
    libc::SYS_mmap,
    libc::SYS_msgget,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_reboot,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_rt_sigreturn,
    libc::SYS_rt_sigsuspend,
    libc::SYS_rt_tgsigqueueinfo,
    libc::SYS_rt_sigqueueinfo,
    libc::SYS_setsid,
    libc::SYS_set_robust_list,
    libc::SYS_set_tid_address,
    libc::SYS_sync,
    libc::SYS_vhangup,
];

/// `uretprobe` (Linux 6.11), which `libc` does not have: it raises SIGILL unless a probe of the kernel's makes it.
#[cfg(target_arch = "x86_64")]
const URETPROBE: libc::c_long = 335;

/// Makes a system call of which every argument is −1: no descriptor, no address, no flags. It fails
/// behind the filters of the calling process, if these let it in, or does nothing that outlives the
/// process. What would do harm even so is refused, with `EOPNOTSUPP`.
///
/// # Errors
/// What the kernel says: of most calls `EBADF`, `EFAULT` or `EINVAL`.
///
/// ```
/// // 3 is close(2) on x86-64 and io_cancel(2) on others.
/// assert!(ringfence_sys::attempt(3).is_err());
/// ```
pub fn attempt(number: u32) -> io::Result<()> {
    let number = libc::c_long::from(number);
    if HARMFUL.contains(&number) {
        return Err(io::Error::from_raw_os_error(libc::EOPNOTSUPP));
    }
    let none: libc::c_long = -1;
    // SAFETY: no memory of this process is at the address −1, where the kernel would read or write;
    // of the calls that change the process's own memory, threads or flow by other means than an
    // address, none is made here.
    let result = unsafe { libc::syscall(number, none, none, none, none, none, none) };
    check(result).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which kinds of System V IPC have an object whose key is −1.
    fn objects_of_attempts() -> Vec<&'static str> {
        let has_one = |kind: &&str| {
            let objects = std::fs::read_to_string(format!("/proc/sysvipc/{kind}"));
            let key = |line: &str| line.split_whitespace().next() == Some("-1");
            objects.unwrap_or_default().lines().any(key)
        };
        ["msg", "sem", "shm"].into_iter().filter(has_one).collect()
    }

    #[test]
    fn no_attempt_ends_the_process_or_leaves_anything_behind() {
        const NUMBERS: std::ops::Range<u32> = 0..512;

        let before = objects_of_attempts();
        // SAFETY: the child makes system calls only, and leaves by `_exit`.
        let child = unsafe { libc::fork() };
        if child == 0 {
            for number in NUMBERS {
                let _ = attempt(number);
            }
            // SAFETY: `_exit` takes an integer and does not return.
            unsafe { libc::_exit(0) };
        }
        let mut status = -1;
        // SAFETY: `child` is our own and not yet waited for; `status` is a live integer.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert_eq!(
            status, 0,
            "the status of the process that made the attempts"
        );
        assert_eq!(objects_of_attempts(), before);
    }
}
