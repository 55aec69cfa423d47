//! Lists of system calls.

use std::collections::BTreeSet;

use proptest::prelude::*;
use ringfence::{Action, Calls, Syscall, SyscallEffect, SyscallLine};

use super::{import, notes};

#[test]
fn no_list_of_calls_lets_more_pass_than_systemds() {
    let denial = |service: &str, call: Syscall| {
        let policy = import(service).manifest.policy;
        policy.syscalls().denial_of(call)
    };
    let errno = |number| Some(Action::Errno(number));
    let chown: Syscall = "chown".parse().unwrap();
    for (service, call, expected) in [
        ("SystemCallFilter=@system-service", Syscall::READ, None),
        (
            "SystemCallFilter=@system-service",
            Syscall::PTRACE,
            Some(Action::Kill),
        ),
        (
            "SystemCallFilter=read\nSystemCallErrorNumber=EPERM",
            Syscall::EXECVE,
            None,
        ),
        (
            "SystemCallFilter=read\nSystemCallErrorNumber=EPERM",
            Syscall::WRITE,
            errno(1),
        ),
        (
            "SystemCallFilter=read write:EACCES",
            Syscall::WRITE,
            errno(13),
        ),
        (
            "SystemCallFilter=@system-service\nSystemCallFilter=~@chown",
            chown,
            Some(Action::Kill),
        ),
        // By order, where lines by name would count before those of groups.
        (
            "SystemCallFilter=chown\nSystemCallFilter=~@chown",
            chown,
            Some(Action::Kill),
        ),
        (
            "SystemCallFilter=@chown\nSystemCallFilter=~@chown\nSystemCallFilter=chown",
            chown,
            None,
        ),
        (
            "SystemCallFilter=~ptrace",
            Syscall::PTRACE,
            Some(Action::Kill),
        ),
        (
            "SystemCallFilter=~ptrace:EACCES",
            Syscall::PTRACE,
            errno(13),
        ),
        (
            "SystemCallFilter=~@debug",
            Syscall::PTRACE,
            Some(Action::Kill),
        ),
        ("SystemCallFilter=~@debug", Syscall::READ, None),
        (
            "SystemCallFilter=~@debug\nSystemCallFilter=",
            Syscall::PTRACE,
            None,
        ),
        (
            "SystemCallFilter=~chown\nSystemCallFilter=chown\nSystemCallFilter=~@chown",
            chown,
            Some(Action::Kill),
        ),
    ] {
        assert_eq!(denial(service, call), expected, "{service}: {call}");
    }
    let policy = import("SystemCallFilter=~ptrace\nSystemCallFilter=ptrace")
        .manifest
        .policy;
    let allows = |line: &SyscallLine| line.effect == SyscallEffect::Allow;
    assert!(!policy.syscalls().lines.iter().any(allows));
    assert!(notes("SystemCallFilter=@system-service no_such_call").contains("no_such_call"));
}

/// The calls that systemd lets pass: each word in its order onto the list or from it, and what kind of
/// list it is says the first.
fn passing(words: &[(bool, &str)]) -> BTreeSet<Syscall> {
    let members = |word: &str| match word.parse().unwrap() {
        Calls::One(call) => vec![call],
        Calls::Group(group) => group.calls(),
    };
    let denies = words.first().is_some_and(|(denies, _)| *denies);
    let mut listed = BTreeSet::new();
    if !denies && !words.is_empty() {
        listed.extend(members("@default"));
    }
    for (takes, word) in words {
        for call in members(word) {
            if *takes == denies {
                listed.insert(call);
            } else {
                listed.remove(&call);
            }
        }
    }
    if denies || words.is_empty() {
        Syscall::all()
            .filter(|call| !listed.contains(call))
            .collect()
    } else {
        listed
    }
}

proptest! {
    // Each looks at every call there is.
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn no_order_of_words_lets_more_pass_than_systemd(
        words in proptest::collection::vec(
            (
                any::<bool>(),
                prop::sample::select(vec![
                    "@system-service", "@privileged", "@chown", "@file-system", "@default", "chown", "fchown",
                    "openat", "ptrace", "execve",
                ]),
            ),
            0..8,
        ),
    ) {
        let service: Vec<_> = words
            .iter()
            .map(|(denies, word)| format!("SystemCallFilter={}{word}", if *denies { "~" } else { "" }))
            .collect();
        let service = service.join("\n");
        let policy = import(&service).manifest.policy;
        let passing = passing(&words);
        // What ends a program cannot be left out of a list of ours.
        let ends = [Syscall::EXIT, Syscall::EXIT_GROUP, Syscall::RT_SIGRETURN, Syscall::RESTART_SYSCALL];
        for call in Syscall::all().filter(|call| !ends.contains(call)) {
            prop_assert!(
                policy.syscalls().denial_of(call).is_some() || passing.contains(&call),
                "{}: {}", call, service
            );
        }
    }
}
