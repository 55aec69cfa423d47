//! Calls that the filter denied: which class or which line about calls would let them pass.

use ringfence::{
    Action, Class, Kernel, Plan, Policy, PolicyBuilder, PortClass, Source, Syscall, SyscallEffect,
    SyscallLine,
};
use ringfence_sys::ptrace::Call;

use super::judge::{Answered, Judge, Judged, Lack};
use crate::proposal::{Line, Proposal};
use crate::question::Asked;

/// "No such system call".
const ENOSYS: Action = Action::Errno(38);

// `linux/socket.h`, `linux/net.h`.
const AF_INET: u64 = 2;
const AF_INET6: u64 = 10;
const KIND: u64 = 0xf;
const STREAM: u64 = 1;
const DATAGRAM: u64 = 2;

/// What lacked for a call that the filter answered with this verdict.
pub(super) fn judge(
    judge: &Judge<'_>,
    call: Option<Syscall>,
    made: &Call,
    is_foreign: bool,
    verdict: Action,
) -> Judged {
    let has_other_way = verdict == ENOSYS;
    let Some(call) = call else {
        let class = if is_foreign || made.number >= FIRST_X32 {
            Class::ForeignCalls
        } else {
            Class::NewerCalls
        };
        return Judged::Denied(Lack::Class(class, has_other_way));
    };
    let syscalls = judge.enforced.policy.syscalls();
    if syscalls.denial_of(call).is_some() {
        return Judged::Denied(Lack::Call(call, syscalls.effect_on(call)));
    }
    let [family, kind, protocol, ..] = made.arguments;
    if call == Syscall::SOCKET && [AF_INET, AF_INET6].contains(&(family & 0xffff_ffff)) {
        match (kind & KIND, protocol & 0xffff_ffff) {
            (STREAM, 0 | 6) => {
                return Judged::Denied(Lack::Sockets([PortClass::ConnectTcp, PortClass::BindTcp]));
            }
            (DATAGRAM, 0 | 17) => {
                return Judged::Denied(Lack::Sockets([PortClass::ConnectUdp, PortClass::BindUdp]));
            }
            _ => {}
        }
    }
    let class = class_of(call, made.arguments, *judge.enforced.plan.kernel());
    Judged::Denied(class.map_or(Lack::Unknown, |class| Lack::Class(class, has_other_way)))
}

const FIRST_X32: u64 = 0x4000_0000;

/// The class by which a sandbox that allows nothing else denies a call.
fn class_of(call: Syscall, arguments: [u64; 6], kernel: Kernel) -> Option<Class> {
    let passes = |policy: PolicyBuilder| {
        let Ok(policy) = policy.build() else {
            return false;
        };
        let filter = Plan::new(policy, kernel).filter();
        filter.is_none_or(|filter| filter.verdict(call).decide(arguments) == Action::Allow)
    };
    Class::ALL.into_iter().find(|class| {
        class.calls().any(|of| of == call) && passes(Policy::builder().allow_class(*class))
    })
}

/// What is said of sockets that could not be made, so that nobody knows their ports.
pub(super) fn answer_sockets(judge: &Judge<'_>, classes: [PortClass; 2]) -> Answered {
    let [connect, bind] = classes;
    let kind = if connect == PortClass::ConnectTcp {
        "TCP"
    } else {
        "UDP"
    };
    let mut answered = judge.answer_line(&Asked::Port(connect, ANY_PORT));
    answered.about = format!("a {kind} socket");
    answered.lacking = format!("{} or {}", connect.name(), bind.name());
    answered.reason = format!(
        "denied by the filter: no line names a {kind} port, and no such socket can be made"
    );
    let names_port = |proposal: &Proposal| proposal.flags.ends_with(&format!(" {ANY_PORT}"));
    if answered.proposals.iter().any(names_port) {
        // Which port it is shows once the socket can be made.
        answered.proposals.clear();
        answered.hints = vec![format!(
            "which port it needs is not known; run it again with --{} {ANY_PORT}, where nothing should listen, \
             and its port is told",
            connect.name()
        )];
    }
    answered
}

/// A port that hardly anything listens at: that of tcpmux.
const ANY_PORT: u16 = 1;

/// What is said of a call that lines about calls take.
pub(super) fn answer_call(
    judge: &Judge<'_>,
    call: Syscall,
    effect: Option<SyscallEffect>,
) -> Answered {
    let policy = judge.enforced.policy;
    let deciding = policy
        .syscalls()
        .lines
        .iter()
        .find(|line| Some(line.effect) == effect && line.calls.contains(call));
    let (reason, effect) = match deciding {
        Some(line) => (format!("denied by `{line}`"), SyscallEffect::Allow),
        None => (
            "it is not on the policy's list of calls".to_owned(),
            SyscallEffect::Only,
        ),
    };
    let line = Line::Call(SyscallLine {
        calls: call.into(),
        effect,
        source: Source::Flag,
    });
    let kernel = *judge.enforced.plan.kernel();
    let wider = line.add(PolicyBuilder::from(policy.clone())).build();
    let is_enough = wider.is_ok_and(|policy| {
        let filter = Plan::new(policy, kernel).filter();
        filter.is_none_or(|filter| !filter.verdict(call).denies())
    });
    let mut answered = Answered {
        lacking: call.name().to_owned(),
        reason,
        ..Answered::default()
    };
    if is_enough {
        answered
            .proposals
            .push(Proposal::new(&line, judge.enforced.sensitive));
    } else {
        answered
            .hints
            .push("take it out of that line; no other line counts more".to_owned());
    }
    answered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_of_a_denied_call_is_that_which_lets_it_pass() {
        let kernel = Kernel::with_abi(7);
        for (call, arguments, class) in [
            (Syscall::SOCKET, [16, 3, 0, 0, 0, 0], Class::Netlink),
            (Syscall::SOCKET, [1, 1, 0, 0, 0, 0], Class::ConnectUnix),
            (Syscall::SOCKET, [2, 1, 262, 0, 0, 0], Class::OtherStreams),
            (Syscall::SOCKET, [17, 3, 0, 0, 0, 0], Class::OtherSockets),
            (Syscall::FCHMODAT, [0; 6], Class::Metadata),
            (Syscall::IO_URING_SETUP, [0; 6], Class::IoUring),
            (
                Syscall::UNSHARE,
                [0x1000_0000, 0, 0, 0, 0, 0],
                Class::Namespaces,
            ),
            (Syscall::INOTIFY_INIT1, [0; 6], Class::Notifications),
            (Syscall::PTRACE, [0; 6], Class::Debug),
            (Syscall::BPF, [0; 6], Class::KernelInterfaces),
        ] {
            assert_eq!(
                class_of(call, arguments, kernel),
                Some(class),
                "{call} {arguments:?}"
            );
        }
        // What nothing denies belongs to no class.
        assert_eq!(class_of(Syscall::READ, [0; 6], kernel), None);
    }
}
