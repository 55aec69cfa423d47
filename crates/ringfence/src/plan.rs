//! Policy × Kernel → Plan: who enforces what, without a look at any file.
//!
//! A plan is pure. Making it ready ([`Plan::prepare`], in `sandbox.rs`) opens the paths and notes
//! here what it found.

use std::path::Path;

use crate::access::{Access, AccessFs, AccessNet, Scope};
use crate::class::{Class, Guard};
use crate::kernel::{Abi, Kernel};
use crate::policy::{
    ClassLine, PathLine, Policy, PortClass, PortLine, Ports, Source, SyscallEffect, Syscalls,
    Unrestricted,
};
use crate::seccomp::calls_of;

mod closing;
mod decide;
mod entries;
mod moves;
mod refusal;
mod undone;

pub(crate) use closing::Sockets;
pub use decide::{Allowance, Decision, Mechanism, Request};
pub use entries::Entries;
pub use moves::{Entry, FileKind};
pub use refusal::{Refusal, Refused};
pub use undone::Undone;

/// What of a policy holds on a kernel, and by which mechanism.
///
/// It is pure: a plan for a kernel that runs nowhere near answers like one for the running kernel.
///
/// ```
/// use ringfence::{Class, Kernel, Plan, Policy, PortClass, Request, Standing};
///
/// let policy = Policy::builder().ro("/usr").connect_tcp(443).build()?;
///
/// // Linux 6.7 knows TCP ports.
/// let plan = Plan::new(policy.clone(), Kernel::with_abi(4));
/// assert!(plan.check().is_ok());
/// assert!(plan.decide(Request::Port(PortClass::ConnectTcp, 443)).is_allowed());
/// assert!(!plan.decide(Request::Port(PortClass::ConnectTcp, 25)).is_allowed());
/// assert_eq!(plan.standing(Class::Read), Standing::Landlock);
///
/// // Linux 6.2 does not: the sandbox would not start, and the error says which kernel could.
/// let refused = Plan::new(policy, Kernel::with_abi(3)).check().unwrap_err();
/// assert!(refused.to_string().contains("needs ABI 4 (Linux 6.7)"));
/// # Ok::<(), ringfence::InvalidLine>(())
/// ```
#[derive(Clone, Debug)]
pub struct Plan {
    kernel: Kernel,
    best_effort: bool,
    require_complete: bool,
    audit: bool,
    minimum_abi: u32,
    unrestricted: Unrestricted,
    any: Vec<PortClass>,
    pub(crate) classes: Vec<ClassLine>,
    pub(crate) syscalls: Syscalls,
    /// Classes some of whose calls the policy lets pass by name.
    lifted: Vec<Class>,
    pub(crate) lines: Vec<PathLine>,
    /// What was found at the path of each line; empty until someone has looked.
    pub(crate) found: Vec<Found>,
    pub(crate) ports: Vec<PortPlan>,
    pub(crate) handled_fs: AccessFs,
    pub(crate) handled_net: AccessNet,
    pub(crate) scoped: Scope,
}

/// What becomes of a line about a path.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct PathPlan<'p> {
    /// The line.
    pub line: &'p PathLine,
    /// The rights that the ruleset will allow there.
    pub granted: AccessFs,
    /// The words that this kernel cannot enforce: what they stand for is open everywhere.
    pub unenforced: Access,
    /// The words that this kernel denies whatever a policy says.
    pub withheld: Access,
    /// What preparing the sandbox found at the path.
    pub found: &'p Found,
}

/// What preparing a sandbox found at the path of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found {
    /// Nobody has looked.
    #[default]
    NotLookedUp,
    /// The path as written, without a symlink in it.
    AsWritten,
    /// Symlinks, or a relative path, that lead here.
    At(Box<Path>),
    /// Nothing; the line is optional and allows nothing.
    Missing,
    /// A path beneath that of a wider line, which makes this one redundant. The resolved path.
    CoveredAt(Box<Path>),
    /// What a pattern matched, or what stands beside exceptions.
    Entries(Box<Entries>),
}

impl PathPlan<'_> {
    /// Rights of enforced words that this kernel does not know: open everywhere, while the rest of
    /// the word is enforced. Truncation before ABI 3 is the one there is.
    pub fn partly_open(&self) -> AccessFs {
        self.line.access.rights() - self.granted - self.unenforced.rights() - self.withheld.rights()
    }

    /// The first ABI that enforces every word of the line, where this kernel's does not.
    pub fn needs(&self) -> Option<Abi> {
        if self.unenforced.is_empty() {
            return None;
        }
        self.unenforced
            .words()
            .filter_map(|word| {
                Abi::all().find(|&abi| AccessFs::known_to(abi).intersects(word.rights))
            })
            .max()
    }
}

/// What becomes of a line about ports.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PortPlan {
    /// The line, or one that another line implies.
    pub line: PortLine,
    /// By what it is enforced.
    pub standing: Standing,
}

/// By what a line or a class is enforced, or why it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// By Landlock.
    Landlock,
    /// By the filter of system calls.
    Seccomp,
    /// By nothing, because the policy says so.
    Unrestricted,
    /// By nothing on this kernel. The first ABI that would, if any does.
    Open(Option<Abi>),
}

impl Plan {
    /// Plans `policy` for `kernel`. Makes no system call.
    pub fn new(policy: Policy, kernel: Kernel) -> Self {
        let abi = kernel.abi();
        let unrestricted = policy.unrestricted();
        let any: Vec<_> = PortClass::ALL
            .into_iter()
            .filter(|&class| policy.allows_any(class))
            .collect();
        let left_alone: AccessNet = any.iter().map(|class| class.right()).collect();

        let mut plan = Self {
            kernel,
            best_effort: policy.best_effort(),
            require_complete: policy.require_complete(),
            audit: policy.audit(),
            minimum_abi: policy.minimum_abi(),
            unrestricted,
            any,
            lifted: lifted(&policy.syscalls),
            classes: policy.classes,
            syscalls: policy.syscalls,
            lines: policy.paths,
            found: Vec::new(),
            ports: Vec::new(),
            handled_fs: unless(unrestricted.fs, AccessFs::known_to(abi)),
            handled_net: unless(unrestricted.net, AccessNet::known_to(abi)) - left_alone,
            scoped: unless(unrestricted.ipc, Scope::known_to(abi)),
        };
        for line in plan.classes.iter().filter(|line| line.allow) {
            match line.class.guard() {
                Guard::Fs(rights) => plan.handled_fs -= rights,
                Guard::Scope(scope) => plan.scoped -= scope,
                _ => {}
            }
        }
        // What becomes of a line hangs on the others of its kind.
        let unplanned = |line| PortPlan {
            line,
            standing: Standing::Unrestricted,
        };
        plan.ports = policy.ports.into_iter().map(unplanned).collect();
        let standings: Vec<_> = plan
            .ports
            .iter()
            .map(|port| plan.port(&port.line))
            .collect();
        for (port, standing) in plan.ports.iter_mut().zip(standings) {
            port.standing = standing;
        }
        plan.ports.extend(plan.implied_udp_bind());
        plan
    }

    /// The kernel that this plan is for.
    pub fn kernel(&self) -> &Kernel {
        &self.kernel
    }

    /// The lines about paths, each with what becomes of it.
    pub fn paths(&self) -> impl Iterator<Item = PathPlan<'_>> {
        let found = self
            .found
            .iter()
            .chain(std::iter::repeat(&Found::NotLookedUp));
        self.lines
            .iter()
            .zip(found)
            .map(|(line, found)| self.path(line, found))
    }

    /// The lines about ports, each with what becomes of it, and those that others imply.
    pub fn ports(&self) -> &[PortPlan] {
        &self.ports
    }

    /// Whether lines that the kernel cannot enforce are left out instead of stopping the start.
    pub fn best_effort(&self) -> bool {
        self.best_effort
    }

    /// Whether a Landlock domain is made at all.
    pub fn makes_domain(&self) -> bool {
        !(self.handled_fs.is_empty() && self.handled_net.is_empty() && self.scoped.is_empty())
    }

    /// Whether the policy wants denials recorded.
    pub fn audit(&self) -> bool {
        self.audit
    }

    /// Whether the policy wants denials recorded and this kernel can. It does if audit is on.
    pub fn records_denials(&self) -> bool {
        self.audit && self.kernel.abi() >= Abi::RECORDS
    }

    /// By what acts of this class are denied, where no line allows them.
    pub fn standing(&self, class: Class) -> Standing {
        if self.leaves_alone(class) {
            return Standing::Unrestricted;
        }
        if self.landlock_denies(class) {
            return Standing::Landlock;
        }
        let since = class.since().filter(|&since| since > self.kernel.abi());
        if self.closes(class) {
            Standing::Seccomp
        } else if since.is_none() && self.leaves_to_calls(class) {
            Standing::Unrestricted
        } else {
            Standing::Open(since)
        }
    }

    /// Whether Landlock of this kernel denies the class with what the plan has it handle.
    fn landlock_denies(&self, class: Class) -> bool {
        let handled = match class.guard() {
            Guard::Domain => self.makes_domain(),
            Guard::FsDomain => !self.handled_fs.is_empty(),
            Guard::ConnectSince(_) => self.handled_net.contains(AccessNet::CONNECT_TCP),
            Guard::UntilFixed(_) => {
                let tcp = AccessNet::BIND_TCP | AccessNet::CONNECT_TCP;
                self.handled_net.contains(tcp)
            }
            Guard::Fs(_) | Guard::Net(_) | Guard::Scope(_) | Guard::Nothing => true,
        };
        handled && class.is_deniable_on(&self.kernel)
    }

    /// Whether the policy itself leaves this class alone.
    fn leaves_alone(&self, class: Class) -> bool {
        if self.says(class) == Some(true) {
            // These two are denied along with ports, and only leaving those alone lifts it.
            let with_ports = matches!(class.guard(), Guard::ConnectSince(_) | Guard::UntilFixed(_));
            return !(with_ports && self.landlock_denies(class));
        }
        let any = |class| self.unrestricted.net || self.any.contains(&class);
        match class {
            Class::Port(class) => any(class),
            Class::TcpFastOpen | Class::Addresses => any(PortClass::ConnectTcp),
            Class::ListenUnbound => any(PortClass::BindTcp),
            Class::OtherStreams | Class::OtherSockets | Class::Netlink => self.unrestricted.net,
            Class::AbstractUnix
            | Class::Signal
            | Class::SharedIpc
            | Class::OtherProcesses
            | Class::Scheduling => self.unrestricted.ipc,
            Class::Metadata
            | Class::Stat
            | Class::IndirectExecute
            | Class::MountAttributes
            | Class::Notifications => self.unrestricted.fs,
            // A filter that denies other IPC denies to open these.
            Class::MessageQueues => self.unrestricted.fs && !self.closes(Class::SharedIpc),
            class => {
                matches!(class.guard(), Guard::Fs(_) | Guard::FsDomain) && self.unrestricted.fs
            }
        }
    }

    /// Whether a line of the policy allows this class as a whole, or denies it.
    fn says(&self, class: Class) -> Option<bool> {
        let line = self.classes.iter().find(|line| line.class == class)?;
        Some(line.allow)
    }

    fn path<'p>(&self, line: &'p PathLine, found: &'p Found) -> PathPlan<'p> {
        let known = AccessFs::known_to(self.kernel.abi());
        let (mut unenforced, mut withheld) = (Access::empty(), Access::empty());
        if !self.unrestricted.fs && !known.contains(line.access.rights()) {
            for word in line.access.words() {
                if word.access == Access::RENAME && self.kernel.abi() == Abi::new(1) {
                    withheld |= word.access;
                } else if !known.intersects(word.rights) {
                    unenforced |= word.access;
                }
            }
        }
        PathPlan {
            granted: line.access.rights() & self.handled_fs,
            unenforced,
            withheld,
            found,
            line,
        }
    }

    fn port(&self, line: &PortLine) -> Standing {
        match line.ports {
            Ports::Any => Standing::Unrestricted,
            Ports::Range(_) => self.standing(Class::Port(line.class)),
        }
    }

    /// Sending a datagram binds an ephemeral port by itself, which the kernel asks `BIND_UDP` on
    /// port 0 for (`Documentation/userspace-api/landlock.rst`, ABI 10).
    fn implied_udp_bind(&self) -> Option<PortPlan> {
        let sends = self
            .ports
            .iter()
            .any(|port| port.line.class == PortClass::ConnectUdp);
        let binds_zero = self
            .ports
            .iter()
            .any(|port| port.line.class == PortClass::BindUdp && port.line.ports.contains(0));
        (sends && !binds_zero && self.handled_net.contains(AccessNet::BIND_UDP)).then(|| PortPlan {
            line: PortLine {
                class: PortClass::BindUdp,
                ports: Ports::from(0),
                source: Source::Implied("sending a datagram binds a port of the kernel's choice"),
            },
            standing: Standing::Landlock,
        })
    }
}

/// Classes of which the policy lets some call pass by name.
fn lifted(syscalls: &Syscalls) -> Vec<Class> {
    if syscalls.lines.is_empty() {
        return Vec::new();
    }
    let allowed = |call| syscalls.effect_on(call) == Some(SyscallEffect::Allow);
    Class::ALL
        .into_iter()
        .filter(|&class| calls_of(class).any(allowed))
        .collect()
}

fn unless<T: Default>(condition: bool, value: T) -> T {
    if condition { T::default() } else { value }
}

#[cfg(test)]
mod tests;
