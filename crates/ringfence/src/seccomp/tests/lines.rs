//! What a policy's own lines about calls do to the filter.

use std::path::Path;

use super::{EACCES, ENOSYS, EPERM, answer, filter};
use crate::seccomp::{Action, Group, Syscall, Verdict};
use crate::{Class, Origin, Policy, PolicyBuilder, Source, Standing, SyscallEffect, SyscallLine};

const ALLOW: Verdict = Verdict::Always(Action::Allow);
const TIOCSTI: u64 = 0x5412;

fn tool() -> PolicyBuilder {
    Policy::builder().ro("/usr")
}

/// A policy with these lines, each a verb and what a flag of that name takes.
fn lines<const N: usize>(lines: [(&str, &str); N]) -> PolicyBuilder {
    lines.into_iter().fold(tool(), |policy, (verb, calls)| {
        let line = match verb {
            "allow" => SyscallLine::new(calls, SyscallEffect::Allow),
            "only" => SyscallLine::new(calls, SyscallEffect::Only),
            "deny" => SyscallLine::denial(calls),
            _ => panic!("{verb}"),
        };
        policy.syscall_line(line.expect("calls"))
    })
}

fn calls(group: &str) -> Vec<Syscall> {
    Group::named(group).expect("a group").calls()
}

#[test]
fn an_allowed_call_passes_although_the_filter_would_deny_it() {
    assert_eq!(answer(&filter(tool(), 7), Syscall::PTRACE, &[]), EPERM);
    let filter = filter(lines([("allow", "ptrace")]), 7);
    assert_eq!(*filter.verdict(Syscall::PTRACE), ALLOW);
    assert_eq!(answer(&filter, Syscall::KCMP, &[]), EPERM);
}

#[test]
fn an_allowed_call_passes_whatever_its_arguments() {
    let before = filter(tool(), 7);
    assert_eq!(answer(&before, Syscall::IOCTL, &[0, TIOCSTI]), EPERM);
    let after = filter(lines([("allow", "ioctl")]), 7);
    assert_eq!(*after.verdict(Syscall::IOCTL), ALLOW);
}

#[test]
fn an_allowed_call_opens_every_class_that_it_is_about() {
    let plan = super::plan(lines([("allow", "ioctl")]), 7);
    for class in [
        Class::Terminal,
        Class::Metadata,
        Class::MountAttributes,
        Class::Netlink,
    ] {
        assert_eq!(
            plan.standing(class),
            Standing::Unrestricted,
            "{}",
            class.name()
        );
    }
    assert_eq!(plan.standing(Class::Namespaces), Standing::Seccomp);
}

#[test]
fn a_denied_call_is_answered_as_the_line_says() {
    let filter = filter(
        lines([
            ("deny", "getcwd"),
            ("deny", "uname:EACCES"),
            ("deny", "sysinfo:71"),
            ("deny", "kill:kill"),
        ]),
        7,
    );
    for (call, action) in [
        (Syscall::GETCWD, EPERM),
        (Syscall::UNAME, EACCES),
        (Syscall::SYSINFO, Action::Errno(71)),
        (Syscall::KILL, Action::Kill),
    ] {
        assert_eq!(*filter.verdict(call), Verdict::Always(action));
    }
}

#[test]
fn a_denial_of_the_policy_goes_over_one_of_the_filter() {
    let filter = filter(
        lines([("deny", "ioctl:ENOSYS"), ("deny", "ptrace:kill")]),
        7,
    );
    assert_eq!(*filter.verdict(Syscall::IOCTL), Verdict::Always(ENOSYS));
    assert_eq!(
        *filter.verdict(Syscall::PTRACE),
        Verdict::Always(Action::Kill)
    );
}

#[test]
fn a_group_stands_for_each_of_its_calls() {
    let filter = filter(lines([("deny", "@chown:ENOSYS")]).rw("/srv"), 7);
    assert!(calls("@chown").len() >= 4);
    for call in calls("@chown") {
        assert_eq!(*filter.verdict(call), Verdict::Always(ENOSYS), "{call}");
    }
    assert_eq!(*filter.verdict(Syscall::FCHMOD), ALLOW);
}

#[test]
fn a_line_for_a_name_counts_before_one_for_a_group() {
    let but_one = filter(lines([("deny", "@chown:ENOSYS"), ("allow", "fchown")]), 7);
    assert_eq!(*but_one.verdict(Syscall::FCHOWN), ALLOW);
    assert_eq!(*but_one.verdict(Syscall::LCHOWN), Verdict::Always(ENOSYS));
    let one = filter(lines([("allow", "@chown"), ("deny", "fchown:EACCES")]), 7);
    assert_eq!(*one.verdict(Syscall::FCHOWN), Verdict::Always(EACCES));
    assert_eq!(*one.verdict(Syscall::LCHOWN), ALLOW);
    let in_any_order = filter(lines([("allow", "fchown"), ("deny", "@chown:ENOSYS")]), 7);
    assert_eq!(in_any_order, but_one);
}

#[test]
fn among_groups_a_denial_counts_and_the_hardest_most() {
    let both = filter(
        lines([("allow", "@system-service"), ("deny", "@chown:ENOSYS")]),
        7,
    );
    assert_eq!(*both.verdict(Syscall::FCHOWN), Verdict::Always(ENOSYS));
    let harder = filter(
        lines([("deny", "@privileged:EACCES"), ("deny", "@chown:kill")]),
        7,
    );
    assert_eq!(
        *harder.verdict(Syscall::FCHOWN),
        Verdict::Always(Action::Kill)
    );
}

#[test]
fn the_same_words_cannot_both_allow_and_deny() {
    for contradiction in [
        [("allow", "read"), ("deny", "read")],
        [("deny", "@chown:kill"), ("allow", "@chown")],
        [("only", "read"), ("deny", "read")],
    ] {
        assert!(lines(contradiction).build().is_err(), "{contradiction:?}");
    }
}

/// Lines that stand in files of these names.
fn of_files<const N: usize>(lines: [(&str, &str, &str); N]) -> PolicyBuilder {
    lines
        .into_iter()
        .fold(Policy::builder(), |policy, (file, effect, calls)| {
            let line = match effect {
                "deny" => SyscallLine::denial(calls),
                "allow" => SyscallLine::new(calls, SyscallEffect::Allow),
                _ => SyscallLine::new(calls, SyscallEffect::Only),
            };
            let source = match file {
                "flag" => Source::Flag,
                file => Source::Manifest(Box::new(Origin {
                    file: Path::new(file).into(),
                    line: 1,
                    start: 0,
                    end: 1,
                    description: None,
                })),
            };
            policy.syscall_line(SyscallLine {
                source,
                ..line.expect("a known name")
            })
        })
}

#[test]
fn no_file_lifts_what_another_denies_by_naming_the_call() {
    for [(one, first), (other, second)] in [
        [("deny", "@debug"), ("allow", "ptrace")],
        [("deny", "ptrace"), ("allow", "@debug")],
        [("deny", "@debug"), ("only", "ptrace")],
        [("deny", "@debug:kill"), ("deny", "ptrace")],
        [("deny", "ptrace:EPERM"), ("deny", "ptrace:EACCES")],
    ] {
        for (mine, theirs) in [("a", "b"), ("b", "a"), ("a", "flag")] {
            let lines = [(mine, one, first), (theirs, other, second)];
            let [line, further] = lines;
            assert!(of_files(lines).build().is_err(), "{lines:?}");
            assert!(of_files([further, line]).build().is_err(), "{lines:?}");
        }
        let within = of_files([("a", one, first), ("a", other, second)]);
        assert!(within.build().is_ok(), "{first} {second}");
    }
    let error = of_files([("a", "deny", "@debug"), ("b", "allow", "ptrace")]).build();
    let text = error.expect_err("a contradiction").to_string();
    assert!(
        text.starts_with(
            "cannot use `a:1: deny-syscalls @debug` beside `b:1: allow-syscalls ptrace`: "
        ),
        "{text}"
    );
}

#[test]
fn files_that_decide_a_call_alike_stand_in_one_policy() {
    for lines in [
        [("a", "deny", "@debug"), ("b", "deny", "ptrace")],
        [("a", "only", "@basic-io"), ("b", "only", "ptrace")],
        [("a", "allow", "@debug"), ("b", "only", "ptrace")],
        [("a", "deny", "@debug"), ("b", "allow", "chown")],
    ] {
        assert!(of_files(lines).build().is_ok(), "{lines:?}");
    }
}

#[test]
fn only_listed_calls_pass_and_those_that_end_a_program() {
    let filter = filter(lines([("only", "read"), ("only", "@chown")]).rw("/srv"), 7);
    let passing: Vec<_> = Syscall::all()
        .filter(|&call| *filter.verdict(call) == ALLOW)
        .collect();
    let mut expected = calls("@chown");
    expected.extend([
        Syscall::READ,
        Syscall::EXIT,
        Syscall::EXIT_GROUP,
        Syscall::RT_SIGRETURN,
        Syscall::RESTART_SYSCALL,
    ]);
    expected.sort_unstable();
    assert_eq!(passing, expected);
    assert_eq!(*filter.verdict(Syscall::WRITE), Verdict::Always(EPERM));
}

#[test]
fn calls_that_are_not_listed_are_answered_as_the_policy_says() {
    for action in [ENOSYS, Action::Kill] {
        let policy = lines([("only", "read")]).other_syscalls(action);
        let filter = filter(policy, 7);
        assert_eq!(*filter.verdict(Syscall::WRITE), Verdict::Always(action));
        assert_eq!(*filter.verdict(Syscall::READ), ALLOW);
    }
}

#[test]
fn a_listed_call_is_still_looked_at() {
    let filter = filter(lines([("only", "ioctl"), ("only", "ptrace")]), 7);
    assert_eq!(answer(&filter, Syscall::IOCTL, &[0, TIOCSTI]), EPERM);
    assert_eq!(answer(&filter, Syscall::IOCTL, &[0, 0x5401]), Action::Allow);
    assert_eq!(answer(&filter, Syscall::PTRACE, &[]), EPERM);
    let allowed = super::filter(lines([("only", "read"), ("allow", "ptrace")]), 7);
    assert_eq!(*allowed.verdict(Syscall::PTRACE), ALLOW);
}

#[test]
fn a_call_that_passes_by_name_lets_no_other_of_its_class_pass() {
    let filter = filter(lines([("allow", "ioctl"), ("allow", "socket")]), 1);
    for denied in [Syscall::FCHMOD, Syscall::MOUNT_SETATTR, Syscall::SOCKETPAIR] {
        assert!(filter.verdict(denied).denies(), "{denied}");
    }
}

#[test]
fn a_newer_call_is_on_no_list() {
    let listed = filter(lines([("only", "read")]), 7);
    assert_eq!(listed.unknown, Verdict::Always(ENOSYS));
}

#[test]
fn the_default_others_do_not_count_without_a_list() {
    let policy = lines([("deny", "getcwd")]).other_syscalls(Action::Kill);
    assert_eq!(*filter(policy, 7).verdict(Syscall::READ), ALLOW);
}

#[test]
fn no_line_changes_what_foreign_calls_are_answered() {
    let filter = filter(lines([("allow", "@system-service"), ("only", "read")]), 7);
    assert_eq!(filter.foreign, Action::Kill);
    assert_eq!(filter.x32, Verdict::Always(ENOSYS));
}

#[test]
fn there_is_no_filter_where_system_calls_are_left_alone() {
    assert!(
        super::plan(tool().unrestricted_syscalls(), 7)
            .filter()
            .is_none()
    );
    assert!(super::plan(tool(), 7).filter().is_some());
}
