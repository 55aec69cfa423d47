//! Which sockets a policy's lines let programs make.

use super::{EACCES, EAFNOSUPPORT, ENOPROTOOPT, EPROTONOSUPPORT, answer, filter, policies};
use crate::seccomp::{Action, Filter, Syscall};
use crate::{Class, Policy, PolicyBuilder, Ports};

const UNIX: u64 = 1;
const INET: u64 = 2;
const INET6: u64 = 10;
const NETLINK: u64 = 16;
const PACKET: u64 = 17;
const ALG: u64 = 38;
const VSOCK: u64 = 40;
const SMC: u64 = 43;

const STREAM: u64 = 1;
const DGRAM: u64 = 2;
const RAW: u64 = 3;
const SEQPACKET: u64 = 5;
const CLOEXEC_NONBLOCK: u64 = 0o2_004_000;

const TCP: u64 = 6;
const UDP: u64 = 17;
const ICMP: u64 = 1;
const SCTP: u64 = 132;
const UDPLITE: u64 = 136;
const MPTCP: u64 = 262;

const ALLOW: Action = Action::Allow;

fn tool() -> PolicyBuilder {
    Policy::builder().ro("/usr")
}

fn socket(filter: &Filter, family: u64, kind: u64, protocol: u64) -> Action {
    answer(filter, Syscall::SOCKET, &[family, kind, protocol])
}

/// What TCP sockets are answered, and what UDP sockets, of either family and however asked for.
fn internet(policy: PolicyBuilder, abi: u32) -> (Action, Action) {
    let filter = filter(policy, abi);
    let the_same = |kind, protocol: u64| {
        let first = socket(&filter, INET, kind, 0);
        for family in [INET, INET6, INET | 0xffff_ffff_0000_0000] {
            for flags in [0, CLOEXEC_NONBLOCK] {
                for protocol in [0, protocol, protocol | 0xffff_ffff_0000_0000] {
                    assert_eq!(socket(&filter, family, kind | flags, protocol), first);
                }
            }
        }
        first
    };
    (the_same(STREAM, TCP), the_same(DGRAM, UDP))
}

#[test]
fn internet_sockets_are_those_that_some_line_needs() {
    for abi in 4..=11 {
        for (policy, expected) in [
            (tool(), (EACCES, EACCES)),
            (tool().connect_tcp(443), (ALLOW, EACCES)),
            (tool().bind_tcp(80), (ALLOW, EACCES)),
            (tool().connect_tcp(Ports::Any), (ALLOW, EACCES)),
            (tool().connect_udp(53), (EACCES, ALLOW)),
            (tool().bind_udp(53), (EACCES, ALLOW)),
            (tool().bind_udp(Ports::Any), (EACCES, ALLOW)),
            (tool().connect_tcp(443).connect_udp(53), (ALLOW, ALLOW)),
            (tool().unrestricted_net(), (ALLOW, ALLOW)),
        ] {
            assert_eq!(
                internet(policy.clone(), abi),
                expected,
                "{policy:?} on {abi}"
            );
        }
    }
}

#[test]
fn other_streams_fail_as_on_a_kernel_without_them() {
    for policy in [tool(), tool().connect_tcp(443), tool().connect_udp(53)] {
        let denying = filter(policy.clone(), 7);
        let allowing = filter(policy.allow_class(Class::OtherStreams), 7);
        for (family, kind, protocol, denial) in [
            (INET, STREAM, MPTCP, EPROTONOSUPPORT),
            (INET6, STREAM, MPTCP, EPROTONOSUPPORT),
            (INET, STREAM, SCTP, EPROTONOSUPPORT),
            (INET, SEQPACKET, 0, EPROTONOSUPPORT),
            (INET6, SEQPACKET, SCTP, EPROTONOSUPPORT),
            (SMC, STREAM, 0, EAFNOSUPPORT),
        ] {
            assert_eq!(socket(&denying, family, kind, protocol), denial);
            assert_eq!(socket(&allowing, family, kind, protocol), ALLOW);
        }
    }
}

#[test]
fn other_sockets_fail_as_on_a_kernel_without_them() {
    let denying = filter(tool().connect_tcp(443).connect_udp(53), 11);
    let allowing = filter(tool().allow_class(Class::OtherSockets), 11);
    for (family, kind, protocol, denial) in [
        (INET, RAW, ICMP, EPROTONOSUPPORT),
        (INET6, RAW, UDP, EPROTONOSUPPORT),
        (INET, DGRAM, ICMP, EPROTONOSUPPORT),
        (INET, DGRAM, UDPLITE, EPROTONOSUPPORT),
        (PACKET, RAW, 0, EAFNOSUPPORT),
        (PACKET, 10, 0, EAFNOSUPPORT),
        (ALG, SEQPACKET, 0, EAFNOSUPPORT),
        (VSOCK, STREAM, 0, EAFNOSUPPORT),
        (0, STREAM, 0, EAFNOSUPPORT),
        (u64::from(u32::MAX), STREAM, 0, EAFNOSUPPORT),
    ] {
        assert_eq!(socket(&denying, family, kind, protocol), denial);
        assert_eq!(socket(&allowing, family, kind, protocol), ALLOW);
    }
}

#[test]
fn netlink_is_a_class_of_its_own() {
    const ROUTE: u64 = 0;
    assert_eq!(
        socket(&filter(tool(), 7), NETLINK, RAW, ROUTE),
        EAFNOSUPPORT
    );
    let allowing = filter(tool().allow_class(Class::Netlink), 7);
    assert_eq!(socket(&allowing, NETLINK, RAW, ROUTE), ALLOW);
    assert_eq!(socket(&allowing, PACKET, RAW, 0), EAFNOSUPPORT);
}

#[test]
fn unix_sockets_are_made_where_landlock_tells_their_paths_or_a_line_needs_them() {
    for abi in 1..=11 {
        let told = abi >= 9;
        let bare = if told { ALLOW } else { EACCES };
        for (policy, expected) in [
            (tool(), bare),
            (tool().rw("/run"), bare),
            (tool().connect_unix("/run/db.sock").best_effort(), ALLOW),
            (tool().allow_class(Class::ConnectUnix), ALLOW),
            (tool().unrestricted_fs(), ALLOW),
        ] {
            let filter = filter(policy, abi);
            for kind in [STREAM, DGRAM, SEQPACKET, STREAM | CLOEXEC_NONBLOCK] {
                assert_eq!(socket(&filter, UNIX, kind, 0), expected, "ABI {abi}");
            }
        }
    }
}

#[test]
fn a_pair_of_streams_reaches_nobody_else_and_passes() {
    let filter = filter(tool(), 7);
    let pair = |family, kind| answer(&filter, Syscall::SOCKETPAIR, &[family, kind]);
    for kind in [STREAM, SEQPACKET, STREAM | CLOEXEC_NONBLOCK] {
        assert_eq!(pair(UNIX, kind), ALLOW);
    }
    // Sent to any path. The kernel makes a raw one a datagram's.
    assert_eq!(pair(UNIX, DGRAM), EACCES);
    assert_eq!(pair(UNIX, RAW), EACCES);
    assert_eq!(pair(INET, STREAM), EAFNOSUPPORT);
    assert_eq!(pair(30, SEQPACKET), EAFNOSUPPORT); // TIPC
}

#[test]
fn sending_does_not_connect() {
    const FAST_OPEN: u64 = 0x2000_0000;
    const NOSIGNAL: u64 = 0x4000;
    let denying = filter(tool().connect_tcp(443), 7);
    let allowing = filter(tool().connect_tcp(Ports::Any), 7);
    for (call, flags) in [
        (Syscall::SENDTO, 3),
        (Syscall::SENDMSG, 2),
        (Syscall::SENDMMSG, 3),
    ] {
        let send = |filter: &Filter, value: u64| {
            let mut arguments = [7; 6];
            arguments[flags] = value;
            filter.verdict(call).decide(arguments)
        };
        assert_eq!(send(&denying, FAST_OPEN), EACCES);
        assert_eq!(send(&denying, FAST_OPEN | NOSIGNAL), EACCES);
        assert_eq!(send(&denying, NOSIGNAL), ALLOW);
        assert_eq!(send(&denying, FAST_OPEN << 32), ALLOW);
        assert_eq!(send(&allowing, FAST_OPEN), ALLOW);
    }
}

#[test]
fn listening_takes_a_line_that_binds() {
    let listen = |policy| answer(&filter(policy, 7), Syscall::LISTEN, &[3, 128]);
    assert_eq!(listen(tool().connect_tcp(443)), EACCES);
    assert_eq!(listen(tool().connect_tcp(443).bind_tcp(80)), ALLOW);
    assert_eq!(listen(tool().bind_tcp(Ports::Any)), ALLOW);
    // Without TCP sockets there is nothing to listen on but UNIX sockets.
    assert_eq!(listen(tool()), ALLOW);
    let allowed = tool().connect_tcp(443).allow_class(Class::ListenUnbound);
    assert_eq!(listen(allowed), ALLOW);
}

#[test]
fn options_do_not_make_another_socket_of_a_tcp_one() {
    const TCP_ULP: u64 = 31;
    const TCP_NODELAY: u64 = 1;
    let option =
        |filter: &Filter, level, name| answer(filter, Syscall::SETSOCKOPT, &[3, level, name]);
    let denying = filter(tool().connect_tcp(443), 7);
    assert_eq!(option(&denying, TCP, TCP_ULP), ENOPROTOOPT);
    assert_eq!(option(&denying, TCP, TCP_NODELAY), ALLOW);
    let allowing = filter(tool().allow_class(Class::OtherStreams), 7);
    assert_eq!(option(&allowing, TCP, TCP_ULP), ALLOW);
}

#[test]
fn options_do_not_change_the_firewall() {
    const IP: u64 = 0;
    const IPV6: u64 = 41;
    const IP_TTL: u64 = 2;
    const IP_LOCAL_PORT_RANGE: u64 = 51;
    const IPV6_RECVORIGDSTADDR: u64 = 74;
    let option =
        |filter: &Filter, level, name| answer(filter, Syscall::SETSOCKOPT, &[3, level, name]);
    let denying = filter(tool().connect_tcp(443), 7);
    let allowing = filter(tool().allow_class(Class::Netlink), 7);
    for (level, name) in [
        (IP, 64),
        (IP, 65),
        (IP, 96),
        (IP, 1024 + 64),
        (IPV6, 64),
        (IPV6, 65),
        (IPV6, 200), // MRT6_INIT
    ] {
        assert_eq!(option(&denying, level, name), ENOPROTOOPT, "{level} {name}");
        assert_eq!(option(&allowing, level, name), ALLOW, "{level} {name}");
    }
    for (level, name) in [
        (IP, IP_TTL),
        (IP, IP_LOCAL_PORT_RANGE),
        (IPV6, IPV6_RECVORIGDSTADDR),
        (1, 64), // SOL_SOCKET
    ] {
        assert_eq!(option(&denying, level, name), ALLOW, "{level} {name}");
    }
}

#[test]
fn more_lines_never_deny_a_socket_that_fewer_allow() {
    for policy in policies() {
        for abi in [1, 4, 7, 9, 11] {
            let narrow = filter(policy.clone(), abi);
            let wide = policy
                .clone()
                .connect_tcp(443)
                .connect_udp(53)
                .connect_unix("/run");
            let wide = filter(wide, abi);
            for family in [UNIX, INET, INET6, NETLINK, PACKET, SMC] {
                for kind in [STREAM, DGRAM, RAW, SEQPACKET] {
                    for protocol in [0, TCP, UDP, MPTCP] {
                        let before = socket(&narrow, family, kind, protocol);
                        let after = socket(&wide, family, kind, protocol);
                        assert!(before != ALLOW || after == ALLOW);
                    }
                }
            }
        }
    }
}

#[test]
fn options_do_not_read_the_firewall() {
    const IP: u64 = 0;
    const IPV6: u64 = 41;
    let filter = filter(tool().connect_tcp(443), 7);
    let get = |level, name| answer(&filter, Syscall::GETSOCKOPT, &[3, level, name]);
    for (level, name) in [
        (IP, 64),
        (IP, 65),
        (IP, 96),
        (IP, 1152),
        (IPV6, 64),
        (IPV6, 65),
    ] {
        assert_eq!(get(level, name), ENOPROTOOPT, "{level} {name}");
        let garbage = 0xdead_beef_0000_0000;
        assert_eq!(get(level | garbage, name | garbage), ENOPROTOOPT);
    }
    // Where a connection was to go; options of IPv6 around the two; those of sockets and TCP.
    for (level, name) in [
        (IP, 80),
        (IP, 24),
        (IPV6, 80),
        (IPV6, 66),
        (IPV6, 67),
        (1, 64),
        (6, 64),
    ] {
        assert_eq!(get(level, name), ALLOW, "{level} {name}");
    }
}
