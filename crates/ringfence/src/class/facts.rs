//! What is known of each class: its name, what Landlock denies it by, and what it covers.

use super::{Class, Guard};
use crate::access::{AccessFs, Scope};
use crate::kernel::{Abi, Errata};
use crate::policy::PortClass;

pub(super) struct Facts {
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    pub(super) guard: Guard,
}

impl Class {
    pub(super) fn facts(self) -> Facts {
        let (name, guard, summary) = match self {
            Self::Read => (
                "read",
                Guard::Fs(AccessFs::READ_FILE.union(AccessFs::READ_DIR)),
                "read files, list directories",
            ),
            Self::Execute => ("execute", Guard::Fs(AccessFs::EXECUTE), "execute files"),
            Self::Write => (
                "write",
                Guard::Fs(AccessFs::WRITE_FILE),
                "open files for writing (not a pipe or memory file that was passed in: its mode counts)",
            ),
            Self::Truncate => ("truncate", Guard::Fs(AccessFs::TRUNCATE), "truncate files"),
            Self::Create => (
                "create",
                Guard::Fs(
                    AccessFs::MAKE_REG
                        .union(AccessFs::MAKE_DIR)
                        .union(AccessFs::MAKE_SYM)
                        .union(AccessFs::MAKE_SOCK)
                        .union(AccessFs::MAKE_FIFO),
                ),
                "create files, directories, symlinks, sockets, named pipes",
            ),
            Self::Remove => (
                "remove",
                Guard::Fs(AccessFs::REMOVE_FILE.union(AccessFs::REMOVE_DIR)),
                "remove files and directories",
            ),
            Self::Rename => (
                "rename",
                Guard::Fs(AccessFs::REFER),
                "rename or link from one directory to another",
            ),
            Self::Ioctl => (
                "ioctl",
                Guard::Fs(AccessFs::IOCTL_DEV),
                "ioctl on devices opened inside",
            ),
            Self::MakeDevice => (
                "make-device",
                Guard::Fs(AccessFs::MAKE_CHAR.union(AccessFs::MAKE_BLOCK)),
                "create device files",
            ),
            Self::ConnectUnix => (
                "connect-unix",
                Guard::Fs(AccessFs::RESOLVE_UNIX),
                "connect to UNIX sockets by path (docker.sock, D-Bus, systemd)",
            ),
            Self::Port(class) => (
                class.name(),
                Guard::Net(class),
                match class {
                    PortClass::BindTcp => "bind TCP sockets",
                    PortClass::ConnectTcp => "connect TCP sockets",
                    PortClass::BindUdp => "bind UDP sockets",
                    PortClass::ConnectUdp => "connect UDP sockets, send datagrams",
                },
            ),
            Self::AbstractUnix => (
                "abstract-unix",
                Guard::Scope(Scope::ABSTRACT_UNIX_SOCKET),
                "connect to abstract UNIX sockets made outside",
            ),
            Self::Signal => (
                "signal",
                Guard::Scope(Scope::SIGNAL),
                "send signals to processes outside (some on the same terminal can be stopped or ended through it)",
            ),
            Self::Ptrace => (
                "ptrace",
                Guard::Domain,
                "trace processes outside, read their memory (root sees their environment and maps where \
                 it may read /proc)",
            ),
            Self::Mount => (
                "mount",
                Guard::FsDomain,
                "mount, unmount, move mounts, pivot_root",
            ),
            Self::TcpFastOpen => (
                "tcp-fast-open",
                Guard::ConnectSince(Abi::new(10)),
                "connect TCP sockets by sending with MSG_FASTOPEN",
            ),
            Self::ListenUnbound => (
                "listen-unbound",
                Guard::Nothing,
                "listen on a TCP socket never bound: a port of the kernel's choice",
            ),
            Self::OtherStreams => (
                "other-streams",
                Guard::UntilFixed(Errata::TCP_ONLY),
                "MPTCP, SMC and SCTP sockets, to any port",
            ),
            Self::OtherSockets => (
                "other-sockets",
                Guard::Nothing,
                "raw, packet, vsock, kernel-crypto and other sockets",
            ),
            Self::Netlink => (
                "netlink",
                Guard::Nothing,
                "netlink sockets; as root also interfaces, routes and the firewall by other sockets",
            ),
            Self::Metadata => (
                "metadata",
                Guard::Nothing,
                "chmod, chown, utime, setxattr on any file that the user id may change",
            ),
            Self::Stat => (
                "stat",
                Guard::Nothing,
                "see that a file, process or mount exists, its size, mode, owner and attributes, where a \
                 symlink leads; chdir; locks",
            ),
            Self::IndirectExecute => (
                "indirect-execute",
                Guard::Nothing,
                "run readable code through an allowed loader or interpreter, or from memory",
            ),
            Self::MessageQueues => (
                "message-queues",
                Guard::FsDomain,
                "open POSIX message queues",
            ),
            Self::SharedIpc => (
                "shared-ipc",
                Guard::Nothing,
                "System V IPC; make and remove POSIX message queues",
            ),
            Self::OtherProcesses => (
                "other-processes",
                Guard::Nothing,
                "limits of processes outside with the same user id, by which they can be ended",
            ),
            Self::Scheduling => (
                "scheduling",
                Guard::Nothing,
                "priority, processors and memory placement of processes outside with the same user id",
            ),
            Self::MountAttributes => (
                "mount-attributes",
                Guard::Nothing,
                "change mounts and file systems that exist (mount_setattr, FIFREEZE), keys of \
                 encrypted files",
            ),
            Self::Notifications => (
                "notifications",
                Guard::Nothing,
                "watch what happens to files that the user may read (inotify, fanotify)",
            ),
            Self::Terminal => (
                "terminal",
                Guard::Nothing,
                "type into the terminal behind standard input (TIOCSTI), change its keys, hang it up",
            ),
            Self::IoUring => (
                "io-uring",
                Guard::Nothing,
                "io_uring: its operations pass by the filter of system calls",
            ),
            Self::Namespaces => (
                "namespaces",
                Guard::Nothing,
                "new namespaces; chroot as root",
            ),
            Self::KernelInterfaces => (
                "kernel-interfaces",
                Guard::Nothing,
                "keyrings, bpf, perf, userfaultfd; as root also host name, clock, modules, reboot",
            ),
            Self::Debug => (
                "debug",
                Guard::Nothing,
                "trace the sandbox's own processes, read their memory, take their descriptors",
            ),
            Self::NewerCalls => (
                "newer-calls",
                Guard::Nothing,
                "system calls that are newer than this version of ringfence",
            ),
            Self::ForeignCalls => (
                "foreign-calls",
                Guard::Nothing,
                "32-bit and x32 system calls",
            ),
            Self::Addresses => (
                "addresses",
                Guard::Nothing,
                "a port rule allows its port at every address",
            ),
        };
        Facts {
            name,
            summary,
            guard,
        }
    }
}
