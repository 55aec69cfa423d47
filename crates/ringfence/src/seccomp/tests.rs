//! The compiler held against the model, and the model against what a policy says.

mod basis;
mod classes;
mod denials;
mod dispatch;
mod grid;
mod length;
mod lines;
mod model;
mod properties;
mod sockets;
mod valid;

use super::{Action, Filter, Syscall, Test, Verdict};
use crate::{Kernel, Plan, Policy, PolicyBuilder};

/// The filter of a policy on an ABI.
fn filter(policy: PolicyBuilder, abi: u32) -> Filter {
    plan(policy, abi)
        .filter()
        .expect("a policy that has a filter")
}

fn plan(policy: PolicyBuilder, abi: u32) -> Plan {
    Plan::new(
        policy.build().expect("a valid policy"),
        Kernel::with_abi(abi),
    )
}

/// What a call is answered whose first arguments are these and whose others are 0.
fn answer(filter: &Filter, call: Syscall, first: &[u64]) -> Action {
    let mut arguments = [0; 6];
    arguments[..first.len()].copy_from_slice(first);
    filter.verdict(call).decide(arguments)
}

/// Every test that a verdict makes.
fn tests_of(verdict: &Verdict) -> Vec<Test> {
    match verdict {
        Verdict::Always(_) => Vec::new(),
        Verdict::If(test, then, otherwise) => {
            [vec![*test], tests_of(then), tests_of(otherwise)].concat()
        }
    }
}

/// Errors that filters answer with.
const EPERM: Action = Action::EPERM;
const EACCES: Action = Action::Errno(13);
const ENOSYS: Action = Action::Errno(38);
const ENOPROTOOPT: Action = Action::Errno(92);
const EPROTONOSUPPORT: Action = Action::Errno(93);
const EAFNOSUPPORT: Action = Action::Errno(97);

/// Policies of every shape, the narrowest first.
fn policies() -> Vec<PolicyBuilder> {
    use crate::{Class, PortClass, Ports};

    let tool = || Policy::builder().ro("/usr").rw("/var/lib/tool");
    let only = |names: [&str; 4]| names.map(|name| name.parse().expect("a call"));
    let mut policies = vec![
        Policy::builder(),
        tool(),
        tool().connect_tcp(443),
        tool().bind_tcp(8080),
        tool().bind_tcp(8080).connect_tcp(Ports::Any),
        tool().connect_udp(53),
        tool().connect_tcp(443).bind_udp(Ports::Any),
        tool().connect_unix("/run/db.sock"),
        tool().unrestricted_fs(),
        tool().unrestricted_net(),
        tool().unrestricted_ipc(),
        tool().deny_class(Class::Metadata),
        tool().only_syscalls(only(["read", "write", "ioctl", "socket"])),
        tool()
            .only_syscalls(Syscall::all().filter(|call| call.name().len() % 2 == 0))
            .other_syscalls(Action::Kill),
        tool()
            .deny_syscall(Syscall::READ, Action::Kill)
            .deny_syscall(Syscall::IOCTL, Action::Errno(4095))
            .allow_syscall(Syscall::PTRACE),
    ];
    let may_be_allowed = |class: &Class| Policy::builder().allow_class(*class).build().is_ok();
    policies.extend(
        Class::ALL
            .into_iter()
            .filter(may_be_allowed)
            .map(|class| tool().allow_class(class)),
    );
    policies.extend(PortClass::ALL.map(|class| {
        Policy::builder().port_line(crate::PortLine {
            class,
            ports: Ports::Any,
            source: crate::Source::Api,
        })
    }));
    policies
        .into_iter()
        .map(PolicyBuilder::best_effort)
        .collect()
}

/// Their filters on every ABI, each once.
fn filters() -> Vec<Filter> {
    let mut filters = Vec::new();
    for policy in policies() {
        for abi in crate::Abi::all() {
            let filter = filter(policy.clone(), abi.number().into());
            if !filters.contains(&filter) {
                filters.push(filter);
            }
        }
    }
    filters
}
