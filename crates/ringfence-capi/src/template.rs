//! Templates: one policy for many sandboxes that differ in a line.

use ringfence::Template as Inner;

use crate::border::{OutHandle, Text, given, handle, quietly};
use crate::error::Error;
use crate::kernel::or_running;
use crate::policy::Policy;
use crate::sandbox::Sandbox;

/// What many sandboxes share: a policy whose paths were opened and whose filter was compiled once.
pub struct Template(Inner);

/// Opens what the policy names on the running kernel, and compiles its filter. Free the template with
/// `ringfence_template_free`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_template_new(
    policy: Option<&Policy>,
    base: OutHandle<'_, Template>,
) -> Option<Box<Error>> {
    handle(base, || {
        let policy = given(policy, "the policy")?.build()?;
        Ok(Template(Inner::new(policy, or_running(None))?))
    })
}

/// A sandbox with more lines, which are about paths and ports; a new policy without any adds nothing. Free
/// the sandbox with `ringfence_sandbox_free`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_template_with(
    base: Option<&Template>,
    more: Option<&Policy>,
    sandbox: OutHandle<'_, Sandbox>,
) -> Option<Box<Error>> {
    handle(sandbox, || {
        let more = given(more, "the further lines")?.lines()?;
        Ok(Sandbox::new(given(base, "the template")?.0.with(more)?))
    })
}

/// A sandbox that may also read, execute, write, create, remove and rename at `path` and beneath it. Free
/// it with `ringfence_sandbox_free`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_template_with_rw(
    base: Option<&Template>,
    path: Text,
    sandbox: OutHandle<'_, Sandbox>,
) -> Option<Box<Error>> {
    handle(sandbox, || {
        let path = path.path("the path")?;
        Ok(Sandbox::new(given(base, "the template")?.0.with_rw(path)?))
    })
}

/// A sandbox that may also read and execute at `path` and beneath it. Free it with
/// `ringfence_sandbox_free`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_template_with_ro(
    base: Option<&Template>,
    path: Text,
    sandbox: OutHandle<'_, Sandbox>,
) -> Option<Box<Error>> {
    handle(sandbox, || {
        let path = path.path("the path")?;
        Ok(Sandbox::new(given(base, "the template")?.0.with_ro(path)?))
    })
}

/// Frees a template. NULL is fine. Sandboxes that were made from it live on.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_template_free(base: Option<Box<Template>>) {
    quietly((), || drop(base));
}
