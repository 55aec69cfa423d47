//! Lines that take something from the filter, or from each other.

use super::*;

#[test]
fn a_line_that_lets_sockets_be_made_leaves_what_they_do_to_other_calls() {
    let sockets = || Policy::builder().allow_syscall(Syscall::SOCKET);
    for abi in Abi::all() {
        let plan = plan(sockets().best_effort(), abi);
        assert_eq!(plan.standing(Class::ListenUnbound), Standing::Seccomp);
        let filter = plan.filter().expect("it is on by default");
        assert!(filter.verdict(Syscall::LISTEN).denies(), "{abi}");
        assert_eq!(
            plan.closed_whole(Class::ListenUnbound),
            "no socket can listen"
        );
    }
}

#[test]
fn a_class_that_a_line_about_calls_took_is_not_blamed_on_the_kernel() {
    for (call, class, abi) in [
        (Syscall::SOCKET, Class::Port(PortClass::ConnectUdp), 7),
        (Syscall::SOCKETPAIR, Class::ConnectUnix, 7),
        (Syscall::TRUNCATE, Class::Truncate, 2),
        (Syscall::SENDTO, Class::TcpFastOpen, 7),
    ] {
        let plan = plan(Policy::builder().allow_syscall(call), Abi::new(abi));
        assert!(matches!(plan.standing(class), Standing::Open(Some(_))));
        let why = plan.open_because(class);
        assert!(!why.contains("kernel"), "{}: {why}", class.name());
    }
}

#[test]
fn what_must_be_denied_and_is_left_alone_stops_every_start() {
    let deny = |class| Policy::builder().deny_class(class);
    for contradiction in [
        deny(Class::Metadata).unrestricted_fs(),
        deny(Class::Netlink).unrestricted_net(),
        deny(Class::Signal).unrestricted_ipc(),
        deny(Class::ForeignCalls).unrestricted_syscalls(),
        deny(Class::KernelInterfaces).allow_syscall(Syscall::BPF),
        deny(Class::Port(PortClass::ConnectUdp)).connect_udp(Ports::Any),
    ] {
        for policy in [contradiction.clone(), contradiction.best_effort()] {
            let refused = plan(policy, Abi::new(7)).check().unwrap_err();
            assert!(
                matches!(refused.refusals[..], [Refusal::LeftAlone(_)]),
                "{refused}"
            );
            let text = refused.to_string();
            assert!(
                text.starts_with("the policy contradicts itself\n  `deny "),
                "{text}"
            );
        }
    }
}

#[test]
fn landlock_denies_other_streams_only_where_it_has_all_of_tcp() {
    let unfixed = Kernel::with_abi(7).with_errata(crate::Errata::empty());
    let by = |policy: PolicyBuilder| {
        let plan = Plan::new(policy.build().unwrap(), unfixed);
        plan.standing(Class::OtherStreams)
    };
    assert_eq!(by(Policy::builder()), Standing::Landlock);
    let any = || Policy::builder().connect_tcp(Ports::Any);
    assert_eq!(by(any()), Standing::Seccomp);
    assert_eq!(by(any().unrestricted_syscalls()), Standing::Unrestricted);
    let allowed = |policy: PolicyBuilder| by(policy.allow_class(Class::OtherStreams));
    assert_eq!(allowed(Policy::builder()), Standing::Landlock);
    assert_eq!(allowed(any()), Standing::Unrestricted);
}

#[test]
fn what_stays_open_is_told_with_lines_that_can_be_written() {
    let policy = Policy::builder()
        .connect_udp(53)
        .unrestricted_syscalls()
        .require_complete()
        .best_effort();
    let refused = plan(policy, Abi::new(9)).check().unwrap_err().to_string();
    assert!(
        refused.ends_with(
            "; to leave it open knowingly: `--allow tcp-fast-open,stat,indirect-execute,addresses`, \
             `--bind-udp any`, `--connect-udp any`"
        ),
        "{refused}"
    );
}
