//! What the filter closes, for every ABI, from tables written by hand.

use crate::{
    Abi, Access, Class, Decision, Kernel, Mechanism, Plan, Policy, PolicyBuilder, PortClass, Ports,
    Refusal, Request, Standing, Syscall,
};

mod lines;

fn plan(policy: PolicyBuilder, abi: Abi) -> Plan {
    let policy = policy.build().expect("a valid policy");
    Plan::new(policy, Kernel::with_abi(abi.number().into()))
}

fn standing(policy: PolicyBuilder, abi: Abi, class: Class) -> Standing {
    plan(policy, abi).standing(class)
}

/// Classes that no Landlock of today governs and that the filter closes under every policy.
const ALWAYS: [Class; 15] = [
    Class::OtherStreams,
    Class::OtherSockets,
    Class::Netlink,
    Class::SharedIpc,
    Class::OtherProcesses,
    Class::Scheduling,
    Class::MountAttributes,
    Class::Notifications,
    Class::Terminal,
    Class::IoUring,
    Class::Namespaces,
    Class::KernelInterfaces,
    Class::Debug,
    Class::NewerCalls,
    Class::ForeignCalls,
];

/// Classes that nothing can close.
const NEVER: [Class; 3] = [Class::Stat, Class::IndirectExecute, Class::Addresses];

#[test]
fn an_empty_policy_leaves_open_what_nothing_can_close() {
    for abi in Abi::all().skip(1) {
        let plan = plan(Policy::builder(), abi);
        for class in ALWAYS {
            assert_eq!(plan.standing(class), Standing::Seccomp, "{}", class.name());
        }
        let mut open: Vec<_> = plan.open().collect();
        open.retain(|class| !NEVER.contains(class));
        let expected: &[Class] = match abi.number() {
            1..=4 => &[Class::Ioctl, Class::Signal],
            5 => &[Class::Signal],
            _ => &[],
        };
        assert_eq!(open, expected, "{abi}");
    }
}

#[test]
fn sockets_are_denied_whole_where_landlock_cannot_tell_and_no_line_needs_them() {
    for abi in Abi::all().skip(1) {
        let by = |class, first| match standing(Policy::builder(), abi, class) {
            Standing::Landlock => assert!(abi.number() >= first, "{} {abi}", class.name()),
            Standing::Seccomp => assert!(abi.number() < first, "{} {abi}", class.name()),
            other => panic!("{} {abi}: {other:?}", class.name()),
        };
        by(Class::ConnectUnix, 9);
        by(Class::AbstractUnix, 6);
        by(Class::TcpFastOpen, 10);
        for class in PortClass::ALL {
            let first = match class {
                PortClass::BindTcp | PortClass::ConnectTcp => 4,
                PortClass::BindUdp | PortClass::ConnectUdp => 10,
            };
            by(Class::Port(class), first);
        }
    }
}

#[test]
fn a_line_for_one_direction_leaves_the_other_to_landlock() {
    let udp = |abi| {
        let policy = Policy::builder().bind_udp(Ports::Any).best_effort();
        standing(policy, Abi::new(abi), Class::Port(PortClass::ConnectUdp))
    };
    assert_eq!(udp(9), Standing::Open(Some(Abi::new(10))));
    assert_eq!(udp(10), Standing::Landlock);
}

#[test]
fn what_is_left_alone_gets_the_sockets_that_it_needs() {
    let abstract_alone = || Policy::builder().unrestricted_ipc();
    let paths = |abi| standing(abstract_alone(), Abi::new(abi), Class::ConnectUnix);
    assert_eq!(paths(8), Standing::Open(Some(Abi::new(9))));
    assert_eq!(paths(9), Standing::Landlock);
    let listens = plan(
        Policy::builder().allow_class(Class::ListenUnbound),
        Abi::new(7),
    );
    assert!(listens.may_have_sockets().tcp);
    let connect = Class::Port(PortClass::ConnectTcp);
    assert_eq!(listens.standing(connect), Standing::Landlock);
}

#[test]
fn listening_is_closed_unless_some_port_may_be_bound() {
    for abi in Abi::all().skip(4) {
        let listen = |policy| standing(policy, abi, Class::ListenUnbound);
        assert_eq!(listen(Policy::builder()), Standing::Seccomp);
        assert_eq!(
            listen(Policy::builder().connect_tcp(443)),
            Standing::Seccomp
        );
        assert_eq!(listen(Policy::builder().bind_tcp(80)), Standing::Open(None));
        let any = Policy::builder().bind_tcp(Ports::Any);
        assert_eq!(listen(any), Standing::Unrestricted);
    }
}

#[test]
fn metadata_hangs_on_whether_files_may_be_created() {
    let metadata = |policy| standing(policy, Abi::new(7), Class::Metadata);
    let write = || Policy::builder().allow(Access::WRITE, "/dev/null");
    let create = || Policy::builder().rw("/srv");
    assert_eq!(metadata(write()), Standing::Seccomp);
    assert_eq!(metadata(create()), Standing::Open(None));
    assert_eq!(
        metadata(create().deny_class(Class::Metadata)),
        Standing::Seccomp
    );
    assert_eq!(
        metadata(write().allow_class(Class::Metadata)),
        Standing::Unrestricted
    );
}

#[test]
fn truncating_by_name_is_closed_before_landlock_knows_it() {
    let truncate = |abi| standing(Policy::builder().rw("/srv"), Abi::new(abi), Class::Truncate);
    assert_eq!(truncate(1), Standing::Seccomp);
    assert_eq!(truncate(2), Standing::Seccomp);
    assert_eq!(truncate(3), Standing::Landlock);
    // Without Landlock nothing keeps a program from writing, so that truncating is no loss.
    assert_eq!(truncate(0), Standing::Open(Some(Abi::new(3))));
}

#[test]
fn io_uring_opens_what_its_operations_reach() {
    let policy = || Policy::builder().allow_class(Class::IoUring);
    let plan = plan(policy(), Abi::new(7));
    for class in [
        Class::Netlink,
        Class::OtherStreams,
        Class::TcpFastOpen,
        Class::ListenUnbound,
        Class::ConnectUnix,
        Class::Port(PortClass::ConnectUdp),
        Class::Metadata,
    ] {
        assert!(
            matches!(plan.standing(class), Standing::Open(_)),
            "{}",
            class.name()
        );
        assert!(
            plan.open_because(class).contains("io_uring"),
            "{}",
            class.name()
        );
    }
    assert_eq!(plan.standing(Class::Terminal), Standing::Seccomp);
    assert_eq!(
        plan.standing(Class::Port(PortClass::ConnectTcp)),
        Standing::Landlock
    );
}

#[test]
fn a_call_that_is_allowed_by_name_takes_its_classes_along() {
    let policy = Policy::builder().allow_syscall(Syscall::BPF);
    let plan = plan(policy, Abi::new(7));
    assert_eq!(
        plan.standing(Class::KernelInterfaces),
        Standing::Unrestricted
    );
    assert_eq!(plan.standing(Class::Debug), Standing::Seccomp);
    let sockets = Policy::builder().allow_syscall(Syscall::SOCKET);
    let plan = self::plan(sockets, Abi::new(7));
    assert_eq!(plan.standing(Class::Netlink), Standing::Unrestricted);
    // What a newer kernel denies whatever a filter says is not given away by name.
    let udp = Class::Port(PortClass::ConnectUdp);
    assert_eq!(plan.standing(udp), Standing::Open(Some(Abi::new(10))));
}

#[test]
fn a_class_may_be_left_alone_unless_landlock_denies_it_to_all() {
    for class in Class::ALL {
        let policy = || Policy::builder().allow_class(class);
        let Ok(valid) = policy().build() else {
            continue;
        };
        for abi in Abi::all().skip(1) {
            let plan = Plan::new(valid.clone(), Kernel::with_abi(abi.number().into()));
            // Landlock takes Fast Open for what it is, a connect.
            let expected = if class == Class::TcpFastOpen && abi >= Abi::new(10) {
                Standing::Landlock
            } else {
                Standing::Unrestricted
            };
            assert_eq!(plan.standing(class), expected, "{} {abi}", class.name());
        }
    }
    for class in [
        Class::Mount,
        Class::Ptrace,
        Class::Rename,
        Class::Read,
        Class::ForeignCalls,
    ] {
        assert!(Policy::builder().allow_class(class).build().is_err());
    }
    let both = Policy::builder()
        .allow_class(Class::Debug)
        .deny_class(Class::Debug);
    assert!(
        both.build()
            .unwrap_err()
            .to_string()
            .contains("another line denies")
    );
}

#[test]
fn what_must_be_denied_and_is_not_stops_the_start() {
    let signals = || Policy::builder().deny_class(Class::Signal);
    let refused = plan(signals(), Abi::new(5))
        .check()
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains(
            "`deny signal`: a filter cannot tell whose process a number names; it needs ABI 6"
        ),
        "{refused}"
    );
    assert!(plan(signals(), Abi::new(6)).check().is_ok());
    assert!(plan(signals().best_effort(), Abi::new(5)).check().is_ok());
}

#[test]
fn a_complete_sandbox_starts_when_all_that_is_open_is_named() {
    let complete = || Policy::builder().require_complete();
    let named = || {
        NEVER
            .into_iter()
            .fold(complete(), PolicyBuilder::allow_class)
    };
    for abi in Abi::all() {
        let Err(refused) = plan(complete().best_effort(), abi).check() else {
            panic!("{abi}");
        };
        assert!(matches!(refused.refusals[..], [Refusal::Incomplete(_)]));
        assert_eq!(
            plan(named(), abi).check().is_ok(),
            abi >= Abi::new(6),
            "{abi}"
        );
    }
}

#[test]
fn a_kernel_without_filters_is_refused_unless_none_is_wanted() {
    let kernel = Kernel::with_abi(7).without_filters();
    let planned = |policy: PolicyBuilder| Plan::new(policy.build().unwrap(), kernel);
    let refused = planned(Policy::builder()).check().unwrap_err();
    assert!(
        matches!(refused.refusals[..], [Refusal::NoFilter]),
        "{refused}"
    );
    assert!(
        planned(Policy::builder().unrestricted_syscalls())
            .check()
            .is_ok()
    );
    let lenient = planned(Policy::builder().best_effort());
    assert!(lenient.check().is_ok() && lenient.filter().is_none());
    assert_eq!(lenient.standing(Class::IoUring), Standing::Open(None));
    assert_eq!(
        lenient.open_because(Class::IoUring),
        "this kernel has no filters of system calls"
    );
}

#[test]
fn without_a_filter_what_it_would_close_is_left_alone() {
    let plan = plan(Policy::builder().unrestricted_syscalls(), Abi::new(7));
    assert!(plan.filter().is_none());
    assert_eq!(plan.standing(Class::IoUring), Standing::Unrestricted);
    assert_eq!(
        plan.standing(Class::ConnectUnix),
        Standing::Open(Some(Abi::new(9)))
    );
    assert_eq!(plan.standing(Class::Stat), Standing::Open(None));
    assert!(
        Policy::builder()
            .unrestricted_syscalls()
            .deny_syscall(Syscall::BPF, crate::Action::Kill)
            .build()
            .is_err()
    );
}

#[test]
fn the_oracle_says_when_it_is_the_filter_that_denies() {
    let plan = plan(Policy::builder(), Abi::new(7));
    for request in [
        Request::Port(PortClass::ConnectUdp, 53),
        Request::Path(crate::AccessFs::RESOLVE_UNIX, "/run/docker.sock".as_ref()),
        Request::Class(Class::Terminal),
    ] {
        match plan.decide(request) {
            Decision::Denied { by, .. } => assert_eq!(by, Mechanism::Seccomp),
            other => panic!("{request:?}: {other:?}"),
        }
    }
}

#[test]
fn fast_open_is_left_to_landlock_where_a_line_can_allow_it() {
    for abi in Abi::all().skip(1) {
        let plan = plan(Policy::builder().connect_tcp(443), abi);
        let governed = abi >= Abi::new(10);
        assert_eq!(plan.closes(Class::TcpFastOpen), !governed, "{abi}");
        let by = if governed {
            Standing::Landlock
        } else {
            Standing::Seccomp
        };
        assert_eq!(plan.standing(Class::TcpFastOpen), by, "{abi}");
    }
}

#[test]
fn queues_are_not_called_open_where_the_filter_denies_other_ipc() {
    for abi in Abi::all() {
        let queues =
            |policy: PolicyBuilder| standing(policy.best_effort(), abi, Class::MessageQueues);
        let files_alone = || Policy::builder().unrestricted_fs();
        assert_eq!(queues(files_alone()), Standing::Seccomp, "{abi}");
        for open in [
            files_alone().unrestricted_ipc(),
            files_alone().unrestricted_syscalls(),
            files_alone().allow_class(Class::SharedIpc),
        ] {
            assert_eq!(queues(open), Standing::Unrestricted, "{abi}");
        }
    }
}
