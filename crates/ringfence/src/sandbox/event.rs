//! What is told to whoever listens, with the feature `tracing`.

use crate::plan::Plan;
use crate::threads::Way;

/// Says that this process is restricted. The subscriber runs in the sandbox already.
#[cfg(feature = "tracing")]
pub(super) fn enforced(plan: &Plan, filter: bool, way: Way, threads: usize) {
    let way = match way {
        Way::Alone => "alone",
        Way::Together => "together",
        Way::Each => "each",
    };
    tracing::info!(
        target: "ringfence",
        abi = plan.kernel().reported_abi(),
        threads,
        way,
        paths = plan.paths().count(),
        ports = plan.ports().len(),
        filter,
        "this process is restricted"
    );
}

#[cfg(not(feature = "tracing"))]
pub(super) fn enforced(_: &Plan, _: bool, _: Way, _: usize) {}
