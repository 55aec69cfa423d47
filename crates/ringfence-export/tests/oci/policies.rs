//! Policies of all kinds.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use ringfence::{Action, Class, Policy, PolicyBuilder, Ports, Syscall};

/// One line of a policy.
#[derive(Clone, Debug)]
enum Line {
    Class(Class, bool),
    Path(&'static str),
    Unix,
    Port(usize, Ports),
    Call(Syscall, Action),
    Pass(Syscall),
    Only(Vec<Syscall>, Action),
    Unrestricted(usize),
}

/// A valid policy that has a filter.
pub fn policy() -> impl Strategy<Value = Policy> {
    vec(line(), 0..8).prop_filter_map("invalid", |lines| {
        let policy = lines.into_iter().fold(Policy::builder(), add);
        policy.build().ok()
    })
}

fn line() -> impl Strategy<Value = Line> {
    let call = || select(Syscall::all().collect::<Vec<_>>());
    let denial = || {
        prop_oneof![
            Just(Action::Kill),
            Just(Action::EPERM),
            (1..=4095_u16).prop_map(Action::Errno),
        ]
    };
    let ports = prop_oneof![Just(Ports::Any), (1..=u16::MAX).prop_map(Ports::from)];
    prop_oneof![
        4 => (select(Class::ALL.to_vec()), any::<bool>()).prop_map(|(class, allow)| Line::Class(class, allow)),
        1 => select(vec!["/usr", "/srv"]).prop_map(Line::Path),
        1 => Just(Line::Unix),
        3 => (0..4_usize, ports).prop_map(|(class, ports)| Line::Port(class, ports)),
        1 => (call(), denial()).prop_map(|(call, action)| Line::Call(call, action)),
        1 => call().prop_map(Line::Pass),
        1 => (vec(call(), 1..40), denial()).prop_map(|(calls, others)| Line::Only(calls, others)),
        1 => (0..3_usize).prop_map(Line::Unrestricted),
    ]
}

fn add(policy: PolicyBuilder, line: Line) -> PolicyBuilder {
    match line {
        Line::Class(class, true) => policy.allow_class(class),
        Line::Class(class, false) => policy.deny_class(class),
        Line::Path(path) if path == "/srv" => policy.rw(path),
        Line::Path(path) => policy.ro(path),
        Line::Unix => policy.connect_unix("/run/x"),
        Line::Port(0, ports) => policy.bind_tcp(ports),
        Line::Port(1, ports) => policy.connect_tcp(ports),
        Line::Port(2, ports) => policy.bind_udp(ports),
        Line::Port(_, ports) => policy.connect_udp(ports),
        Line::Call(call, action) => policy.deny_syscall(call, action),
        Line::Pass(call) => policy.allow_syscall(call),
        Line::Only(calls, others) => policy.only_syscalls(calls).other_syscalls(others),
        Line::Unrestricted(0) => policy.unrestricted_fs(),
        Line::Unrestricted(1) => policy.unrestricted_net(),
        Line::Unrestricted(_) => policy.unrestricted_ipc(),
    }
}
