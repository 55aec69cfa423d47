//! Sandboxes: plans made ready, for this process or for programs that it starts.

use ringfence::{EnforceError, Kernel as KernelInner, Plan as PlanInner, Sandbox as Inner};

use crate::border::{OutHandle, attempt, given, handle, quietly};
use crate::error::Error;
use crate::plan::Plan;
use crate::policy::Policy;

/// A plan made ready: its paths are open, its filter is compiled. It restricts nothing by itself.
pub struct Sandbox(Option<Inner>);

impl Sandbox {
    pub fn new(sandbox: Inner) -> Self {
        Self(Some(sandbox))
    }

    /// The sandbox, unless this process has entered it.
    pub fn get(&self) -> Result<&Inner, Error> {
        self.0.as_ref().ok_or_else(spent)
    }

    fn enforce<T>(
        &mut self,
        act: impl FnOnce(Inner) -> Result<T, EnforceError>,
    ) -> Result<(), Error> {
        act(self.0.take().ok_or_else(spent)?)?;
        Ok(())
    }
}

fn spent() -> Error {
    Error::argument(
        "the sandbox is spent: this process has entered it, or tried to; make another".to_owned(),
    )
}

/// Makes a plan ready: opens its paths, makes its ruleset, compiles its filter. Restricts nothing. Free the
/// sandbox with `ringfence_sandbox_free`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_plan_prepare(
    plan: Option<&Plan>,
    sandbox: OutHandle<'_, Sandbox>,
) -> Option<Box<Error>> {
    handle(sandbox, || {
        Ok(Sandbox::new(
            given(plan, "the plan")?.plan.clone().prepare()?,
        ))
    })
}

/// Plans a policy for the running kernel and makes the plan ready, in one step. Free the sandbox with
/// `ringfence_sandbox_free`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_policy_prepare(
    policy: Option<&Policy>,
    sandbox: OutHandle<'_, Sandbox>,
) -> Option<Box<Error>> {
    handle(sandbox, || {
        let policy = given(policy, "the policy")?.build()?;
        let plan = PlanInner::new(policy, KernelInner::probe());
        Ok(Sandbox::new(plan.prepare()?))
    })
}

/// The plan of a sandbox, with what was found at each path. Free it with `ringfence_plan_free`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_sandbox_plan(
    sandbox: Option<&Sandbox>,
    plan: OutHandle<'_, Plan>,
) -> Option<Box<Error>> {
    handle(plan, || {
        Ok(given(sandbox, "the sandbox")?.get()?.plan().clone().into())
    })
}

/// Restricts this process, all its threads and all that they start, for good.
///
/// It is best called before the first thread starts. Before Landlock ABI 8 (Linux 7.0) other threads are
/// brought along by a signal (33 on most machines, which the C library uses for the same): see docs/c.md.
///
/// On an error no thread is restricted, though `no_new_privs` may be set; but for the code
/// `RINGFENCE_CODE_ENFORCED_IN_PART`, after which the process should end. Success or not, the sandbox is
/// spent; it is still yours to free.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_sandbox_enforce(sandbox: Option<&mut Sandbox>) -> Option<Box<Error>> {
    attempt(|| given(sandbox, "the sandbox")?.enforce(Inner::enforce))
}

/// Restricts the calling thread and what it will start, for good; other threads stay free. Threads share
/// memory and descriptors, so that this is no wall between threads: for processes that have just one, or
/// that fork from it. Otherwise as `ringfence_sandbox_enforce`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_sandbox_enforce_this_thread(
    sandbox: Option<&mut Sandbox>,
) -> Option<Box<Error>> {
    attempt(|| given(sandbox, "the sandbox")?.enforce(Inner::enforce_this_thread))
}

/// Frees a sandbox and closes what it has open. NULL is fine. What was restricted by it stays so, and what
/// was started in it goes on.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_sandbox_free(sandbox: Option<Box<Sandbox>>) {
    quietly((), || drop(sandbox));
}
