//! A policy that is added to: what it gives is not said again, and what it denies by name is asked about.

use ringfence::{Class, Plan, Policy, PolicyBuilder, PortClass, Request};

use super::{Places, Setting, fragments};
use crate::question::looked_up;

pub(super) struct Existing<'s> {
    policy: &'s Policy,
    /// With its paths looked up.
    plan: Plan,
}

impl Setting<'_> {
    pub(super) fn existing(&self) -> Option<Existing<'_>> {
        let policy = self.existing?;
        let plan = looked_up(policy, self.kernel, true);
        Some(Existing { policy, plan })
    }

    /// What the lines so far make, on top of what is there already.
    pub(super) fn plan(&self, lines: &PolicyBuilder) -> Option<Plan> {
        let whole = match self.existing {
            Some(policy) => PolicyBuilder::from(policy.clone()).merge(lines.clone()),
            None => lines.clone(),
        };
        Some(Plan::new(whole.build().ok()?, self.kernel))
    }

    /// Whether the policy that is added to denies this class by name.
    pub(super) fn is_denied_by_name(&self, class: Class) -> bool {
        let lines = self.existing.map_or(&[][..], Policy::classes);
        lines.iter().any(|line| line.class == class && !line.allow)
    }
}

impl Existing<'_> {
    /// Takes away what it gives.
    pub(super) fn take(&self, places: &mut Places) {
        if self.policy.unrestricted().fs {
            places.clear();
        }
        fragments::take_given(&self.plan, places);
    }

    pub(super) fn allows(&self, class: PortClass, port: u16) -> bool {
        let request = Request::Port(class, port);
        self.plan.decide(request).is_allowed()
    }
}
