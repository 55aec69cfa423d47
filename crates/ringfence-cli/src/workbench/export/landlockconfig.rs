//! `ringfence export landlockconfig`.

use super::{Format, look_up};

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
