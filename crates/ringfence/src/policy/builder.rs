//! The policy's builder: collects lines, which are checked when the policy is built.

use std::path::PathBuf;

use super::{
    ClassLine, InvalidLine, PathLine, Policy, PortClass, PortLine, Ports, Source, SyscallEffect,
    SyscallLine, Syscalls,
};
use crate::access::Access;
use crate::class::Class;
use crate::seccomp::{Action, Syscall};

/// Collects the lines of a [`Policy`]. Each method adds one line, or switches one thing.
///
/// Nothing is looked up and nothing is lost: a line that means nothing is the error of
/// [`PolicyBuilder::build`], one that the kernel cannot enforce that of [`Plan::prepare`](crate::Plan::prepare).
///
/// ```
/// use ringfence::{Access, Class, Policy};
///
/// let policy = Policy::builder()
///     .ro("/usr")
///     .allow(Access::READ | Access::WRITE, "/srv/state")
///     .allow_if_present(Access::READ, "/etc/tool.conf")
///     .connect_tcp(5432)
///     .allow_class(Class::Netlink)
///     .build()?;
/// assert_eq!(policy.paths().len(), 3);
///
/// assert!(Policy::builder().ro("").build().is_err());
/// # Ok::<(), ringfence::InvalidLine>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct PolicyBuilder {
    policy: Policy,
}

impl PolicyBuilder {
    /// Allows [`Access::RO`] on `path` and beneath it.
    pub fn ro(self, path: impl Into<PathBuf>) -> Self {
        self.allow(Access::RO, path)
    }

    /// Allows [`Access::RW`] on `path` and beneath it.
    pub fn rw(self, path: impl Into<PathBuf>) -> Self {
        self.allow(Access::RW, path)
    }

    /// Allows to connect to UNIX sockets at `path` or beneath it (ABI 9).
    pub fn connect_unix(self, path: impl Into<PathBuf>) -> Self {
        self.allow(Access::CONNECT_UNIX, path)
    }

    /// Allows any mix of words on `path` and beneath it.
    pub fn allow(self, access: Access, path: impl Into<PathBuf>) -> Self {
        self.path_line(PathLine::new(access, path))
    }

    /// Allows words on a path that may be missing when the sandbox is made; the line is skipped
    /// then, which narrows the sandbox.
    #[doc(alias = "optional")]
    pub fn allow_if_present(self, access: Access, path: impl Into<PathBuf>) -> Self {
        self.path_line(PathLine {
            optional: true,
            ..PathLine::new(access, path)
        })
    }

    /// Allows words on all beneath the directory `path` but for what is beneath the excepted paths,
    /// which are relative to it.
    ///
    /// Landlock allows and never takes away, so that each entry beside an excepted path gets a rule
    /// of its own when the sandbox is made; the directory itself and those on the way down to an
    /// excepted path get none. What is created there later is not allowed.
    ///
    /// ```
    /// use std::path::Path;
    /// use ringfence::{Access, AccessFs, Kernel, Plan, Policy, Request};
    ///
    /// let policy = Policy::builder()
    ///     .allow_except(Access::RO, "/home/user", [".ssh", ".config/gh"])
    ///     .build()?;
    /// let plan = Plan::new(policy, Kernel::with_abi(4));
    /// let read = |path| Request::Path(AccessFs::READ_FILE, Path::new(path));
    /// assert!(plan.decide(read("/home/user/notes/today")).is_allowed());
    /// assert!(!plan.decide(read("/home/user/.config/gh/hosts.yml")).is_allowed());
    /// # Ok::<(), ringfence::InvalidLine>(())
    /// ```
    #[doc(alias = "except")]
    pub fn allow_except(
        self,
        access: Access,
        path: impl Into<PathBuf>,
        except: impl IntoIterator<Item: Into<PathBuf>>,
    ) -> Self {
        self.path_line(PathLine {
            except: except.into_iter().map(Into::into).collect(),
            ..PathLine::new(access, path)
        })
    }

    /// Allows words on all that matches a pattern when the sandbox is made, and beneath it.
    ///
    /// `*` and `?` stand for characters of one name, `[a-z]` and `[!a-z]` for one of some, `**`
    /// for any number of directories; a leading dot has to be written. What comes to match later
    /// is not allowed.
    ///
    /// ```
    /// use std::path::Path;
    /// use ringfence::{Access, AccessFs, Kernel, Plan, Policy, Request};
    ///
    /// let policy = Policy::builder().allow_matching(Access::READ, "/srv/*.conf").build()?;
    /// let plan = Plan::new(policy, Kernel::with_abi(4));
    /// let read = |path| Request::Path(AccessFs::READ_FILE, Path::new(path));
    /// assert!(plan.decide(read("/srv/site.conf")).is_allowed());
    /// assert!(!plan.decide(read("/srv/site.key")).is_allowed());
    /// # Ok::<(), ringfence::InvalidLine>(())
    /// ```
    #[doc(alias = "glob")]
    pub fn allow_matching(self, access: Access, pattern: impl Into<PathBuf>) -> Self {
        self.path_line(PathLine {
            pattern: true,
            ..PathLine::new(access, pattern)
        })
    }

    /// Adds a line about a path whose every field the caller chose.
    pub fn path_line(mut self, line: PathLine) -> Self {
        self.policy.paths.push(line);
        self
    }

    /// Allows to bind TCP sockets to these ports (ABI 4); 0 stands for a port of the kernel's choice.
    pub fn bind_tcp(self, ports: impl Into<Ports>) -> Self {
        self.ports(PortClass::BindTcp, ports)
    }

    /// Allows to connect TCP sockets to these ports, at any address (ABI 4).
    pub fn connect_tcp(self, ports: impl Into<Ports>) -> Self {
        self.ports(PortClass::ConnectTcp, ports)
    }

    /// Allows to bind UDP sockets to these ports (ABI 10); 0 stands for a port of the kernel's choice.
    pub fn bind_udp(self, ports: impl Into<Ports>) -> Self {
        self.ports(PortClass::BindUdp, ports)
    }

    /// Allows to send datagrams to these ports, at any address (ABI 10).
    ///
    /// Sending binds an ephemeral local port by itself, so the plan allows that too, and says so.
    pub fn connect_udp(self, ports: impl Into<Ports>) -> Self {
        self.ports(PortClass::ConnectUdp, ports)
    }

    fn ports(self, class: PortClass, ports: impl Into<Ports>) -> Self {
        self.port_line(PortLine {
            class,
            ports: ports.into(),
            source: Source::Api,
        })
    }

    /// Adds a line about ports whose every field the caller chose.
    pub fn port_line(mut self, line: PortLine) -> Self {
        self.policy.ports.push(line);
        self
    }

    /// Leaves paths alone, UNIX sockets by path included.
    pub fn unrestricted_fs(mut self) -> Self {
        self.policy.unrestricted.fs = true;
        self
    }

    /// Leaves TCP and UDP ports alone.
    pub fn unrestricted_net(mut self) -> Self {
        self.policy.unrestricted.net = true;
        self
    }

    /// Leaves abstract UNIX sockets and signals alone.
    pub fn unrestricted_ipc(mut self) -> Self {
        self.policy.unrestricted.ipc = true;
        self
    }

    /// Leaves a class of acts alone that neither a path nor a port tells apart.
    pub fn allow_class(self, class: Class) -> Self {
        self.class(class, true)
    }

    /// Demands that a class of acts is denied: where the kernel cannot, the start is refused.
    ///
    /// [`Class::Metadata`] is the one that is otherwise denied only where no line lets programs
    /// create files.
    pub fn deny_class(self, class: Class) -> Self {
        self.class(class, false)
    }

    fn class(self, class: Class, allow: bool) -> Self {
        self.class_line(ClassLine {
            class,
            allow,
            source: Source::Api,
        })
    }

    /// Adds a line about a class whose every field the caller chose.
    pub fn class_line(mut self, line: ClassLine) -> Self {
        self.policy.classes.push(line);
        self
    }

    /// Lets a system call pass, also where the filter would look at it or deny it by itself.
    pub fn allow_syscall(self, call: Syscall) -> Self {
        self.syscall(call, SyscallEffect::Allow)
    }

    /// Denies a system call.
    pub fn deny_syscall(self, call: Syscall, action: Action) -> Self {
        self.syscall(call, SyscallEffect::Deny(action))
    }

    /// Allows these system calls and no other; what ends a program or returns from a signal is
    /// always allowed. Of the calls that are listed, the filter still denies what it would deny
    /// without the list.
    pub fn only_syscalls(self, calls: impl IntoIterator<Item = Syscall>) -> Self {
        calls.into_iter().fold(self, |policy, call| {
            policy.syscall(call, SyscallEffect::Only)
        })
    }

    /// What calls are answered that are not listed; EPERM without this.
    pub fn other_syscalls(mut self, action: Action) -> Self {
        self.policy.syscalls.others = action;
        self
    }

    fn syscall(self, call: Syscall, effect: SyscallEffect) -> Self {
        self.syscall_line(SyscallLine {
            calls: call.into(),
            effect,
            source: Source::Api,
        })
    }

    /// Adds a line about system calls whose every field the caller chose.
    pub fn syscall_line(mut self, line: SyscallLine) -> Self {
        self.policy.syscalls.lines.push(line);
        self
    }

    /// Leaves system calls alone: Landlock alone holds, and what it leaves open is open.
    pub fn unrestricted_syscalls(mut self) -> Self {
        self.policy.unrestricted.syscalls = true;
        self
    }

    /// Refuses to start while any class of acts is open that the policy does not leave alone by
    /// name, best effort or not.
    pub fn require_complete(mut self) -> Self {
        self.policy.require_complete = true;
        self
    }

    /// Has the kernel record in its audit log what Landlock denies to the program and all that it starts
    /// (ABI 7), as `ringfence denials` shows it. Without this a program's denials are recorded only until
    /// it executes another. Where audit is off nothing is recorded.
    pub fn audit(mut self) -> Self {
        self.policy.audit = true;
        self
    }

    /// Lets the program start although the kernel cannot enforce some line; the plan says which.
    pub fn best_effort(mut self) -> Self {
        self.policy.best_effort = true;
        self
    }

    /// Refuses to start on a kernel whose ABI has a lower number, best effort or not.
    #[doc(alias = "min_abi")]
    pub fn minimum_abi(mut self, abi: u32) -> Self {
        self.policy.minimum_abi = abi;
        self
    }

    /// Adds all that another policy says: what either allows is allowed, what either demands is
    /// demanded.
    pub fn merge(mut self, other: impl Into<Self>) -> Self {
        let other = other.into().policy;
        let policy = &mut self.policy;
        policy.paths.extend(other.paths);
        policy.ports.extend(other.ports);
        policy.classes.extend(other.classes);
        policy.syscalls.lines.extend(other.syscalls.lines);
        if policy.syscalls.others == Syscalls::default().others {
            policy.syscalls.others = other.syscalls.others;
        }
        policy.unrestricted |= other.unrestricted;
        policy.best_effort |= other.best_effort;
        policy.require_complete |= other.require_complete;
        policy.audit |= other.audit;
        policy.minimum_abi = policy.minimum_abi.max(other.minimum_abi);
        self
    }

    /// What is left without the lines about paths and ports.
    pub(crate) fn without_paths_and_ports(mut self) -> Self {
        self.policy.paths.clear();
        self.policy.ports.clear();
        self
    }

    /// The same with these lines about paths instead of its own.
    pub fn with_paths(mut self, lines: impl IntoIterator<Item = PathLine>) -> Self {
        self.policy.paths = lines.into_iter().collect();
        self
    }

    /// The lines so far, whether they mean something or not.
    pub fn lines(&self) -> &Policy {
        &self.policy
    }

    /// The policy, if every line means something.
    ///
    /// # Errors
    /// The first line that does not, and why.
    pub fn build(self) -> Result<Policy, InvalidLine> {
        self.policy.check()?;
        Ok(self.policy)
    }
}

impl From<Policy> for PolicyBuilder {
    fn from(policy: Policy) -> Self {
        Self { policy }
    }
}

#[cfg(test)]
mod tests;
