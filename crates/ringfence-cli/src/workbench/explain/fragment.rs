//! That a built-in fragment allows what was denied: what nearly every program opens is not added line by line.

use std::path::Path;

use ringfence::{Access, Kernel, Plan, Request};
use ringfence_manifest::FromManifest as _;
use ringfence_observe::Denial;

/// The fragment that nearly every program needs.
const BASE: &str = "version: 1\ninclude: [base]\n";

/// What to add instead of lines for each, if there are several.
pub(super) fn note(denials: &[Denial]) -> Option<String> {
    let policy = ringfence::Policy::from_yaml(BASE).ok()?;
    let (plan, _) = Plan::new(policy, Kernel::probe()).look_up();
    let has = |denial: &&Denial| {
        denial.lacking.parse::<Access>().is_ok_and(|access| {
            let place = Path::new(&denial.about);
            plan.decide(Request::Path(access.rights(), place))
                .is_allowed()
        })
    };
    let covered = denials.iter().filter(has).count();
    (covered > 1).then(|| {
        format!(
            "`--include base`, or `include: [base]` in the manifest, allows {covered} of these: it is what nearly \
             every program opens"
        )
    })
}
