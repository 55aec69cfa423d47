//! Plan → filter: what the plan closes by system calls, then the policy's own lines about calls.

use super::call::Syscall;
use super::denials::{DENIALS, Denial};
use super::filter::{Action, Filter, Test, Verdict};
use super::ioctls::{IOCTL_TYPES, IoctlType};
use super::sockets;
use crate::class::Class;
use crate::plan::{Plan, Sockets};
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
        let denied = self.classes_denied_by_calls();
        sockets::apply(self, &denied, &mut filter);
        for kind in IOCTL_TYPES {
            if denied.contains(&kind.class) {
                filter.change(Syscall::IOCTL, |before| kind.over(before));
            }
        }
        // The table goes class by class.
        for denials in DENIALS.chunk_by(|one, next| one.class == next.class) {
            if denied.contains(&denials[0].class) {
                for denial in denials {
                    filter.change(denial.call, |before| denial.over(before));
                }
            }
        }
        if !denied.contains(&Class::NewerCalls) {
            filter.unknown = Verdict::ALLOW;
        }
        self.syscalls.apply(&mut filter);
        Some(filter)
    }
}

/// What a filter hangs on, for plans whose lines about system calls are the same.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FilterBasis {
    filters: bool,
    denied: Vec<Class>,
    sockets: Sockets,
}

impl Plan {
    pub(crate) fn filter_basis(&self) -> FilterBasis {
        FilterBasis {
            filters: self.filters(),
            denied: self.classes_denied_by_calls(),
            sockets: self.may_have_sockets(),
        }
    }

    fn classes_denied_by_calls(&self) -> Vec<Class> {
        let denied = |class: &Class| self.denies_calls_of(*class);
        Class::ALL.into_iter().filter(denied).collect()
    }
}

impl Denial {
    /// Denies what it is about, and leaves the rest to the verdict before.
    fn over(&self, before: Verdict) -> Verdict {
        Verdict::Always(Action::Errno(self.errno)).when_all(self.when, before)
    }
}

impl IoctlType {
    /// Denies commands of this type, and leaves others to the verdict before.
    fn over(&self, before: Verdict) -> Verdict {
        const COMMAND: u8 = 1;
        const TYPE: u64 = 0xff00;

        let denied = Verdict::Always(Action::Errno(self.errno));
        let of_type = self.but.iter().rev().fold(denied, |otherwise, &command| {
            Verdict::when(Test::int(COMMAND, command), Verdict::ALLOW, otherwise)
        });
        let test = Test::masked(COMMAND, TYPE, u32::from(self.byte) << 8);
        Verdict::when(test, of_type, before)
    }
}

impl Syscalls {
    /// Puts the policy's own lines over what was derived.
    fn apply(&self, filter: &mut Filter) {
        if self.lines.is_empty() {
            return;
        }
        for call in Syscall::all() {
            let effect = self.effect_on(call);
            if effect == Some(SyscallEffect::Allow) {
                filter.set(call, Verdict::ALLOW);
            } else if let Some(action) = self.denial_by(effect, call) {
                filter.set(call, Verdict::Always(action));
            }
        }
    }
}
