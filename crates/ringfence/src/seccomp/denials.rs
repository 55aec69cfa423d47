//! Which calls carry the acts of a class, and why the filter denies them.
//!
//! What of sockets is denied hangs on the lines of a policy and is decided in `sockets.rs`; here are
//! only the names of their calls.

use super::call::Syscall;
use super::filter::{ENOSYS, INT, Test};
use super::ioctls::{
    EXT4_IOC_SETVERSION, FAT_IOCTL_SET_ATTRIBUTES, FS_IOC_ENABLE_VERITY, FS_IOC_FSSETXATTR,
    FS_IOC_SET_ENCRYPTION_POLICY, FS_IOC_SETFLAGS, FS_IOC_SETVERSION, FS_IOC32_SETFLAGS, KDADDIO,
    KDENABIO, KDSETKEYCODE, KDSKBDIACR, KDSKBDIACRUC, KDSKBENT, KDSKBSENT, STEAL, TIOCCONS,
    TIOCLINUX, TIOCSCTTY, TIOCSETD, TIOCSLCKTRMIOS, TIOCSSERIAL, TIOCSTI, TIOCVHANGUP,
    TYPE_AND_NUMBER,
};
use crate::class::Class;

/// A call that the filter denies when it closes a class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Denial {
    pub(crate) class: Class,
    pub(crate) call: Syscall,
    /// Denied if all of these hold; always if there is none.
    pub(crate) when: &'static [Test],
    pub(crate) errno: u16,
}

const EPERM: u16 = 1;
const EACCES: u16 = 13;

/// All of an argument that is a `long` or a pointer.
const WORD: u64 = u64::MAX;

// `asm-generic/fcntl.h`, the same on all three architectures.
const O_ACCMODE: u32 = 3;
const O_TRUNC: u32 = 0o1000;

// `linux/sched.h`. Every flag of a new namespace that `clone` takes; CLONE_NEWTIME is one of its
// signal bits, and for `unshare` and `clone3` alone.
const NEW_NAMESPACE: u64 = 0x7e02_0000;
/// What `unshare` may take back without making a namespace: CLONE_VM, CLONE_FS, CLONE_FILES,
/// CLONE_SIGHAND, CLONE_THREAD, CLONE_SYSVSEM.
const SHARED_ALONE: u64 = 0x0005_0f00;

// `linux/fcntl.h`
const F_SETLEASE: u32 = 1024;
const F_NOTIFY: u32 = 1026;
const F_SET_RW_HINT: u32 = 1036;
const F_SETDELEG: u32 = 1040;

// `asm-generic/mman-common.h`
const MADV_HWPOISON: u32 = 100;
const MADV_SOFT_OFFLINE: u32 = 101;

// `linux/mempolicy.h`
const MPOL_MF_MOVE_ALL: u64 = 4;

// `linux/prctl.h`
const PR_SCHED_CORE: u32 = 62;
const PR_SCHED_CORE_SCOPE_PROCESS_GROUP: u32 = 2;

// `linux/personality.h`: what programs ask for, and what gives nothing away.
const PER_LINUX: u32 = 0;
const ADDR_NO_RANDOMIZE: u32 = 0x0004_0000;
const QUERY: u32 = 0xffff_ffff;

// `linux/resource.h`, `linux/ioprio.h`: "one process", beside groups and users.
const PRIO_PROCESS: u32 = 0;
const IOPRIO_WHO_PROCESS: u32 = 1;

const fn all(class: Class, errno: u16, call: Syscall) -> Denial {
    some(class, errno, call, &[])
}

const fn some(class: Class, errno: u16, call: Syscall, when: &'static [Test]) -> Denial {
    Denial {
        class,
        call,
        when,
        errno,
    }
}

use Class::{
    Debug, IoUring, KernelInterfaces, Metadata, Mount, MountAttributes, Namespaces, Notifications,
    OtherProcesses, Scheduling, SharedIpc, Terminal, Truncate,
};

/// Every denial, class by class.
#[rustfmt::skip]
pub(crate) const DENIALS: &[Denial] = &[
    // By name it needs no more than the file mode before ABI 3. What was opened for writing may
    // still be truncated.
    all(Truncate, EACCES, Syscall::TRUNCATE),
    // Opening with O_TRUNC truncates without the right to write if the access mode is "read", or
    // the undocumented 3 that is neither read nor write.
    some(Truncate, EACCES, Syscall::OPEN, &[Test::masked(1, (O_TRUNC | O_ACCMODE) as u64, O_TRUNC)]),
    some(Truncate, EACCES, Syscall::OPEN, &[Test::masked(1, (O_TRUNC | O_ACCMODE) as u64, O_TRUNC | 3)]),
    some(Truncate, EACCES, Syscall::OPENAT, &[Test::masked(2, (O_TRUNC | O_ACCMODE) as u64, O_TRUNC)]),
    some(Truncate, EACCES, Syscall::OPENAT, &[Test::masked(2, (O_TRUNC | O_ACCMODE) as u64, O_TRUNC | 3)]),
    // The same by handle, where that is left alone.
    some(Truncate, EPERM, Syscall::OPEN_BY_HANDLE_AT, &[Test::masked(2, (O_TRUNC | O_ACCMODE) as u64, O_TRUNC)]),
    some(Truncate, EPERM, Syscall::OPEN_BY_HANDLE_AT, &[Test::masked(2, (O_TRUNC | O_ACCMODE) as u64, O_TRUNC | 3)]),
    // Its flags are behind a pointer; programs fall back on openat.
    all(Truncate, ENOSYS, Syscall::OPENAT2),

    // Mode, owner, times and attributes of any file that the user id may change, by any name.
    all(Metadata, EPERM, Syscall::CHMOD),
    all(Metadata, EPERM, Syscall::FCHMOD),
    all(Metadata, EPERM, Syscall::FCHMODAT),
    all(Metadata, EPERM, Syscall::FCHMODAT2),
    all(Metadata, EPERM, Syscall::CHOWN),
    all(Metadata, EPERM, Syscall::FCHOWN),
    all(Metadata, EPERM, Syscall::LCHOWN),
    all(Metadata, EPERM, Syscall::FCHOWNAT),
    all(Metadata, EPERM, Syscall::UTIME),
    all(Metadata, EPERM, Syscall::UTIMES),
    all(Metadata, EPERM, Syscall::FUTIMESAT),
    all(Metadata, EPERM, Syscall::UTIMENSAT),
    all(Metadata, EPERM, Syscall::SETXATTR),
    all(Metadata, EPERM, Syscall::LSETXATTR),
    all(Metadata, EPERM, Syscall::FSETXATTR),
    all(Metadata, EPERM, Syscall::SETXATTRAT),
    all(Metadata, EPERM, Syscall::REMOVEXATTR),
    all(Metadata, EPERM, Syscall::LREMOVEXATTR),
    all(Metadata, EPERM, Syscall::FREMOVEXATTR),
    all(Metadata, EPERM, Syscall::REMOVEXATTRAT),
    all(Metadata, EPERM, Syscall::FILE_SETATTR),
    // chattr: immutable, append-only, project.
    some(Metadata, EPERM, Syscall::IOCTL, &[Test::int(1, FS_IOC_SETFLAGS)]),
    some(Metadata, EPERM, Syscall::IOCTL, &[Test::int(1, FS_IOC32_SETFLAGS)]),
    some(Metadata, EPERM, Syscall::IOCTL, &[Test::int(1, FS_IOC_SETVERSION)]),
    some(Metadata, EPERM, Syscall::IOCTL, &[Test::int(1, FS_IOC_FSSETXATTR)]),

    some(Metadata, EPERM, Syscall::IOCTL, &[Test::int(1, EXT4_IOC_SETVERSION)]),
    some(Metadata, EPERM, Syscall::IOCTL, &[Test::int(1, FAT_IOCTL_SET_ATTRIBUTES)]),
    // Never written again; never read again without a key. The right to read is enough for both.
    some(Metadata, EPERM, Syscall::IOCTL, &[Test::int(1, FS_IOC_ENABLE_VERITY)]),
    some(Metadata, EPERM, Syscall::IOCTL, &[Test::int(1, FS_IOC_SET_ENCRYPTION_POLICY)]),
    // Where f2fs and Ceph keep a file, and whether f2fs lets it be written; reading it is enough for them.
    some(Metadata, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0xf50d)]),
    some(Metadata, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0xf512)]),
    some(Metadata, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0xf513)]),
    some(Metadata, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0x9702)]),
    some(Metadata, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0x9705)]),
    // How long what is written will live, as told to the disk.
    some(Metadata, EPERM, Syscall::FCNTL, &[Test::int(1, F_SET_RW_HINT)]),

    // Identifiers that every process of the machine sees, guarded by the user id alone. Who knows
    // one needs no "get", so that all of the calls are denied.
    all(SharedIpc, EPERM, Syscall::SHMGET),
    all(SharedIpc, EPERM, Syscall::SHMAT),
    all(SharedIpc, EPERM, Syscall::SHMCTL),
    all(SharedIpc, EPERM, Syscall::SEMGET),
    all(SharedIpc, EPERM, Syscall::SEMOP),
    all(SharedIpc, EPERM, Syscall::SEMTIMEDOP),
    all(SharedIpc, EPERM, Syscall::SEMCTL),
    all(SharedIpc, EPERM, Syscall::MSGGET),
    all(SharedIpc, EPERM, Syscall::MSGSND),
    all(SharedIpc, EPERM, Syscall::MSGRCV),
    all(SharedIpc, EPERM, Syscall::MSGCTL),
    // Landlock denies to open a queue, and only after it was made.
    all(SharedIpc, EPERM, Syscall::MQ_OPEN),
    all(SharedIpc, EPERM, Syscall::MQ_UNLINK),

    // A CPU limit of 0 ends another process of the user. Reading limits (no new ones) is harmless.
    some(OtherProcesses, EPERM, Syscall::PRLIMIT64, &[Test::any(0, INT), Test::any(2, WORD)]),
    // A thread is a process to these calls, and whose one is cannot be told from its number. 0 is
    // the calling one. So a program cannot place its own threads by number either.
    some(Scheduling, EPERM, Syscall::SETPRIORITY, &[Test::not_int(0, PRIO_PROCESS)]),
    some(Scheduling, EPERM, Syscall::SETPRIORITY, &[Test::any(1, INT)]),
    some(Scheduling, EPERM, Syscall::IOPRIO_SET, &[Test::not_int(0, IOPRIO_WHO_PROCESS)]),
    some(Scheduling, EPERM, Syscall::IOPRIO_SET, &[Test::any(1, INT)]),
    some(Scheduling, EPERM, Syscall::SCHED_SETAFFINITY, &[Test::any(0, INT)]),
    some(Scheduling, EPERM, Syscall::SCHED_SETSCHEDULER, &[Test::any(0, INT)]),
    some(Scheduling, EPERM, Syscall::SCHED_SETPARAM, &[Test::any(0, INT)]),
    some(Scheduling, EPERM, Syscall::SCHED_SETATTR, &[Test::any(0, INT)]),
    some(Scheduling, EPERM, Syscall::MOVE_PAGES, &[Test::any(0, INT)]),
    // As root, what others have mapped as well: the pages of a library, say. The last does so unasked.
    some(Scheduling, EPERM, Syscall::MOVE_PAGES, &[Test::any(5, MPOL_MF_MOVE_ALL)]),
    some(Scheduling, EPERM, Syscall::MBIND, &[Test::any(5, MPOL_MF_MOVE_ALL)]),
    all(Scheduling, EPERM, Syscall::MIGRATE_PAGES),
    // With whom a process may share a processor.
    some(Scheduling, EPERM, Syscall::PRCTL, &[Test::int(0, PR_SCHED_CORE), Test::any(2, INT)]),
    some(Scheduling, EPERM, Syscall::PRCTL, &[Test::int(0, PR_SCHED_CORE), Test::int(3, PR_SCHED_CORE_SCOPE_PROCESS_GROUP)]),

    // Landlock denies these where it governs paths; the calls that it cannot see follow below.
    all(Mount, EPERM, Syscall::MOUNT),
    all(Mount, EPERM, Syscall::UMOUNT2),
    all(Mount, EPERM, Syscall::PIVOT_ROOT),
    all(Mount, EPERM, Syscall::MOVE_MOUNT),
    all(Mount, EPERM, Syscall::FSOPEN),
    all(Mount, EPERM, Syscall::FSCONFIG),
    all(Mount, EPERM, Syscall::FSMOUNT),
    all(Mount, EPERM, Syscall::FSPICK),
    all(Mount, EPERM, Syscall::OPEN_TREE),
    // Lifts nosuid, noexec and read-only from a mount that exists.
    all(MountAttributes, EPERM, Syscall::MOUNT_SETATTR),
    all(MountAttributes, EPERM, Syscall::OPEN_TREE_ATTR),
    // Of other file systems: collect garbage, evict, resize f2fs; grow OCFS2, and copy a file there by
    // its path, unread; move blocks of UDF; bless HFS+; all that nilfs2 has.
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0xf506)]),
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0xf507)]),
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0xf50a)]),
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0xf50b)]),
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0xf510)]),
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0x6f01)]),
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0x6f02)]),
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0x6f03)]),
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0x6f04)]),
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0x6c43)]),
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0x6880)]),
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, 0xfff0, 0x6e80)]),
    // Of SMB: signing, what is passed on to the server unseen, keys of the session.
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0xcf04)]),
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0xcf07)]),
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0xcf08)]),
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0xcf0a)]),

    // Names of files that come and go in directories that the policy does not let it list. Programs
    // take it for a kernel without inotify, and poll.
    all(Notifications, ENOSYS, Syscall::INOTIFY_INIT),
    all(Notifications, ENOSYS, Syscall::INOTIFY_INIT1),
    all(Notifications, ENOSYS, Syscall::INOTIFY_ADD_WATCH),
    all(Notifications, ENOSYS, Syscall::FANOTIFY_INIT),
    all(Notifications, ENOSYS, Syscall::FANOTIFY_MARK),
    // The same by a signal, or by being asked before others open, write or change a directory.
    some(Notifications, EPERM, Syscall::FCNTL, &[Test::int(1, F_NOTIFY)]),
    some(Notifications, EPERM, Syscall::FCNTL, &[Test::int(1, F_SETLEASE)]),
    some(Notifications, EPERM, Syscall::FCNTL, &[Test::int(1, F_SETDELEG)]),
    // The same of a directory of SMB.
    some(Notifications, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0xcf09)]),
    some(Notifications, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0xcf0b)]),

    // Types into the terminal as if its user did. The kernel takes the lower half of the command.
    some(Terminal, EPERM, Syscall::IOCTL, &[Test::int(1, TIOCSTI)]),
    // Pastes the selection of a virtual console.
    some(Terminal, EPERM, Syscall::IOCTL, &[Test::int(1, TIOCLINUX)]),
    // Takes the messages of the console.
    some(Terminal, EPERM, Syscall::IOCTL, &[Test::int(1, TIOCCONS)]),
    // Loads a line discipline, old code with a record of holes.
    some(Terminal, EPERM, Syscall::IOCTL, &[Test::int(1, TIOCSETD)]),
    // As root, gives keys of a virtual console another meaning: a whole command, say.
    some(Terminal, EPERM, Syscall::IOCTL, &[Test::int(1, KDSKBENT)]),
    some(Terminal, EPERM, Syscall::IOCTL, &[Test::int(1, KDSKBSENT)]),
    some(Terminal, EPERM, Syscall::IOCTL, &[Test::int(1, KDSETKEYCODE)]),
    // The same of accents, as any user.
    some(Terminal, EPERM, Syscall::IOCTL, &[Test::int(1, KDSKBDIACR)]),
    some(Terminal, EPERM, Syscall::IOCTL, &[Test::int(1, KDSKBDIACRUC)]),
    // As root, hangs up on all that have it open, locks its settings, moves a serial line to other
    // I/O ports, opens I/O ports to the program.
    some(Terminal, EPERM, Syscall::IOCTL, &[Test::int(1, TIOCVHANGUP)]),
    some(Terminal, EPERM, Syscall::IOCTL, &[Test::int(1, TIOCSLCKTRMIOS)]),
    some(Terminal, EPERM, Syscall::IOCTL, &[Test::int(1, TIOCSSERIAL)]),
    some(Terminal, EPERM, Syscall::IOCTL, &[Test::int(1, KDADDIO)]),
    some(Terminal, EPERM, Syscall::IOCTL, &[Test::int(1, KDENABIO)]),
    // As root, takes it away from its session. A session without a terminal may take a free one.
    some(Terminal, EPERM, Syscall::IOCTL, &[Test::int(1, TIOCSCTTY), Test::int(2, STEAL)]),

    // Its operations never pass by a filter. Programs fall back on plain calls.
    all(IoUring, ENOSYS, Syscall::IO_URING_SETUP),
    all(IoUring, ENOSYS, Syscall::IO_URING_ENTER),
    all(IoUring, ENOSYS, Syscall::IO_URING_REGISTER),

    // A user namespace gives every capability within itself, and with it the kernel code that only
    // root could reach before: the first step of most local attacks of the last years.
    some(Namespaces, EPERM, Syscall::CLONE, &[Test::any(0, NEW_NAMESPACE)]),
    some(Namespaces, EPERM, Syscall::UNSHARE, &[Test::any(0, !SHARED_ALONE)]),
    // Its flags are behind a pointer; C libraries fall back on clone.
    all(Namespaces, ENOSYS, Syscall::CLONE3),
    all(Namespaces, EPERM, Syscall::SETNS),
    all(Namespaces, EPERM, Syscall::CHROOT),
    all(Namespaces, EPERM, Syscall::FCHROOT),

    // Reads and writes memory and registers of other processes, past what they check themselves.
    // Landlock keeps these within the sandbox; there they let one program take over its neighbour.
    all(Debug, EPERM, Syscall::PTRACE),
    all(Debug, EPERM, Syscall::PROCESS_VM_READV),
    all(Debug, EPERM, Syscall::PROCESS_VM_WRITEV),
    all(Debug, EPERM, Syscall::PIDFD_GETFD),
    all(Debug, EPERM, Syscall::KCMP),
    all(Debug, EPERM, Syscall::PROCESS_MADVISE),

    // Keyrings are shared by all processes of the user, in every namespace.
    all(KernelInterfaces, EPERM, Syscall::ADD_KEY),
    all(KernelInterfaces, EPERM, Syscall::REQUEST_KEY),
    all(KernelInterfaces, EPERM, Syscall::KEYCTL),
    // Programs in the kernel, and its measuring instruments: large, and rich in holes.
    all(KernelInterfaces, EPERM, Syscall::BPF),
    all(KernelInterfaces, EPERM, Syscall::PERF_EVENT_OPEN),
    all(KernelInterfaces, EPERM, Syscall::LOOKUP_DCOOKIE),
    // Stops the kernel in the middle of an access: what makes races of attackers certain.
    all(KernelInterfaces, EPERM, Syscall::USERFAULTFD),
    // Opens a file by its number, past all directories.
    all(KernelInterfaces, EPERM, Syscall::OPEN_BY_HANDLE_AT),
    // 16-bit segments: old code with a record of holes.
    all(KernelInterfaces, EPERM, Syscall::MODIFY_LDT),
    // READ_IMPLIES_EXEC and the quirks of other systems.
    some(KernelInterfaces, EPERM, Syscall::PERSONALITY, &[Test::not_int(0, PER_LINUX), Test::not_int(0, ADDR_NO_RANDOMIZE), Test::not_int(0, QUERY)]),
    // The kernel's own messages, with addresses and what other programs did.
    all(KernelInterfaces, EPERM, Syscall::SYSLOG),
    // Another kernel, or more of this one.
    all(KernelInterfaces, EPERM, Syscall::KEXEC_LOAD),
    all(KernelInterfaces, EPERM, Syscall::KEXEC_FILE_LOAD),
    all(KernelInterfaces, EPERM, Syscall::INIT_MODULE),
    all(KernelInterfaces, EPERM, Syscall::FINIT_MODULE),
    all(KernelInterfaces, EPERM, Syscall::DELETE_MODULE),
    all(KernelInterfaces, EPERM, Syscall::CREATE_MODULE),
    all(KernelInterfaces, EPERM, Syscall::QUERY_MODULE),
    all(KernelInterfaces, EPERM, Syscall::GET_KERNEL_SYMS),
    // As root, takes pages of memory away from the machine, and with them what others keep there.
    some(KernelInterfaces, EPERM, Syscall::MADVISE, &[Test::int(2, MADV_HWPOISON)]),
    some(KernelInterfaces, EPERM, Syscall::MADVISE, &[Test::int(2, MADV_SOFT_OFFLINE)]),
    // The machine as a whole: its power, swap, accounting, quotas, names, clock, ports, terminals.
    all(KernelInterfaces, EPERM, Syscall::REBOOT),
    all(KernelInterfaces, EPERM, Syscall::SWAPON),
    all(KernelInterfaces, EPERM, Syscall::SWAPOFF),
    all(KernelInterfaces, EPERM, Syscall::ACCT),
    all(KernelInterfaces, EPERM, Syscall::QUOTACTL),
    all(KernelInterfaces, EPERM, Syscall::QUOTACTL_FD),
    all(KernelInterfaces, EPERM, Syscall::SETHOSTNAME),
    all(KernelInterfaces, EPERM, Syscall::SETDOMAINNAME),
    all(KernelInterfaces, EPERM, Syscall::SETTIMEOFDAY),
    all(KernelInterfaces, EPERM, Syscall::CLOCK_SETTIME),
    all(KernelInterfaces, EPERM, Syscall::CLOCK_ADJTIME),
    all(KernelInterfaces, EPERM, Syscall::ADJTIMEX),
    all(KernelInterfaces, EPERM, Syscall::IOPERM),
    all(KernelInterfaces, EPERM, Syscall::IOPL),
    all(KernelInterfaces, EPERM, Syscall::VHANGUP),
    // Left over from older kernels: not implemented, or of no use to a program of today.
    all(KernelInterfaces, EPERM, Syscall::NFSSERVCTL),
    all(KernelInterfaces, EPERM, Syscall::USELIB),
    all(KernelInterfaces, EPERM, Syscall::USTAT),
    all(KernelInterfaces, EPERM, Syscall::SYSFS),
    all(KernelInterfaces, EPERM, Syscall::SYSCTL),
];

/// The calls by which the acts of a class are done, as far as the filter looks at them.
pub(crate) fn calls_of(class: Class) -> impl Iterator<Item = Syscall> {
    DENIALS
        .iter()
        .filter(move |denial| denial.class == class)
        .map(|denial| denial.call)
        .chain(socket_calls(class).iter().copied())
}

fn socket_calls(class: Class) -> &'static [Syscall] {
    match class {
        Class::ConnectUnix | Class::AbstractUnix | Class::OtherSockets => {
            &[Syscall::SOCKET, Syscall::SOCKETPAIR]
        }
        Class::Port(_) => &[Syscall::SOCKET],
        Class::Netlink => &[
            Syscall::SOCKET,
            Syscall::SETSOCKOPT,
            Syscall::GETSOCKOPT,
            Syscall::IOCTL,
        ],
        Class::OtherStreams => &[Syscall::SOCKET, Syscall::SETSOCKOPT],
        Class::TcpFastOpen => &[Syscall::SENDTO, Syscall::SENDMSG, Syscall::SENDMMSG],
        Class::ListenUnbound => &[Syscall::LISTEN],
        _ => &[],
    }
}
