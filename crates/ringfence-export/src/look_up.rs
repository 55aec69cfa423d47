//! What the lines of a policy come to on this machine, for formats that have no patterns, no exceptions
//! or no symlinks.

use ringfence::{PathLine, Plan, Policy, PolicyBuilder, PrepareError};

/// Looks up the paths of a policy by making a sandbox of its lines, which restricts nothing. A path
/// that is missing here is no fault: what is exported is often for another machine. Nor is it one that
/// this kernel could not enforce a line.
///
/// # Errors
/// The first line of which no sandbox can be made, and why.
pub fn look_up(policy: &Policy) -> Result<Plan, PrepareError> {
    let lines = policy.paths().iter().map(|line| PathLine {
        optional: true,
        ..line.clone()
    });
    let mut wanted = Policy::builder().best_effort();
    if policy.unrestricted().fs {
        wanted = wanted.unrestricted_fs();
    }
    let wanted = lines.fold(wanted, PolicyBuilder::path_line);
    let sandbox = wanted.lines().clone().prepare()?;
    Ok(sandbox.plan().clone())
}
