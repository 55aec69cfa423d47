//! Lines about classes of acts and about system calls.

use ringfence::{Class, PolicyBuilder, SyscallEffect, SyscallLine, UnknownClass, denying_action};

use super::{Policy, add, add_each};
use crate::border::Text;
use crate::error::Error;

/// Leaves classes of acts alone that neither a path nor a port tells apart, by their names in
/// `ringfence plan`: `notifications`, or several with commas between.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_allow_class(policy: Option<&mut Policy>, classes: Text) {
    class_lines(policy, &classes, PolicyBuilder::allow_class);
}

/// Demands that classes of acts are denied: where the kernel cannot, the sandbox is not made.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_deny_class(policy: Option<&mut Policy>, classes: Text) {
    class_lines(policy, &classes, PolicyBuilder::deny_class);
}

fn class_lines(
    policy: Option<&mut Policy>,
    classes: &Text,
    line: fn(PolicyBuilder, Class) -> PolicyBuilder,
) {
    add(policy, |policy| {
        let classes = classes
            .utf8("the classes")?
            .split(',')
            .map(str::parse)
            .collect::<Result<Vec<Class>, UnknownClass>>()?;
        Ok(add_each(classes, policy, line))
    });
}

/// Lets system calls pass, also where the filter would look at them or deny them by itself: names and
/// `@groups`, with commas between.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_allow_syscalls(policy: Option<&mut Policy>, calls: Text) {
    call_lines(policy, &calls, |calls| {
        SyscallLine::new(calls, SyscallEffect::Allow)
    });
}

/// Denies system calls with EPERM, or as written behind a colon: `ptrace:ENOSYS,@mount:EACCES,bpf:kill`.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_deny_syscalls(policy: Option<&mut Policy>, calls: Text) {
    call_lines(policy, &calls, SyscallLine::denial);
}

/// Allows these system calls and no other.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_only_syscalls(policy: Option<&mut Policy>, calls: Text) {
    call_lines(policy, &calls, |calls| {
        SyscallLine::new(calls, SyscallEffect::Only)
    });
}

/// What a call is answered that `ringfence_policy_only_syscalls` does not list: an error such as `ENOSYS`,
/// its number, or `kill`; EPERM without this.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_policy_other_syscalls(policy: Option<&mut Policy>, answer: Text) {
    add(policy, |policy| {
        let action = denying_action(answer.utf8("the answer")?).map_err(Error::argument)?;
        Ok(policy.other_syscalls(action))
    });
}

fn call_lines(
    policy: Option<&mut Policy>,
    calls: &Text,
    read: impl Fn(&str) -> Result<SyscallLine, String>,
) {
    add(policy, |policy| {
        let lines = calls
            .utf8("the system calls")?
            .split(',')
            .map(read)
            .collect::<Result<Vec<_>, _>>()
            .map_err(Error::argument)?;
        Ok(add_each(lines, policy, PolicyBuilder::syscall_line))
    });
}
