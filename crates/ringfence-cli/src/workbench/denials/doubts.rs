//! Why a machine may have no records.

use ringfence::{Abi, Kernel};
use ringfence_observe::audit::is_audit_on;

/// Why there may be no records on this machine, a sentence each.
pub(super) fn doubts() -> Vec<String> {
    let mut doubts = Vec::new();
    let kernel = Kernel::probe_abi();
    if kernel.abi() < Abi::RECORDS {
        doubts.push(format!(
            "this kernel records no denials ({kernel}); it needs {}",
            Abi::RECORDS
        ));
    }
    let line = std::fs::read_to_string("/proc/cmdline").unwrap_or_default();
    let is_off = match is_audit_on() {
        Ok(is_on) => !is_on,
        // Who may not ask sees at least whether it was switched off for good.
        Err(_) => line
            .split_ascii_whitespace()
            .any(|word| word == "audit=0" || word == "audit=off"),
    };
    if is_off {
        doubts.push(
            "audit is off in this kernel, so that nothing is recorded; switch it on as root with `auditctl -e 1`, \
             or boot with audit=1"
                .to_owned(),
        );
    }
    doubts
}
