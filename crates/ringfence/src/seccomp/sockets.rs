//! What the filter says of sockets: by family, type and protocol, from what a plan leaves possible.

use super::call::Syscall;
use super::filter::{Action, Filter, INT, Test, Verdict};
use crate::class::Class;
use crate::plan::Plan;
use crate::policy::PortClass;

// `linux/socket.h`
const AF_UNIX: u32 = 1;
const AF_INET: u32 = 2;
const AF_INET6: u32 = 10;
const AF_NETLINK: u32 = 16;
const AF_SMC: u32 = 43;
const MSG_FASTOPEN: u64 = 0x2000_0000;

// `linux/net.h`: beside the type, the argument holds SOCK_NONBLOCK and SOCK_CLOEXEC.
const SOCK_TYPE: u64 = 0xf;
const SOCK_STREAM: u32 = 1;
const SOCK_DGRAM: u32 = 2;
const SOCK_SEQPACKET: u32 = 5;

// `linux/in.h`; 0 is the usual one of the type.
const IPPROTO_IP: u32 = 0;
const IPPROTO_TCP: u32 = 6;
const IPPROTO_UDP: u32 = 17;

const IPPROTO_IPV6: u32 = 41;

// `linux/tcp.h`
const TCP_ULP: u32 = 31;

// `linux/netfilter_ipv4/ip_tables.h` begins at 64, IPVS and others later; IP's own options end
// before. Those of IPv6 go around the two numbers of `ip6_tables.h`, and end before the 200 of
// `linux/mroute6.h`.
const BEYOND_IP_OPTIONS: u64 = INT & !0x3f;
const BEYOND_IPV6_OPTIONS: u64 = INT & !0x7f;
const IP6T_SO_SET_REPLACE: u32 = 64;
// The same numbers for reading: the two of the tables, two that have a part of them loaded, and this among
// those of IPv4 as well.
const IP6T_SO_GET_INFO: u32 = 64;
const IP6T_SO_GET_REVISION_MATCH: u32 = 68;
const SO_ORIGINAL_DST: u32 = 80;

/// "Permission denied", as Landlock says it: some line would allow this.
const EACCES: Verdict = Verdict::Always(Action::Errno(13));
/// "Protocol not supported": what a kernel without it says, so that programs fall back on TCP.
const EPROTONOSUPPORT: Verdict = Verdict::Always(Action::Errno(93));
/// "Address family not supported".
const EAFNOSUPPORT: Verdict = Verdict::Always(Action::Errno(97));
/// "Protocol not available".
const ENOPROTOOPT: Verdict = Verdict::Always(Action::Errno(92));

/// Puts what the plan closes of sockets into the filter.
pub(super) fn apply(plan: &Plan, denied: &[Class], filter: &mut Filter) {
    let closed = |class| denied.contains(&class);
    let unless = |class, denial: Verdict| {
        if closed(class) {
            denial
        } else {
            Verdict::ALLOW
        }
    };
    let unix = unless(Class::ConnectUnix, EACCES);
    let other = unless(Class::OtherSockets, EAFNOSUPPORT);

    let internet = internet(plan, denied);
    let by_family = [
        (AF_UNIX, unix.clone()),
        (AF_INET, internet.clone()),
        (AF_INET6, internet),
        (AF_NETLINK, unless(Class::Netlink, EAFNOSUPPORT)),
        (AF_SMC, unless(Class::OtherStreams, EAFNOSUPPORT)),
    ];
    filter.set(Syscall::SOCKET, switch(0, INT, by_family, other.clone()));

    // A datagram socket of a pair can still be connected, or sent from, to any path; a stream that
    // is connected stays so. The kernel makes SOCK_RAW a datagram.
    let pair = switch(
        1,
        SOCK_TYPE,
        [
            (SOCK_STREAM, Verdict::ALLOW),
            (SOCK_SEQPACKET, Verdict::ALLOW),
        ],
        unix,
    );
    filter.set(
        Syscall::SOCKETPAIR,
        switch(0, INT, [(AF_UNIX, pair)], other),
    );

    let refused = |class, name, otherwise| {
        if closed(class) {
            Verdict::when(name, ENOPROTOOPT, otherwise)
        } else {
            otherwise
        }
    };
    // Turns a TCP socket into one of SMC, which Landlock does not govern.
    let tcp = refused(Class::OtherStreams, Test::int(2, TCP_ULP), Verdict::ALLOW);
    // As root, the old way to change the firewall goes through any socket.
    let firewall = |name, otherwise| refused(Class::Netlink, name, otherwise);
    let ipv4 = firewall(Test::any(2, BEYOND_IP_OPTIONS), Verdict::ALLOW);
    let ipv6 = firewall(
        Test::masked(2, !1 & INT, IP6T_SO_SET_REPLACE),
        Verdict::ALLOW,
    );
    let ipv6 = firewall(Test::any(2, BEYOND_IPV6_OPTIONS), ipv6);
    let by_level = [(IPPROTO_TCP, tcp), (IPPROTO_IP, ipv4), (IPPROTO_IPV6, ipv6)];
    filter.set(
        Syscall::SETSOCKOPT,
        switch(1, INT, by_level, Verdict::ALLOW),
    );
    if closed(Class::Netlink) {
        filter.set(Syscall::GETSOCKOPT, firewall_unread());
    }
    if closed(Class::TcpFastOpen) {
        for (call, flags) in [
            (Syscall::SENDTO, 3),
            (Syscall::SENDMSG, 2),
            (Syscall::SENDMMSG, 3),
        ] {
            let test = Test::any(flags, MSG_FASTOPEN);
            filter.set(call, Verdict::when(test, EACCES, Verdict::ALLOW));
        }
    }
    if closed(Class::ListenUnbound) && plan.may_have_sockets().tcp {
        filter.set(Syscall::LISTEN, EACCES);
    }
}

/// The rules of the firewall, which root reads through any socket. Where a connection was to go before
/// they turned it elsewhere is for the program that it was turned to.
fn firewall_unread() -> Verdict {
    let origin = Test::int(2, SO_ORIGINAL_DST);
    let ipv4 = Test::any(2, BEYOND_IP_OPTIONS);
    let pair = |first| Test::masked(2, !1 & INT, first);
    let refused = |name, otherwise| Verdict::when(name, ENOPROTOOPT, otherwise);
    let denied = |name| refused(name, Verdict::ALLOW);
    let ipv6 = refused(
        pair(IP6T_SO_GET_INFO),
        denied(pair(IP6T_SO_GET_REVISION_MATCH)),
    );
    let by_level = [
        (
            IPPROTO_IP,
            Verdict::when(origin, Verdict::ALLOW, denied(ipv4)),
        ),
        (IPPROTO_IPV6, ipv6),
    ];
    switch(1, INT, by_level, Verdict::ALLOW)
}

/// AF_INET and AF_INET6.
fn internet(plan: &Plan, denied: &[Class]) -> Verdict {
    let possible = plan.may_have_sockets();
    let unless = |class, denial: Verdict| {
        if denied.contains(&class) {
            denial
        } else {
            Verdict::ALLOW
        }
    };
    let allowed_if = |possible| if possible { Verdict::ALLOW } else { EACCES };
    let streams = unless(Class::OtherStreams, EPROTONOSUPPORT);
    let other = unless(Class::OtherSockets, EPROTONOSUPPORT);
    let tcp = allowed_if(possible.tcp || !denied.contains(&Class::Port(PortClass::ConnectTcp)));
    let udp = allowed_if(possible.udp || !denied.contains(&Class::Port(PortClass::ConnectUdp)));
    let by_type = [
        (
            SOCK_STREAM,
            switch(
                2,
                INT,
                [(IPPROTO_IP, tcp.clone()), (IPPROTO_TCP, tcp)],
                streams.clone(),
            ),
        ),
        (
            SOCK_DGRAM,
            switch(
                2,
                INT,
                [(IPPROTO_IP, udp.clone()), (IPPROTO_UDP, udp)],
                other.clone(),
            ),
        ),
        // SCTP.
        (SOCK_SEQPACKET, streams),
    ];
    switch(1, SOCK_TYPE, by_type, other)
}

/// One verdict for each value of an argument's bits, and one for all others.
fn switch<const N: usize>(
    argument: u8,
    mask: u64,
    cases: [(u32, Verdict); N],
    otherwise: Verdict,
) -> Verdict {
    cases
        .into_iter()
        .rev()
        .fold(otherwise, |otherwise, (value, then)| {
            Verdict::when(Test::masked(argument, mask, value), then, otherwise)
        })
}
