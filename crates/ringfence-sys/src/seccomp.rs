//! What the kernel's seccomp can do. Filters are not installed here yet: there is none to install.

/// An action that a seccomp filter may return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum SeccompAction {
    /// Fail the call with an `errno`.
    Errno = libc::SECCOMP_RET_ERRNO,
    /// Kill the whole process (Linux 4.14).
    KillProcess = libc::SECCOMP_RET_KILL_PROCESS,
    /// Ask a supervisor (Linux 5.0).
    UserNotification = libc::SECCOMP_RET_USER_NOTIF,
}

/// Whether filters of the running kernel may return `action`.
///
/// False also where an outer filter hides `seccomp(2)`.
///
/// # References
/// `seccomp(2)`, `SECCOMP_GET_ACTION_AVAIL` (Linux 4.14).
pub fn seccomp_action_available(action: SeccompAction) -> bool {
    let action = action as u32;
    // SAFETY: the kernel reads one live 32-bit integer behind the pointer.
    let result = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_GET_ACTION_AVAIL,
            0u32,
            std::ptr::from_ref(&action),
        )
    };
    result == 0
}
