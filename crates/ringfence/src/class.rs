//! Every class of acts that a sandbox is expected to deny, and what of Landlock denies it.
//!
//! Classes that Landlock has no right for are listed too: a plan that left them out would claim
//! more than holds.

use crate::access::{AccessFs, Scope};
use crate::kernel::{Abi, Errata, Kernel};
use crate::policy::PortClass;

/// A class of acts; each is denied as a whole, but for what a line of the policy allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Class {
    /// Read files, list directories.
    Read,
    /// Execute files.
    Execute,
    /// Open files for writing.
    Write,
    /// Truncate files.
    Truncate,
    /// Create files, directories, symlinks, sockets, named pipes.
    Create,
    /// Remove files and directories.
    Remove,
    /// Rename or link from one directory to another.
    Rename,
    /// `ioctl` on devices.
    Ioctl,
    /// Create device files.
    MakeDevice,
    /// Connect to UNIX sockets by path.
    ConnectUnix,
    /// Bind or connect, TCP or UDP.
    Port(PortClass),
    /// Connect to abstract UNIX sockets made outside.
    AbstractUnix,
    /// Signal processes outside.
    Signal,
    /// Trace processes outside, or read their memory.
    Ptrace,
    /// Mount, unmount, move mounts, `pivot_root`.
    Mount,
    /// TCP Fast Open: connect by sending.
    TcpFastOpen,
    /// Listen on a TCP socket that was never bound.
    ListenUnbound,
    /// MPTCP, SMC and SCTP sockets.
    OtherStreams,
    /// Raw, packet, netlink, vsock and kernel-crypto sockets.
    OtherSockets,
    /// Mode, owner, times and extended attributes of files.
    Metadata,
    /// Existence, size and mode of files; `chdir`; locks.
    Stat,
    /// Execute by another route than `execve` of the file.
    IndirectExecute,
    /// POSIX message queues, which are files to the kernel.
    MessageQueues,
    /// System V IPC; make and remove POSIX message queues.
    SharedIpc,
    /// Priority, limits and processors of the user's other processes.
    OtherProcesses,
    /// Flags of mounts that exist.
    MountAttributes,
    /// Watch files and directories.
    Notifications,
    /// Type into the terminal that the program was started on.
    Terminal,
    /// io_uring.
    IoUring,
    /// New namespaces; `chroot`.
    Namespaces,
    /// Keyrings, bpf, perf, userfaultfd and other kernel interfaces.
    KernelInterfaces,
    /// Addresses behind an allowed port.
    Addresses,
}

/// What of Landlock a class hangs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guard {
    /// These rights, handled.
    Fs(AccessFs),
    /// The right of this port class, handled.
    Net(PortClass),
    /// This scope, set.
    Scope(Scope),
    /// Being in a domain at all.
    Domain,
    /// Being in a domain that handles any right on files.
    FsDomain,
    /// The TCP connect right, from this ABI on.
    ConnectSince(Abi),
    /// The TCP rights, by a fault that later kernels fixed.
    UntilFixed(Errata),
    /// Nothing that Landlock has.
    Nothing,
}

struct Facts {
    name: &'static str,
    summary: &'static str,
    guard: Guard,
}

impl Class {
    /// Every class, those with words of the policy first.
    pub const ALL: [Self; 35] = [
        Self::Read,
        Self::Execute,
        Self::Write,
        Self::Truncate,
        Self::Create,
        Self::Remove,
        Self::Rename,
        Self::Ioctl,
        Self::MakeDevice,
        Self::ConnectUnix,
        Self::Port(PortClass::BindTcp),
        Self::Port(PortClass::ConnectTcp),
        Self::Port(PortClass::BindUdp),
        Self::Port(PortClass::ConnectUdp),
        Self::AbstractUnix,
        Self::Signal,
        Self::Ptrace,
        Self::Mount,
        Self::MessageQueues,
        Self::TcpFastOpen,
        Self::ListenUnbound,
        Self::OtherStreams,
        Self::OtherSockets,
        Self::Metadata,
        Self::Stat,
        Self::IndirectExecute,
        Self::SharedIpc,
        Self::OtherProcesses,
        Self::MountAttributes,
        Self::Notifications,
        Self::Terminal,
        Self::IoUring,
        Self::Namespaces,
        Self::KernelInterfaces,
        Self::Addresses,
    ];

    /// Its name in tables and JSON.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// What it covers, in a few words.
    pub fn summary(self) -> &'static str {
        self.facts().summary
    }

    /// The first ABI that can deny it, if any ABI can.
    pub fn since(self) -> Option<Abi> {
        Abi::all().find(|abi| self.is_deniable_on(&Kernel::with_abi(abi.number().into())))
    }

    /// The classes that these rights belong to.
    pub(crate) fn of_rights(rights: AccessFs) -> impl Iterator<Item = Self> {
        Self::ALL
            .into_iter()
            .filter(move |class| matches!(class.guard(), Guard::Fs(of) if of.intersects(rights)))
    }

    /// Whether Landlock of this kernel has what it takes to deny it.
    pub(crate) fn is_deniable_on(self, kernel: &Kernel) -> bool {
        let abi = kernel.abi();
        match self.guard() {
            Guard::Fs(rights) if rights == AccessFs::REFER => abi > Abi::NONE,
            Guard::Fs(rights) => AccessFs::known_to(abi).contains(rights),
            Guard::Net(class) => crate::AccessNet::known_to(abi).contains(class.right()),
            Guard::Scope(scope) => Scope::known_to(abi).contains(scope),
            Guard::Domain | Guard::FsDomain => abi > Abi::NONE,
            Guard::ConnectSince(since) => abi >= since,
            Guard::UntilFixed(fix) => {
                let unfixed = kernel.errata().is_some_and(|fixed| !fixed.contains(fix));
                abi >= Abi::new(4) && unfixed
            }
            Guard::Nothing => false,
        }
    }

    pub(crate) fn guard(self) -> Guard {
        self.facts().guard
    }

    fn facts(self) -> Facts {
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
                "open files for writing",
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
                "send signals to processes outside",
            ),
            Self::Ptrace => (
                "ptrace",
                Guard::Domain,
                "trace processes outside, read their memory",
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
                "raw, packet, netlink, vsock and kernel-crypto sockets",
            ),
            Self::Metadata => (
                "metadata",
                Guard::Nothing,
                "chmod, chown, utime, setxattr on any file that the user id may change",
            ),
            Self::Stat => (
                "stat",
                Guard::Nothing,
                "see that a file exists, its size, mode, owner and attributes; chdir; flock",
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
                "limits (prlimit, which can end them), priority and processors of processes \
                 outside with the same user id",
            ),
            Self::MountAttributes => (
                "mount-attributes",
                Guard::Nothing,
                "as root: change the flags of mounts (mount_setattr)",
            ),
            Self::Notifications => (
                "notifications",
                Guard::Nothing,
                "watch what happens to files that the user may read (inotify, fanotify)",
            ),
            Self::Terminal => (
                "terminal",
                Guard::Nothing,
                "ioctl on the terminal behind standard input, output and error (TIOCSTI)",
            ),
            Self::IoUring => (
                "io-uring",
                Guard::Nothing,
                "io_uring: no right is lost by it, but system call filters are passed by",
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
