//! Policies: lines added one by one, or read from a manifest.

use ringfence::{Policy as Inner, PolicyBuilder};
use ringfence_manifest::FromManifest as _;

use crate::border::{OutHandle, Text, attempt, caught, given, handle, quietly};
use crate::error::Error;

mod calls;
mod paths;
mod ports;

pub use paths::access;
pub use ports::{port, port_class};

/// What a program may do; everything that no line allows is denied.
///
/// A line that cannot be used is remembered, and whoever makes something of the policy gets it as an
/// error, so that lines need no checks one by one. On a policy that is NULL they do nothing.
pub struct Policy {
    builder: PolicyBuilder,
    /// The first line that could not be used.
    fault: Option<Error>,
}

impl Policy {
    /// What was written, if every line could be used.
    pub fn lines(&self) -> Result<PolicyBuilder, Error> {
        match &self.fault {
            Some(fault) => Err(fault.again()),
            None => Ok(self.builder.clone()),
        }
    }

    /// The policy, if every line means something.
    pub fn build(&self) -> Result<Inner, Error> {
        Ok(self.lines()?.build()?)
    }
}

impl From<PolicyBuilder> for Policy {
    fn from(builder: PolicyBuilder) -> Self {
        Self {
            builder,
            fault: None,
        }
    }
}

/// Adds lines to a policy, or remembers why it cannot.
fn add(
    policy: Option<&mut Policy>,
    act: impl FnOnce(PolicyBuilder) -> Result<PolicyBuilder, Error>,
) {
    let Some(policy) = policy else { return };
    // What is left after a failure has lost all lines, and is never used: the fault says so.
    let builder = std::mem::take(&mut policy.builder);
    match caught(|| act(builder)) {
        Ok(builder) => policy.builder = builder,
        Err(error) => {
            policy.fault.get_or_insert(error);
        }
    }
}

/// Reads lines from names and numbers, and adds them all.
fn add_each<T>(
    lines: Vec<T>,
    to: PolicyBuilder,
    add: impl Fn(PolicyBuilder, T) -> PolicyBuilder,
) -> PolicyBuilder {
    lines.into_iter().fold(to, add)
}

/// A policy that allows nothing yet. Free it with `ringfence_policy_free`. Never NULL, but for a fault of
/// this library.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_new() -> Option<Box<Policy>> {
    quietly(None, || Some(Box::new(PolicyBuilder::default().into())))
}

/// Reads a policy from a manifest in YAML or JSON of `length` bytes; its variables are those of the
/// environment. What it says about the start of a command is left out. All that is wrong with it is in the
/// error. More lines can be added. Free it with `ringfence_policy_free`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_policy_from_yaml(
    yaml: Text,
    length: usize,
    policy: OutHandle<'_, Policy>,
) -> Option<Box<Error>> {
    handle(policy, || {
        let policy = Inner::from_yaml(yaml.utf8_of(length, "the manifest")?)?;
        Ok(PolicyBuilder::from(policy).into())
    })
}

/// Reads a policy from a file in YAML, JSON or TOML, otherwise as `ringfence_policy_from_yaml`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_policy_from_file(
    path: Text,
    policy: OutHandle<'_, Policy>,
) -> Option<Box<Error>> {
    handle(policy, || {
        let policy = Inner::from_file(path.path("the path of the manifest")?)?;
        Ok(PolicyBuilder::from(policy).into())
    })
}

/// Leaves paths alone, UNIX sockets by path included.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_unrestricted_fs(policy: Option<&mut Policy>) {
    add(policy, |policy| Ok(policy.unrestricted_fs()));
}

/// Leaves TCP and UDP ports alone.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_unrestricted_net(policy: Option<&mut Policy>) {
    add(policy, |policy| Ok(policy.unrestricted_net()));
}

/// Leaves abstract UNIX sockets and signals alone.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_unrestricted_ipc(policy: Option<&mut Policy>) {
    add(policy, |policy| Ok(policy.unrestricted_ipc()));
}

/// Installs no filter of system calls: what Landlock leaves open is open.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_unrestricted_syscalls(policy: Option<&mut Policy>) {
    add(policy, |policy| Ok(policy.unrestricted_syscalls()));
}

/// Makes a sandbox although the kernel cannot enforce some line; the plan says which.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_best_effort(policy: Option<&mut Policy>) {
    add(policy, |policy| Ok(policy.best_effort()));
}

/// Refuses to make a sandbox while any class of acts is open that the policy does not leave alone by name,
/// best effort or not.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_require_complete(policy: Option<&mut Policy>) {
    add(policy, |policy| Ok(policy.require_complete()));
}

/// Has the kernel record in its audit log what Landlock denies to the program and all that it starts (ABI 7),
/// as `ringfence denials` shows it. Where audit is off nothing is recorded.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_audit(policy: Option<&mut Policy>) {
    add(policy, |policy| Ok(policy.audit()));
}

/// Refuses to make a sandbox on a kernel whose Landlock ABI is lower, best effort or not.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_minimum_abi(policy: Option<&mut Policy>, abi: u32) {
    add(policy, |policy| Ok(policy.minimum_abi(abi)));
}

/// A policy that says all that two say: what either allows is allowed, what either demands is demanded.
/// Neither is changed. Free it with `ringfence_policy_free`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_policy_merge(
    policy: Option<&Policy>,
    other: Option<&Policy>,
    merged: OutHandle<'_, Policy>,
) -> Option<Box<Error>> {
    handle(merged, || {
        let other = given(other, "the other policy")?.lines()?;
        let both = given(policy, "the policy")?.lines()?.merge(other);
        Ok(both.into())
    })
}

/// Whether every line means something: NULL, or an error about the first that does not.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_policy_check(policy: Option<&Policy>) -> Option<Box<Error>> {
    attempt(|| given(policy, "the policy")?.build().map(drop))
}

/// Frees a policy. NULL is fine. What was made of it lives on.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_free(policy: Option<Box<Policy>>) {
    quietly((), || drop(policy));
}
