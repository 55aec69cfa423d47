//! What a class's line does to the filter.

use super::{EACCES, ENOSYS, EPERM, answer, filter, plan};
use crate::seccomp::denials::calls_of;
use crate::seccomp::{Action, Syscall, Verdict};
use crate::{Class, Policy, PolicyBuilder, Standing};

fn tool() -> PolicyBuilder {
    Policy::builder().ro("/usr")
}

#[test]
fn an_allowed_class_is_open_and_no_other() {
    let usual = plan(tool(), 7);
    for class in Class::ALL {
        let Ok(policy) = tool().allow_class(class).build() else {
            continue;
        };
        let lifted = crate::Plan::new(policy, crate::Kernel::with_abi(7));
        assert_eq!(
            lifted.standing(class),
            Standing::Unrestricted,
            "{}",
            class.name()
        );
        for other in Class::ALL.into_iter().filter(|&other| other != class) {
            let (before, after) = (usual.standing(other), lifted.standing(other));
            let opened = before == Standing::Seccomp && after != Standing::Seccomp;
            // io_uring has operations for some; AF_UNIX is one family for paths and abstract names.
            let together = class == Class::IoUring
                || matches!(other, Class::AbstractUnix | Class::ConnectUnix);
            assert!(
                !opened || together,
                "{} opens {}",
                class.name(),
                other.name()
            );
        }
    }
}

#[test]
fn calls_of_a_class_that_the_filter_closes_are_denied_somehow() {
    let plan = plan(tool(), 1);
    let filter = plan.filter().expect("it is on");
    for class in Class::ALL {
        if plan.closes(class) {
            for call in calls_of(class) {
                // Nothing listens where no socket can be made.
                let moot = call == Syscall::LISTEN;
                assert!(
                    moot || filter.verdict(call).denies(),
                    "{call} of {}",
                    class.name()
                );
            }
        }
    }
}

#[test]
fn truncating_by_name_is_denied_until_landlock_does() {
    const O_RDONLY: u64 = 0;
    const O_WRONLY: u64 = 1;
    const O_RDWR: u64 = 2;
    const O_NEITHER: u64 = 3;
    const O_CREAT: u64 = 0o100;
    const O_TRUNC: u64 = 0o1000;
    for abi in 1..=2 {
        let filter = filter(tool().rw("/srv"), abi);
        let open = |flags| answer(&filter, Syscall::OPENAT, &[0, 0, flags]);
        for (flags, action) in [
            (O_RDONLY | O_TRUNC, EACCES),
            (O_NEITHER | O_TRUNC, EACCES),
            (O_RDONLY | O_TRUNC | O_CREAT, EACCES),
            // The right to write is asked for, which Landlock knows.
            (O_WRONLY | O_TRUNC, Action::Allow),
            (O_RDWR | O_TRUNC | O_CREAT, Action::Allow),
            (O_RDONLY, Action::Allow),
            (O_RDONLY | O_TRUNC | 1 << 40, EACCES),
        ] {
            assert_eq!(open(flags), action, "{flags:#o}");
        }
        assert_eq!(answer(&filter, Syscall::TRUNCATE, &[]), EACCES);
        assert_eq!(answer(&filter, Syscall::OPENAT2, &[]), ENOSYS);
        assert!(!filter.verdict(Syscall::FTRUNCATE).denies());
    }
    for abi in 3..=11 {
        let filter = filter(tool().rw("/srv"), abi);
        for call in [Syscall::OPENAT, Syscall::OPENAT2, Syscall::TRUNCATE] {
            assert!(!filter.verdict(call).denies(), "ABI {abi}");
        }
    }
}

#[test]
fn metadata_is_denied_where_nothing_is_created_or_the_policy_says_so() {
    let chmod = |policy| answer(&filter(policy, 7), Syscall::FCHMODAT, &[]);
    assert_eq!(chmod(tool()), EPERM);
    assert_eq!(chmod(tool().rw("/srv")), Action::Allow);
    assert_eq!(chmod(tool().rw("/srv").deny_class(Class::Metadata)), EPERM);
    assert_eq!(chmod(tool().allow_class(Class::Metadata)), Action::Allow);
    assert_eq!(chmod(tool().unrestricted_fs()), Action::Allow);
}

#[test]
fn a_process_may_be_forked_but_no_namespace_made() {
    const CLONE_THREAD_OF_LIBC: u64 = 0x003d_0f00;
    const SIGCHLD: u64 = 17;
    const CLONE_NEWUSER: u64 = 0x1000_0000;
    const CLONE_NEWTIME: u64 = 0x80;
    let filter = filter(tool(), 7);
    let clone = |flags| answer(&filter, Syscall::CLONE, &[flags]);
    assert_eq!(clone(SIGCHLD), Action::Allow);
    assert_eq!(clone(CLONE_THREAD_OF_LIBC), Action::Allow);
    for bit in [17, 25, 26, 27, 28, 29, 30] {
        assert_eq!(clone(SIGCHLD | 1 << bit), EPERM, "bit {bit}");
    }
    let unshare = |flags| answer(&filter, Syscall::UNSHARE, &[flags]);
    assert_eq!(unshare(0x0400), Action::Allow); // CLONE_FILES
    assert_eq!(unshare(CLONE_NEWUSER), EPERM);
    assert_eq!(unshare(CLONE_NEWTIME), EPERM);
    // The C library takes it for an old kernel and uses clone.
    assert_eq!(answer(&filter, Syscall::CLONE3, &[]), ENOSYS);
    let allowed = super::filter(tool().allow_class(Class::Namespaces), 7);
    assert_eq!(
        answer(&allowed, Syscall::CLONE, &[CLONE_NEWUSER]),
        Action::Allow
    );
}

#[test]
fn own_limits_and_priority_may_be_changed_and_nobody_elses() {
    let filter = filter(tool(), 7);
    let limits = |pid, new| answer(&filter, Syscall::PRLIMIT64, &[pid, 0, new, 0]);
    assert_eq!(limits(0, 0x7fff_0000_1000), Action::Allow);
    assert_eq!(limits(1234, 0), Action::Allow);
    assert_eq!(limits(1234, 0x7fff_0000_1000), EPERM);
    assert_eq!(limits(1234, 1 << 40), EPERM);
    let priority = |which, who| answer(&filter, Syscall::SETPRIORITY, &[which, who, 10]);
    assert_eq!(priority(0, 0), Action::Allow);
    assert_eq!(priority(0, 1234), EPERM);
    assert_eq!(priority(2, 0), EPERM);
}

#[test]
fn a_program_may_ask_for_its_personality_and_its_own_addresses() {
    let filter = filter(tool(), 7);
    let personality = |value| answer(&filter, Syscall::PERSONALITY, &[value]);
    for harmless in [0, 0x0004_0000, 0xffff_ffff, u64::MAX] {
        assert_eq!(personality(harmless), Action::Allow, "{harmless:#x}");
    }
    for other in [0x0040_0000, 1, 0x0044_0000] {
        assert_eq!(personality(other), EPERM, "{other:#x}");
    }
}

#[test]
fn newer_calls_are_no_calls_unless_the_policy_leaves_them_alone() {
    assert_eq!(filter(tool(), 7).unknown, Verdict::Always(ENOSYS));
    let allowed = filter(tool().allow_class(Class::NewerCalls), 7);
    assert_eq!(allowed.unknown, Verdict::Always(Action::Allow));
    // Foreign ones do not become native by that.
    assert_eq!(
        (allowed.foreign, allowed.x32),
        (Action::Kill, Verdict::Always(ENOSYS))
    );
}

#[test]
fn left_alone_io_uring_leaves_open_what_it_has_operations_for() {
    let plan = plan(tool().allow_class(Class::IoUring), 7);
    for class in [Class::Metadata, Class::OtherSockets, Class::ConnectUnix] {
        assert!(!plan.closes(class), "{}", class.name());
    }
    assert!(plan.closes(Class::Namespaces));
}
