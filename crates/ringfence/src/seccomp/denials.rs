//! Which calls carry the acts of a class, and why the filter denies them.
//!
//! What of sockets is denied hangs on the lines of a policy and is decided in `sockets.rs`; here are
//! only the names of their calls.

use super::call::Syscall;
use super::filter::{ENOSYS, INT, Test};
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

// `asm-generic/ioctls.h`.
const TIOCSTI: u32 = 0x5412;
const TIOCLINUX: u32 = 0x541c;
const TIOCCONS: u32 = 0x541d;
const TIOCSETD: u32 = 0x5423;

// `linux/kd.h`
const KDSKBENT: u32 = 0x4b47;
const KDSKBSENT: u32 = 0x4b49;

// `linux/fcntl.h`
const F_SETLEASE: u32 = 1024;
const F_NOTIFY: u32 = 1026;
const F_SETDELEG: u32 = 1040;

/// A command of `ioctl` without direction and size.
const TYPE_AND_NUMBER: u64 = 0xffff;

// `linux/fs.h`, and its form for 32-bit programs, which file systems take from any.
const FS_IOC_SETFLAGS: u32 = 0x4008_6602;
const FS_IOC32_SETFLAGS: u32 = 0x4004_6602;
const FS_IOC_SETVERSION: u32 = 0x4008_7602;
const FS_IOC_FSSETXATTR: u32 = 0x401c_5820;

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

/// Commands of `ioctl` that share a type, the second byte: one subsystem's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IoctlType {
    pub(crate) class: Class,
    pub(crate) byte: u8,
    /// Commands of this type that the filter lets pass, because programs need them and they change
    /// nothing of the kind.
    pub(crate) but: &'static [u32],
    pub(crate) errno: u16,
}

/// Types of which a program may use few commands or none.
pub(crate) const IOCTL_TYPES: [IoctlType; 4] = [
    // `linux/sockios.h`: interfaces, routes, addresses, tunnels, bridges. Reading them, and what is
    // about the socket itself, passes.
    IoctlType {
        class: Class::Netlink,
        byte: 0x89,
        but: &[
            0x8901, // FIOSETOWN
            0x8902, // SIOCSPGRP
            0x8903, // FIOGETOWN
            0x8904, // SIOCGPGRP
            0x8905, // SIOCATMARK
            0x8906, // SIOCGSTAMP
            0x8907, // SIOCGSTAMPNS
            0x8910, // SIOCGIFNAME
            0x8912, // SIOCGIFCONF
            0x8913, // SIOCGIFFLAGS
            0x8915, // SIOCGIFADDR
            0x8917, // SIOCGIFDSTADDR
            0x8919, // SIOCGIFBRDADDR
            0x891b, // SIOCGIFNETMASK
            0x891d, // SIOCGIFMETRIC
            0x8921, // SIOCGIFMTU
            0x8927, // SIOCGIFHWADDR
            0x8933, // SIOCGIFINDEX
            0x8942, // SIOCGIFTXQLEN
            0x894b, // SIOCOUTQNSD
        ],
        errno: EPERM,
    },
    // `linux/wireless.h`: radio.
    IoctlType {
        class: Class::Netlink,
        byte: 0x8b,
        but: &[],
        errno: EPERM,
    },
    // `linux/fs.h` and XFS: freeze, thaw, trim, shut down, grow. What is asked of a file system is
    // asked of any file on it.
    IoctlType {
        class: MountAttributes,
        byte: b'X',
        but: &[
            0x801c_581f, // FS_IOC_FSGETXATTR
            FS_IOC_FSSETXATTR,
        ],
        errno: EPERM,
    },
    // `linux/btrfs.h`: subvolumes, devices, balance. Copying by reference is every file system's.
    IoctlType {
        class: MountAttributes,
        byte: 0x94,
        but: &[
            0x4004_9409, // FICLONE
            0x4020_940d, // FICLONERANGE
            0xc018_9436, // FIDEDUPERANGE
        ],
        errno: EPERM,
    },
];

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
    some(Scheduling, EPERM, Syscall::MIGRATE_PAGES, &[Test::any(0, INT)]),
    some(Scheduling, EPERM, Syscall::MOVE_PAGES, &[Test::any(0, INT)]),

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
    // ext4's own: grow it, move extents, swap the boot loader's inode.
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0x6607)]),
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0x6608)]),
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0x660f)]),
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0x6610)]),
    some(MountAttributes, EPERM, Syscall::IOCTL, &[Test::masked(1, TYPE_AND_NUMBER, 0x6611)]),

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
        Class::Netlink => &[Syscall::SOCKET, Syscall::SETSOCKOPT, Syscall::IOCTL],
        Class::OtherStreams => &[Syscall::SOCKET, Syscall::SETSOCKOPT],
        Class::TcpFastOpen => &[Syscall::SENDTO, Syscall::SENDMSG, Syscall::SENDMMSG],
        Class::ListenUnbound => &[Syscall::LISTEN],
        _ => &[],
    }
}
