//! What the plan says of a request, held against what the kernel did.

use std::path::Path;
use std::process::Output;
use std::sync::atomic::{AtomicU32, Ordering};

use ringfence::{Decision, Mechanism, Request};
use ringfence_tests::wrapper::{Sandbox, stderr};
use rustix::io::Errno;

use crate::world::probe;

/// What must happen when an act is tried in a sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It succeeds.
    Allowed,
    /// It fails with this errno.
    Denied(Errno),
    /// It fails with one of the errors that a filter answers with.
    Filtered,
    /// The sandbox does not start on this kernel, so that nothing is executed.
    Refused,
}

/// What the plan says of a request; `errno` is how the kernel words this denial.
pub fn verdict(sandbox: &Sandbox, request: Request<'_>, errno: Errno) -> Verdict {
    let plan = sandbox.plan();
    if plan.check().is_err() {
        return Verdict::Refused;
    }
    match plan.decide(request) {
        Decision::Allowed(_) => Verdict::Allowed,
        Decision::Denied {
            by: Mechanism::Landlock,
            ..
        } => Verdict::Denied(errno),
        _ => Verdict::Filtered,
    }
}

/// What filters answer with.
const FILTER_ERRORS: [Errno; 6] = [
    Errno::PERM,
    Errno::ACCESS,
    Errno::NOSYS,
    Errno::AFNOSUPPORT,
    Errno::PROTONOSUPPORT,
    Errno::NOPROTOOPT,
];

/// Tries `act` in `sandbox` and compares.
pub fn assert_verdict(sandbox: &Sandbox, act: &[impl AsRef<Path>], expected: Verdict) {
    let output = sandbox.run(probe(act));
    let words: Vec<_> = act
        .iter()
        .map(|word| word.as_ref().display().to_string())
        .collect();
    let what = format!(
        "{words:?} expected {expected:?}, stderr: {}",
        stderr(&output)
    );
    match expected {
        Verdict::Allowed => assert_eq!(output.status.code(), Some(0), "{what}"),
        Verdict::Denied(errno) => {
            assert_eq!(output.status.code(), Some(errno.raw_os_error()), "{what}");
        }
        Verdict::Filtered => {
            let errno = Errno::from_raw_os_error(output.status.code().unwrap_or(0));
            assert!(
                FILTER_ERRORS.contains(&errno),
                "{what}: {:?}",
                output.status
            );
        }
        Verdict::Refused => assert_refused(&output),
    }
}

static REFUSALS: AtomicU32 = AtomicU32::new(0);

/// How often a refusal was expected and seen.
pub fn refusals_proved() -> u32 {
    REFUSALS.load(Ordering::Relaxed)
}

/// The sandbox did not start: exit code 125, and a message that says what is missing.
pub fn assert_refused(output: &Output) {
    let message = stderr(output);
    assert_eq!(output.status.code(), Some(125), "{message}");
    assert!(
        message.contains("this kernel cannot enforce the policy"),
        "{message}"
    );
    assert!(output.stdout.is_empty());
    REFUSALS.fetch_add(1, Ordering::Relaxed);
}
