//! Plan → filter: what the plan closes by system calls, then the policy's own lines about calls.

use super::call::Syscall;
use super::denials::DENIALS;
use super::filter::{Action, Filter, Verdict};
use super::sockets;
use crate::class::Class;
use crate::plan::Plan;
use crate::policy::{SyscallEffect, Syscalls};

impl Plan {
    /// The filter of system calls that goes with the Landlock domain; none if the policy leaves
    /// system calls alone.
    ///
    /// ```
    /// use ringfence::{Action, Kernel, Plan, Policy, Syscall, Verdict};
    ///
    /// let policy = Policy::builder().ro("/usr").build()?;
    /// let filter = Plan::new(policy, Kernel::with_abi(7)).filter().expect("it is on by default");
    /// assert!(filter.verdict(Syscall::PTRACE).denies());
    /// assert_eq!(*filter.verdict(Syscall::READ), Verdict::Always(Action::Allow));
    /// # Ok::<(), ringfence::InvalidLine>(())
    /// ```
    pub fn filter(&self) -> Option<Filter> {
        if !self.filters() {
            return None;
        }
        let mut filter = Filter::permissive();
        sockets::apply(self, &mut filter);
        let closed: Vec<Class> = Class::ALL
            .into_iter()
            .filter(|&class| self.closes(class))
            .collect();
        for denial in DENIALS
            .iter()
            .filter(|denial| closed.contains(&denial.class))
        {
            let before = filter.verdict(denial.call).clone();
            let verdict = Verdict::Always(Action::Errno(denial.errno));
            filter.set(denial.call, verdict.when_all(denial.when, &before));
        }
        if !closed.contains(&Class::NewerCalls) {
            filter.unknown = Verdict::ALLOW;
        }
        self.syscalls.apply(&mut filter);
        Some(filter)
    }
}

impl Syscalls {
    /// Puts the policy's own lines over what was derived.
    fn apply(&self, filter: &mut Filter) {
        if self.lines.is_empty() {
            return;
        }
        for call in Syscall::all() {
            if self.effect_on(call) == Some(SyscallEffect::Allow) {
                filter.set(call, Verdict::ALLOW);
            } else if let Some(action) = self.denial_of(call) {
                filter.set(call, Verdict::Always(action));
            }
        }
    }
}
