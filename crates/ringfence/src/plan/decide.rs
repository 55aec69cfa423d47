//! The oracle: would this access be allowed, and by what?

use std::path::Path;

use super::moves::{Entry, FileKind, Move};
use super::{PathPlan, Plan, PortPlan, Standing};
use crate::access::AccessFs;
use crate::class::Class;
use crate::kernel::Abi;
use crate::policy::PortClass;

/// An access to ask the plan about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request<'a> {
    /// These rights, all of them, on the object at this path.
    ///
    /// The path is absolute and without symlinks, as the kernel sees it. For rights to create or
    /// remove it is the entry's own path; the kernel asks its directory.
    Path(AccessFs, &'a Path),
    /// Rename an entry.
    ///
    /// Of moves from one directory to another the kernel denies two that are called allowed here: a
    /// line for `/` does not spare files of another mount from being found to gain its rights, and
    /// a sandbox that leaves paths alone denies them once it is nested with one that does not.
    Rename {
        /// What is renamed.
        from: Entry<'a>,
        /// Its new path.
        to: &'a Path,
        /// The type of what is there already and would be replaced.
        over: Option<FileKind>,
    },
    /// Exchange two entries (`RENAME_EXCHANGE`).
    Exchange(Entry<'a>, Entry<'a>),
    /// Make a hard link.
    Link {
        /// What is linked.
        from: Entry<'a>,
        /// Its further path.
        to: &'a Path,
    },
    /// This port, bound or connected to.
    Port(PortClass, u16),
    /// An act of a class that has neither a path nor a port.
    Class(Class),
}

/// What denies an access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mechanism {
    /// Landlock.
    Landlock,
    /// The filter of system calls.
    Seccomp,
}

/// The plan's answer.
#[derive(Clone, Debug)]
#[must_use]
#[non_exhaustive]
pub enum Decision<'p> {
    /// The kernel lets it pass, as far as this sandbox is concerned.
    Allowed(Allowance<'p>),
    /// It is denied.
    Denied {
        /// What denies it.
        by: Mechanism,
        /// The rights that no line gives; empty for a port or a class.
        missing: AccessFs,
    },
    /// Landlock denies it although no right is missing: a file or directory would gain rights by
    /// moving to a directory where the policy allows more. It may be copied.
    Widens {
        /// The rights that no line gives where it is.
        gained: AccessFs,
    },
}

/// Why an access is allowed.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Allowance<'p> {
    /// By these lines, each of which gives a part of the rights.
    Paths(Vec<PathPlan<'p>>),
    /// By this line.
    Port(&'p PortPlan),
    /// The policy leaves this class alone.
    Unrestricted,
    /// This kernel cannot deny it. The first ABI that could, if any can.
    Open(Option<Abi>),
}

impl Decision<'_> {
    /// Whether the access is allowed.
    pub fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed(_))
    }
}

impl Plan {
    /// Whether this access would be allowed under the plan, and by what.
    ///
    /// It speaks of this sandbox alone: file modes, an outer sandbox or another security module may
    /// deny what is allowed here.
    ///
    /// ```
    /// use std::path::Path;
    /// use ringfence::{AccessFs, Kernel, Plan, Policy, Request};
    ///
    /// let policy = Policy::builder().ro("/usr").build()?;
    /// let plan = Plan::new(policy, Kernel::with_abi(4));
    /// let read = |path| Request::Path(AccessFs::READ_FILE, Path::new(path));
    /// assert!(plan.decide(read("/usr/bin/env")).is_allowed());
    /// assert!(!plan.decide(read("/etc/shadow")).is_allowed());
    /// # Ok::<(), ringfence::InvalidLine>(())
    /// ```
    pub fn decide(&self, request: Request<'_>) -> Decision<'_> {
        match request {
            Request::Path(rights, path) => self.decide_path(rights, path),
            Request::Rename { from, to, over } => self.decide_move(&Move::rename(from, to, over)),
            Request::Exchange(one, other) => self.decide_move(&Move::exchange(one, other)),
            Request::Link { from, to } => self.decide_move(&Move::link(from, to)),
            Request::Port(class, port) => self.decide_port(class, port),
            Request::Class(class) => self.decide_class(class),
        }
    }

    fn decide_class(&self, class: Class) -> Decision<'static> {
        match self.standing(class) {
            Standing::Landlock => denied(Mechanism::Landlock),
            Standing::Seccomp => denied(Mechanism::Seccomp),
            Standing::Unrestricted => Decision::Allowed(Allowance::Unrestricted),
            Standing::Open(since) => Decision::Allowed(Allowance::Open(since)),
        }
    }

    pub(super) fn decide_path(&self, rights: AccessFs, path: &Path) -> Decision<'_> {
        if self.unrestricted.fs {
            return Decision::Allowed(Allowance::Unrestricted);
        }
        // ABI 1 denies REFER to every domain, though a ruleset cannot handle it there.
        let denied_unless_granted = if self.kernel.abi() == Abi::new(1) {
            self.handled_fs | AccessFs::REFER
        } else {
            self.handled_fs
        };
        let asked = rights & denied_unless_granted;
        // Rights of which Landlock here knows nothing: the filter may deny the whole class.
        let unknown = rights - asked;
        // What is open for writing may be truncated by whatever allows to write.
        let by_name = if asked.contains(AccessFs::WRITE_FILE) {
            unknown - AccessFs::TRUNCATE
        } else {
            unknown
        };
        let filtered = |class: &Class| self.standing(*class) == Standing::Seccomp;
        if Class::of_rights(by_name).any(|class| filtered(&class)) {
            return denied(Mechanism::Seccomp);
        }
        if asked.is_empty() {
            let open = Class::of_rights(unknown).next();
            return open.map_or(Decision::Allowed(Allowance::Unrestricted), |class| {
                self.decide_class(class)
            });
        }

        let parent = path.parent().unwrap_or(path);
        let mut lines = Vec::new();
        let mut given = AccessFs::empty();
        for plan in self.paths() {
            let mut here = AccessFs::empty();
            if plan.covers(path) {
                here |= asked - AccessFs::OF_PARENT;
            }
            if plan.covers(parent) {
                here |= asked & AccessFs::OF_PARENT;
            }
            here &= plan.granted;
            if !given.contains(here) {
                given |= here;
                lines.push(plan);
            }
        }
        if given.contains(asked) {
            Decision::Allowed(Allowance::Paths(lines))
        } else {
            Decision::Denied {
                by: Mechanism::Landlock,
                missing: asked - given,
            }
        }
    }

    fn decide_port(&self, class: PortClass, port: u16) -> Decision<'_> {
        match self.standing(Class::Port(class)) {
            Standing::Landlock => self
                .ports
                .iter()
                .find(|plan| plan.line.class == class && plan.line.ports.contains(port))
                .map_or(denied(Mechanism::Landlock), |plan| {
                    Decision::Allowed(Allowance::Port(plan))
                }),
            _ => self.decide_class(Class::Port(class)),
        }
    }
}

/// The answer where no right of a path is missing.
fn denied(by: Mechanism) -> Decision<'static> {
    Decision::Denied {
        by,
        missing: AccessFs::empty(),
    }
}
