//! What the filter of system calls closes, and why the rest stays open.

use super::{Plan, Standing};
use crate::access::{Access, AccessFs};
use crate::class::Class;
use crate::kernel::Abi;
use crate::policy::{PortClass, SyscallEffect};
use crate::seccomp::Syscall;

/// The sockets that a policy needs, so that a filter cannot deny to make them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sockets {
    pub(crate) unix: bool,
    pub(crate) tcp: bool,
    pub(crate) udp: bool,
}

impl Plan {
    /// Whether there is a filter at all.
    pub(crate) fn filters(&self) -> bool {
        self.kernel.seccomp().filter && !self.unrestricted.syscalls
    }

    /// The sockets that programs in this sandbox may make.
    ///
    /// A filter sees family and type of a socket, but neither path nor port. So it denies to make
    /// sockets of a kind of which no line allows anything. UNIX sockets have a use within the
    /// sandbox too, so that they are denied only where Landlock cannot tell their paths.
    pub(crate) fn may_have_sockets(&self) -> Sockets {
        let any_line = |classes: [PortClass; 2]| {
            let named = |class: &PortClass| self.ports.iter().any(|port| port.line.class == *class);
            self.unrestricted.net || classes.iter().any(named)
        };
        let any_left_alone =
            |classes: [Class; 2]| classes.into_iter().any(|class| self.leaves_alone(class));
        let connects = |line: &crate::PathLine| line.access.contains(Access::CONNECT_UNIX);
        // A line that lets `socket` pass lets every kind be made, and what such sockets may do has to
        // be denied by other calls.
        let all = self.syscalls.effect_on(Syscall::SOCKET) == Some(SyscallEffect::Allow);
        Sockets {
            unix: all
                || any_left_alone([Class::ConnectUnix, Class::AbstractUnix])
                || self.handled_fs.contains(AccessFs::RESOLVE_UNIX)
                || self.lines.iter().any(connects),
            tcp: all
                || any_left_alone([Class::TcpFastOpen, Class::ListenUnbound])
                || any_line([PortClass::BindTcp, PortClass::ConnectTcp]),
            udp: all || any_line([PortClass::BindUdp, PortClass::ConnectUdp]),
        }
    }

    /// Whether the filter closes this class, be it that Landlock denies it as well.
    pub(crate) fn closes(&self, class: Class) -> bool {
        self.denies_calls_of(class) && !self.lifted.contains(&class)
    }

    /// Whether the filter denies the calls of this class, but for those that the policy lets pass by
    /// name: one of them opens the class, and is no reason to let others pass.
    pub(crate) fn denies_calls_of(&self, class: Class) -> bool {
        self.filters()
            && !self.leaves_alone(class)
            && self.says(class) != Some(true)
            && !self.evades(class)
            && self.could_close(class)
    }

    /// Whether the class is one for a filter, and the policy has taken it from there: all system
    /// calls are left alone, or one of those that the class is about.
    pub(super) fn leaves_to_calls(&self, class: Class) -> bool {
        (self.unrestricted.syscalls || self.lifted.contains(&class)) && self.could_close(class)
    }

    /// Whether io_uring is left alone and has an operation for acts of this class: its operations
    /// are no system calls.
    fn evades(&self, class: Class) -> bool {
        let has_operation = matches!(
            class,
            Class::Truncate
                | Class::ConnectUnix
                | Class::AbstractUnix
                | Class::Port(_)
                | Class::TcpFastOpen
                | Class::ListenUnbound
                | Class::OtherStreams
                | Class::OtherSockets
                | Class::Netlink
                | Class::Metadata
        );
        let left_alone = self.leaves_alone(Class::IoUring) || self.lifted.contains(&Class::IoUring);
        has_operation && left_alone
    }

    /// Whether a filter could close the class under this policy.
    fn could_close(&self, class: Class) -> bool {
        let sockets = self.may_have_sockets();
        let has_line = |class| self.ports.iter().any(|port| port.line.class == class);
        match class {
            // What may be written may be truncated as well. Before ABI 3 truncating by name asks for
            // no right at all.
            Class::Truncate => {
                self.kernel.abi() < Abi::new(3) && self.handled_fs.contains(AccessFs::WRITE_FILE)
            }
            Class::ConnectUnix | Class::AbstractUnix => !sockets.unix,
            Class::Port(PortClass::BindTcp | PortClass::ConnectTcp) => !sockets.tcp,
            Class::Port(PortClass::BindUdp | PortClass::ConnectUdp) => !sockets.udp,
            // A socket that was bound cannot be told from one that was not.
            Class::ListenUnbound => !has_line(PortClass::BindTcp),
            Class::Metadata => self.denies_metadata(),
            Class::MessageQueues => self.closes(Class::SharedIpc),
            // Where Landlock governs it, a line for its port allows it, and a filter sees no port.
            Class::TcpFastOpen => !class.is_deniable_on(&self.kernel),
            Class::OtherStreams
            | Class::OtherSockets
            | Class::Netlink
            | Class::Mount
            | Class::MountAttributes
            | Class::SharedIpc
            | Class::OtherProcesses
            | Class::Scheduling
            | Class::Notifications
            | Class::Terminal
            | Class::IoUring
            | Class::Namespaces
            | Class::KernelInterfaces
            | Class::Debug
            | Class::NewerCalls
            | Class::ForeignCalls => true,
            Class::Read
            | Class::Execute
            | Class::Write
            | Class::Create
            | Class::Remove
            | Class::Rename
            | Class::MakeDevice
            | Class::Ioctl
            | Class::Signal
            // The calls are closed with `debug`; `/proc/PID/mem` and its neighbours are files.
            | Class::Ptrace
            | Class::Stat
            | Class::IndirectExecute
            | Class::Addresses => false,
        }
    }

    /// Programs that create files set their modes and times, as every archiver, compiler and
    /// version control does. So the policy has to say that they must not, where it lets them create.
    fn denies_metadata(&self) -> bool {
        let creates = |line: &crate::PathLine| line.access.contains(Access::CREATE);
        self.says(Class::Metadata) == Some(false) || !self.lines.iter().any(creates)
    }

    /// How a class is closed, where the filter has to deny more than the class; else empty.
    pub fn closed_whole(&self, class: Class) -> &'static str {
        if self.standing(class) != Standing::Seccomp {
            return "";
        }
        match class {
            Class::Truncate => "no file can be truncated by name",
            Class::ConnectUnix | Class::AbstractUnix => {
                "no UNIX socket can be made; `--allow connect-unix` leaves them alone"
            }
            Class::Port(PortClass::BindUdp | PortClass::ConnectUdp) => "no UDP socket can be made",
            Class::ListenUnbound if self.may_have_sockets().tcp => "no socket can listen",
            Class::ListenUnbound | Class::Port(_) => "no TCP socket can be made",
            _ => "",
        }
    }

    /// Why nothing denies this class here; empty for one that is not open.
    pub fn open_because(&self, class: Class) -> &'static str {
        if !matches!(self.standing(class), Standing::Open(_)) {
            return "";
        }
        if self.could_close(class) && self.evades(class) {
            return "io_uring is left alone, whose operations pass by the filter";
        }
        if self.could_close(class) && self.unrestricted.syscalls {
            return "system calls are left alone";
        }
        if self.could_close(class) && self.lifted.contains(&class) {
            return "a line about system calls lets one pass that it takes";
        }
        if self.could_close(class) {
            return "this kernel has no filters of system calls";
        }
        match class {
            Class::Truncate => "writing is not denied either",
            Class::ConnectUnix | Class::AbstractUnix => {
                "the policy needs UNIX sockets, whose names a filter cannot see"
            }
            Class::Port(_) => "the policy needs such sockets, whose ports a filter cannot see",
            Class::ListenUnbound => "a filter cannot tell whether a socket is bound",
            Class::Metadata => {
                "programs that create files set their modes and times; `--deny metadata` denies it"
            }
            Class::Ioctl => "a filter cannot tell a device from another descriptor",
            Class::Signal => "a filter cannot tell whose process a number names",
            Class::Ptrace => {
                "memory and files of a process are files in /proc, whose paths a filter cannot see"
            }
            Class::Stat => "no program starts without it",
            Class::IndirectExecute => "what can be read can be run",
            Class::Addresses => "rules and filters see ports, not addresses",
            _ => "this kernel cannot deny it",
        }
    }
}

#[cfg(test)]
mod tests;
