//! `ringfence export landlockconfig`.

use ringfence::{Kernel, Plan, PolicyBuilder};

use super::{Format, Subject};

pub(super) const FORMAT: Format = Format {
    name: "landlockconfig",
    about: "The Landlock part as the JSON of landlockconfig",
    flags: |command| command,
    export: |subject, _| {
        ringfence_export::landlockconfig(&subject.manifest, look_up(subject).as_ref())
    },
};

/// What exceptions and patterns come to on this machine, where there are any.
fn look_up(subject: &Subject) -> Option<Plan> {
    let policy = &subject.manifest.policy;
    if !policy
        .paths()
        .iter()
        .any(|line| line.pattern || !line.except.is_empty())
    {
        return None;
    }
    // What this kernel can enforce is not asked here.
    let policy = PolicyBuilder::from(policy.clone())
        .best_effort()
        .lines()
        .clone();
    let sandbox = Plan::new(policy, Kernel::probe()).prepare().ok()?;
    Some(sandbox.plan().clone())
}
