//! Plans: what of a policy holds on a kernel, and by which mechanism.

use ringfence::{Plan as Inner, PlanReport, PrepareError};

use crate::border::{Out, OutHandle, OwnedText, attempt, given, handle, quietly};
use crate::error::Error;
use crate::kernel::{Kernel, or_running};
use crate::policy::Policy;
use crate::strings::hand_over;

/// What of a policy holds on a kernel, and by which mechanism.
pub struct Plan {
    pub(crate) plan: Inner,
    /// What stops it, as far as somebody has looked up its paths.
    trouble: Option<PrepareError>,
}

impl From<Inner> for Plan {
    fn from(plan: Inner) -> Self {
        Self {
            plan,
            trouble: None,
        }
    }
}

impl Plan {
    fn report(&self) -> PlanReport {
        match &self.trouble {
            Some(trouble) => self.plan.report().stopped_by(trouble),
            None => self.plan.report(),
        }
    }
}

/// Plans a policy for a kernel, NULL for the running one, without a look at any file. Free the plan with
/// `ringfence_plan_free`; policy and kernel stay yours and are not needed any more.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_plan_new(
    policy: Option<&Policy>,
    kernel: Option<&Kernel>,
    plan: OutHandle<'_, Plan>,
) -> Option<Box<Error>> {
    handle(plan, || {
        let policy = given(policy, "the policy")?.build()?;
        Ok(Inner::new(policy, or_running(kernel)).into())
    })
}

/// Whether the kernel can enforce the plan: NULL, or an error that names the lines that it cannot and the
/// kernel that could.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_plan_check(plan: Option<&Plan>) -> Option<Box<Error>> {
    attempt(|| Ok(given(plan, "the plan")?.plan.check()?))
}

/// Looks up the paths of a plan for the running kernel, as making the sandbox would. Text and JSON then say
/// where symlinks lead, which lines are redundant, and what stops the sandbox. That a sandbox cannot be
/// made is no error here.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_plan_look_up(plan: Option<&mut Plan>) -> Option<Box<Error>> {
    attempt(|| {
        let plan = given(plan, "the plan")?;
        let (found, trouble) = plan.plan.clone().look_up();
        if let Some(trouble @ PrepareError::OtherKernel { .. }) = trouble {
            return Err(trouble.into());
        }
        plan.plan = found;
        plan.trouble = trouble;
        Ok(())
    })
}

/// The plan as a table for people: what `ringfence plan` prints. Free the text with
/// `ringfence_string_free`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_plan_text(
    plan: Option<&Plan>,
    text: Out<'_, OwnedText>,
) -> Option<Box<Error>> {
    hand_over(text, || Ok(given(plan, "the plan")?.report().to_string()))
}

/// The plan as JSON: what `ringfence plan --json` prints, byte for byte. For the running kernel that command
/// looks up the paths first. Free the text with `ringfence_string_free`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_plan_json(
    plan: Option<&Plan>,
    json: Out<'_, OwnedText>,
) -> Option<Box<Error>> {
    hand_over(json, || Ok(given(plan, "the plan")?.report().to_json()))
}

/// Frees a plan. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_plan_free(plan: Option<Box<Plan>>) {
    quietly((), || drop(plan));
}
