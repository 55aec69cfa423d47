//! Plan → Sandbox: paths opened, the ruleset made, the filter compiled. All that can fail or take time happens here;
//! enforcing is a handful of system calls after it.

use std::fmt;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::sync::Arc;

use crate::access::AccessFs;
use crate::capabilities;
use crate::kernel::Kernel;
use crate::landlock::{self, Rule, Ruleset};
use crate::paths;
use crate::plan::{Allowance, Decision, Plan, Request};
use crate::policy::{PathLine, Policy};
use crate::process::Programs;
use crate::seccomp::Arch;
use crate::threads::{self, Way};
use ringfence_sys::give_up_capabilities;
use ringfence_sys::landlock::RESTRICT_SELF_LOG_NEW_EXEC_ON;
use ringfence_sys::seccomp::{Threads, install_filter};
use ringfence_sys::threads::Restriction;

mod enforce_error;
mod error;
mod event;
mod trapping;

pub use enforce_error::EnforceError;
pub use error::{PathError, PrepareError};

/// A plan made ready: to enforce on this process ([`Sandbox::enforce`]) or on the calling thread alone
/// ([`Sandbox::enforce_this_thread`]), or to start programs in ([`Sandbox::command`]). What can fail has been
/// done by then, so that one sandbox may start any number of programs, from many threads.
///
/// ```no_run
/// use ringfence::Policy;
///
/// let sandbox = Policy::builder().ro("/usr").ro("/lib").ro("/lib64").build()?.prepare()?;
/// let output = sandbox.command("/usr/bin/id").output()?; // a child, restricted
/// println!("{}: {} bytes", output.ended, output.stdout.len());
/// sandbox.enforce()?; // this process, for good
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a sandbox restricts nothing until it is enforced"]
pub struct Sandbox {
    plan: Plan,
    /// None if the policy leaves everything alone, or best effort found no Landlock.
    ruleset: Option<Ruleset>,
    /// None if the policy leaves system calls alone, or best effort found no filters.
    filter: Option<Arc<Programs>>,
}

impl fmt::Debug for Sandbox {
    /// The plan. A filter has hundreds of instructions, which [`Plan::filter`] shows whom they concern.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox")
            .field("plan", &self.plan)
            .finish_non_exhaustive()
    }
}

impl Policy {
    /// Plans for the running kernel, and makes that ready: [`Plan::new`] with [`Kernel::probe`], and
    /// [`Plan::prepare`].
    ///
    /// # Errors
    /// As [`Plan::prepare`].
    ///
    /// ```no_run
    /// use ringfence::Policy;
    ///
    /// let in_force = Policy::builder().ro("/usr").build()?.prepare()?.enforce()?;
    /// println!("{}", in_force.report());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn prepare(self) -> Result<Sandbox, PrepareError> {
        Plan::new(self, Kernel::probe()).prepare()
    }
}

impl Plan {
    /// Opens the paths, makes the ruleset and compiles the filter. Restricts nothing yet.
    ///
    /// # Errors
    /// [`PrepareError::Refused`] if the kernel cannot enforce some line and the policy is not best
    /// effort; [`PrepareError::OtherKernel`] if the plan is for another kernel than the running
    /// one; otherwise the first line whose path or port cannot be allowed, and why.
    ///
    /// # References
    /// `landlock_create_ruleset(2)`, `landlock_add_rule(2)`.
    ///
    /// ```no_run
    /// use ringfence::{Kernel, Plan, Policy};
    ///
    /// let policy = Policy::builder().ro("/usr").build()?;
    /// let sandbox = Plan::new(policy, Kernel::probe()).prepare()?;
    /// println!("{}", sandbox.plan().report());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn prepare(mut self) -> Result<Sandbox, PrepareError> {
        self.require_enforceable()?;
        let ruleset = if self.makes_domain() {
            Some(landlock::ruleset(&mut self)?)
        } else {
            None
        };
        let filter = self.programs()?;
        Ok(Sandbox::from_parts(self, ruleset, filter))
    }

    /// Looks up the paths by preparing the sandbox, which restricts nothing. The plan then knows what was
    /// found at each; what stops it, other than what [`Plan::check`] says, comes beside it.
    ///
    /// ```
    /// use ringfence::{Kernel, Plan, Policy};
    ///
    /// let policy = Policy::builder().ro("/usr").ro("/nowhere").build()?;
    /// let (plan, trouble) = Plan::new(policy, Kernel::probe()).look_up();
    /// let mut report = plan.report();
    /// if let Some(trouble) = trouble {
    ///     report = report.stopped_by(&trouble);
    /// }
    /// assert!(!report.starts);
    /// # Ok::<(), ringfence::InvalidLine>(())
    /// ```
    pub fn look_up(self) -> (Self, Option<PrepareError>) {
        match self.clone().prepare() {
            Ok(sandbox) => (sandbox.plan, None),
            Err(PrepareError::Refused(_)) => (self, None),
            Err(error) => (self, Some(error)),
        }
    }

    /// As [`Plan::prepare`], with the rules about paths for further rulesets.
    pub(crate) fn prepare_keeping_rules(mut self) -> Result<(Sandbox, Vec<Rule>), PrepareError> {
        self.require_enforceable()?;
        let (ruleset, rules) = if self.makes_domain() {
            let (ruleset, rules) = landlock::ruleset_and_rules(&mut self)?;
            (Some(ruleset), rules)
        } else {
            (None, Vec::new())
        };
        let filter = self.programs()?;
        Ok((Sandbox::from_parts(self, ruleset, filter), rules))
    }

    fn require_enforceable(&self) -> Result<(), PrepareError> {
        self.check()?;
        self.require_running_kernel()
    }

    /// The filter for this machine.
    pub(crate) fn programs(&self) -> Result<Option<Arc<Programs>>, PrepareError> {
        match (self.filter(), Arch::NATIVE) {
            (None, _) => Ok(None),
            (Some(filter), Some(arch)) => Ok(Some(Arc::new(filter.compile(arch)?.into()))),
            (Some(_), None) => Err(PrepareError::Architecture(std::env::consts::ARCH)),
        }
    }

    /// A plan made for another kernel would hold less here than it says, or be refused.
    fn require_running_kernel(&self) -> Result<(), PrepareError> {
        if self.kernel().is_probed() {
            return Ok(());
        }
        let running = Kernel::probe_abi();
        if running.reported_abi() == self.kernel().reported_abi() {
            return Ok(());
        }
        Err(PrepareError::OtherKernel {
            planned: self.kernel().to_string(),
            running: running.to_string(),
        })
    }
}

impl Sandbox {
    pub(crate) fn from_parts(
        plan: Plan,
        ruleset: Option<Ruleset>,
        filter: Option<Arc<Programs>>,
    ) -> Self {
        Self {
            plan,
            ruleset,
            filter,
        }
    }

    pub(crate) fn shared_filter(&self) -> Option<Arc<Programs>> {
        self.filter.clone()
    }

    /// The plan, with what was found at each path.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) fn ruleset(&self) -> Option<BorrowedFd<'_>> {
        self.ruleset.as_ref().map(Ruleset::as_fd)
    }

    /// Flags for `landlock_restrict_self(2)`.
    pub(crate) fn restrict_flags(&self) -> u32 {
        if self.plan.records_denials() {
            RESTRICT_SELF_LOG_NEW_EXEC_ON
        } else {
            0
        }
    }

    pub(crate) fn filter(&self) -> Option<&Programs> {
        self.filter.as_deref()
    }

    /// The line by which programs in this sandbox could change the file at `path`, replace it, or
    /// replace a symlink that leads to it: for files that a later start relies on, such as the policy
    /// itself. None if no line lets them, or file modes keep this user from it.
    ///
    /// # Errors
    /// What the kernel said on the way to the file.
    ///
    /// ```no_run
    /// use ringfence::Policy;
    ///
    /// let policy = Policy::builder().rw("/srv/job").build()?;
    /// let sandbox = policy.prepare()?;
    /// assert!(sandbox.may_change("/etc/job.conf".as_ref())?.is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn may_change(&self, path: &Path) -> io::Result<Option<&PathLine>> {
        let walk = paths::walk(path)?;
        let file = std::iter::once((AccessFs::WRITE_FILE, walk.end.clone(), walk.end.clone()));
        let entries = walk.symlinks.into_iter().chain([walk.end]).map(|entry| {
            let directory = entry.parent().unwrap_or(&entry).to_owned();
            (AccessFs::REMOVE_FILE, entry, directory)
        });
        let by = file.chain(entries).find_map(|(rights, entry, written)| {
            match self.plan.decide(Request::Path(rights, &entry)) {
                Decision::Allowed(Allowance::Paths(lines)) if paths::may_write(&written) => {
                    lines.first().map(|path| path.line)
                }
                _ => None,
            }
        });
        Ok(by)
    }

    /// Restricts this process with all its threads, and what it will start, for good: all of them,
    /// or none and an error.
    ///
    /// Returns the plan: what holds from now on. Sets `no_new_privs` first (of a policy that leaves
    /// everything alone nothing else remains). Where the plan closes
    /// [`Class::KernelInterfaces`](crate::Class::KernelInterfaces), every thread loses `CAP_SYS_MODULE`.
    ///
    /// # Other threads
    /// From ABI 8 on the kernel restricts all threads at once. If it has not within a second, which may
    /// mean that it never would (`docs/limits.md`), they are called by the signal first, and wait as
    /// below while it does. Before ABI 8, and where threads have filters of their own, each of them is
    /// interrupted by signal 33, which the C library keeps for such uses, waits until all others are,
    /// tries the sandbox in a child, and restricts itself. For the program that means:
    ///
    /// - All threads stand still meanwhile, for some milliseconds (a second where there are
    ///   thousands), or for five seconds if one of them does not come and the call is refused.
    /// - Calls such as `poll`, `epoll_wait`, `nanosleep` and `recv` with a timeout return `EINTR`,
    ///   as after every signal (`signal(7)`); others go on as if nothing had happened.
    /// - Each thread gets a Landlock domain of its own, so that what is allowed within a domain is
    ///   not from thread to thread: signalling and tracing a process that *another* thread started
    ///   later, and connecting to an abstract UNIX socket that another thread made later, are denied
    ///   where the policy denies them to processes outside. Threads may signal each other.
    /// - From ABI 8 on, where threads are in filters already, one that lets everything pass stays upon all:
    ///   only so does the kernel say whether it can restrict them at once.
    /// - If a thread cannot restrict itself although the try succeeded, for want of kernel memory, the
    ///   process is aborted (`SIGABRT`, with a message on standard error): some of its threads are
    ///   restricted for good by then.
    ///
    /// Enforcing before the first thread starts has none of this.
    ///
    /// # Errors
    /// On an error no thread is restricted, though `no_new_privs` may be set, and from ABI 8 on
    /// `CAP_SYS_MODULE` given up; but for those errors that say that Landlock holds already
    /// ([`EnforceError::landlock_holds`]), after which the process should end.
    ///
    /// # References
    /// `landlock_restrict_self(2)`, `seccomp(2)`, `prctl(2)` with `PR_SET_NO_NEW_PRIVS`.
    ///
    /// ```no_run
    /// use ringfence::Policy;
    ///
    /// let policy = Policy::builder().rw("/var/lib/tool").connect_tcp(5432).build()?;
    /// policy.prepare()?.enforce()?;
    /// assert!(std::fs::read("/etc/shadow").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[doc(alias = "restrict_self")]
    pub fn enforce(self) -> Result<Plan, EnforceError> {
        let (way, survey) = threads::way(&self.plan, self.filter.is_some())?;
        let threads = match way {
            Way::Alone => {
                self.restrict(Threads::Calling)?;
                1
            }
            Way::Together => {
                // The kernel takes along domain and filter, not the capabilities.
                if survey.modules && self.given_up() != 0 {
                    threads::give_up_modules()?;
                }
                self.restrict(Threads::All)?;
                survey.threads
            }
            Way::Each => threads::each(&self.restriction())?,
        };
        event::enforced(&self.plan, self.filter.is_some(), way, threads);
        Ok(self.plan)
    }

    /// Restricts the calling thread, and what it will start, for good; other threads stay free.
    ///
    /// For a process that has just one thread, or for a worker thread that shares nothing which
    /// matters: threads share memory and descriptors, so code that runs in a restricted thread can
    /// make a free one act for it.
    ///
    /// # Errors
    /// What the kernel said, as with [`Self::enforce`].
    pub fn enforce_this_thread(self) -> Result<Plan, EnforceError> {
        self.restrict(Threads::Calling)?;
        Ok(self.plan)
    }

    /// What each thread is to do where the kernel does not do it.
    fn restriction(&self) -> Restriction<'_> {
        Restriction {
            give_up: self.given_up(),
            ruleset: self.ruleset.as_ref().map(Ruleset::as_fd),
            restrict_flags: self.restrict_flags(),
            filter: self.filter().map(|filter| filter.plain().instructions()),
        }
    }

    /// The capabilities that whoever is restricted loses, as bits.
    fn given_up(&self) -> u64 {
        capabilities::given_up(&self.plan, &[])
    }

    /// Landlock first: the filter may deny its calls, never the other way round.
    fn restrict(&self, threads: Threads) -> Result<(), EnforceError> {
        rustix::thread::set_no_new_privs(true)
            .map_err(|errno| EnforceError::NoNewPrivs(errno.into()))?;
        give_up_capabilities(self.given_up()).map_err(EnforceError::Capability)?;
        if let Some(ruleset) = &self.ruleset {
            match threads {
                Threads::All => threads::at_once(ruleset.as_fd(), self.restrict_flags()),
                Threads::Calling => ruleset
                    .restrict_this_thread(self.restrict_flags())
                    .map_err(EnforceError::restrict),
            }?;
        }
        if let Some(filter) = &self.filter {
            install_filter(filter.plain().instructions(), threads).map_err(EnforceError::filter)?;
        }
        Ok(())
    }
}

/// How many Landlock layers the calling thread is in, 16 at most.
///
/// The kernel has no question for it: a forked child stacks layers until the kernel refuses one
/// more. The caller is not changed. Of another process nothing of the kind can be known.
///
/// # Errors
/// What the kernel said: `ENOSYS` or `EOPNOTSUPP` without Landlock, or why it could not fork.
pub fn layers() -> io::Result<u32> {
    ringfence_sys::landlock::layers()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sandbox_is_shown_without_the_instructions_of_its_filter() {
        let policy = Policy::builder().best_effort().build().unwrap();
        let shown = format!("{:?}", policy.prepare().unwrap());
        assert!(shown.starts_with("Sandbox { plan: Plan { "), "{shown}");
        assert!(!shown.contains("goto"), "{shown}");
    }
}
