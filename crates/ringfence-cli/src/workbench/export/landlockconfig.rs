//! `ringfence export landlockconfig`.

use ringfence::{Kernel, Plan, Policy, PolicyBuilder};

use super::Format;

pub(super) const FORMAT: Format = Format {
    name: "landlockconfig",
    about: "The Landlock part as the JSON of landlockconfig",
    flags: |command| command,
    export: |subject, _| {
        let policy = &subject.manifest.policy;
        let mut lines = policy.paths().iter();
        let looked_up = lines
            .any(|line| line.pattern || !line.except.is_empty())
            .then(|| look_up(policy))
            .flatten();
        ringfence_export::landlockconfig(&subject.manifest, looked_up.as_ref())
    },
};

/// What the lines about paths come to on this machine, if a sandbox can be made of them.
pub(super) fn look_up(policy: &Policy) -> Option<Plan> {
    // What this kernel can enforce is not asked here.
    let policy = PolicyBuilder::from(policy.clone()).best_effort();
    let sandbox = Plan::new(policy.lines().clone(), Kernel::probe())
        .prepare()
        .ok()?;
    Some(sandbox.plan().clone())
}
