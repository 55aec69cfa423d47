//! Every class of acts that a sandbox is expected to deny, and what of Landlock denies it.
//!
//! Classes that Landlock has no right for are listed too, whether a filter of system calls can close
//! them or nothing can: a plan that left them out would claim more than holds.

use std::str::FromStr;

use crate::access::{AccessFs, Scope};
use crate::kernel::{Abi, Errata, Kernel};
use crate::policy::PortClass;
use crate::seccomp::Syscall;

mod facts;

/// A class of acts; each is denied as a whole, but for what a line of the policy allows.
///
/// ```
/// use ringfence::{Class, Kernel, Plan, Policy, Standing};
///
/// // What nothing can deny on Linux 6.12, for a policy that allows nothing.
/// let plan = Plan::new(Policy::builder().build()?, Kernel::with_abi(6));
/// let open: Vec<&str> = Class::ALL
///     .into_iter()
///     .filter(|&class| matches!(plan.standing(class), Standing::Open(_)))
///     .map(|class| class.name())
///     .collect();
/// assert_eq!(open, ["stat", "indirect-execute", "addresses"]);
/// # Ok::<(), ringfence::InvalidLine>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Raw, packet, vsock, kernel-crypto and other sockets.
    OtherSockets,
    /// Netlink sockets, and other ways to configure the network.
    Netlink,
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
    /// Limits of the user's other processes.
    OtherProcesses,
    /// Priority, processors and memory placement of the user's other processes.
    Scheduling,
    /// Flags of mounts and state of file systems that exist.
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
    /// Trace and inspect processes of the sandbox itself.
    Debug,
    /// System calls that are newer than this version.
    NewerCalls,
    /// 32-bit and x32 system calls.
    ForeignCalls,
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

impl Class {
    /// Every class, those with words of the policy first.
    pub const ALL: [Self; 40] = [
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
        Self::Netlink,
        Self::Metadata,
        Self::Stat,
        Self::IndirectExecute,
        Self::SharedIpc,
        Self::OtherProcesses,
        Self::Scheduling,
        Self::MountAttributes,
        Self::Notifications,
        Self::Terminal,
        Self::IoUring,
        Self::Namespaces,
        Self::KernelInterfaces,
        Self::Debug,
        Self::NewerCalls,
        Self::ForeignCalls,
        Self::Addresses,
    ];

    /// Its name in tables and JSON.
    pub fn name(self) -> &'static str {
        self.facts().name
    }

    /// The class with this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// What it covers, in a few words.
    pub fn summary(self) -> &'static str {
        self.facts().summary
    }

    /// The first ABI that can deny it, if any ABI can.
    pub fn since(self) -> Option<Abi> {
        Abi::all().find(|abi| self.is_deniable_on(&Kernel::with_abi(abi.number().into())))
    }

    /// The system calls that a filter has to look at or deny to close it, if there are any.
    pub fn calls(self) -> impl Iterator<Item = Syscall> {
        crate::seccomp::calls_of(self)
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
}

impl FromStr for Class {
    type Err = UnknownClass;

    /// The class with this name.
    fn from_str(name: &str) -> Result<Self, UnknownClass> {
        Self::named(name).ok_or_else(|| UnknownClass {
            name: name.to_owned(),
        })
    }
}

/// A name that no class has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown class `{name}`; {}", proposal(name))]
pub struct UnknownClass {
    /// The name as written.
    pub name: String,
}

fn proposal(name: &str) -> String {
    let names = || Class::ALL.iter().map(|class| class.name());
    match crate::similar::closest(name, names()) {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => format!("the classes are {}", names().collect::<Vec<_>>().join(", ")),
    }
}
