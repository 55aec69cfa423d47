//! A system call that cannot do anything: only whether it is let in is of interest.

use std::io;

use crate::check;

/// Calls that do something whatever their arguments are, or return where Rust does not expect it.
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
