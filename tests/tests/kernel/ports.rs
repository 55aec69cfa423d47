//! Ports: those listed pass, those beside them do not, `any` leaves its neighbours alone.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use ringfence::{PortClass, Ports, Request};
use ringfence_tests::ports::{free_port, free_row};
use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::Sandbox;
use rustix::io::Errno;

use crate::expect::{assert_verdict, verdict};
use crate::world::unsandboxed;

pub fn tests() -> Vec<Test> {
    vec![
        Test::new("ports::a_hundred_thousand_rules_are_enforced", many),
        Test::new(
            "ports::connect_tcp_passes_to_listed_ports_only",
            connect_tcp,
        ),
        Test::new("ports::bind_tcp_passes_on_listed_ports_only", bind_tcp),
        Test::new("ports::a_range_ends_at_its_edges", range_edges),
        Test::new("ports::bind_to_port_0_must_be_listed", ephemeral),
        Test::new(
            "ports::any_leaves_one_class_alone_and_not_its_neighbour",
            any,
        ),
        Test::new("ports::datagrams_pass_to_listed_ports_only", udp_send),
        Test::new("ports::bind_udp_passes_on_listed_ports_only", udp_bind),
        Test::new("ports::unrestricted_net_leaves_ports_alone", unrestricted),
    ]
}

/// A listener on loopback, and its port.
pub fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback is up");
    let port = listener.local_addr().expect("it is bound").port();
    (listener, port)
}

/// A receiver of datagrams on loopback, and its port.
pub fn receiver() -> (UdpSocket, u16) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback is up");
    let port = socket.local_addr().expect("it is bound").port();
    (socket, port)
}

fn assert_port(sandbox: &Sandbox, act: &str, class: PortClass, port: u16) {
    let expected = verdict(sandbox, Request::Port(class, port), Errno::ACCESS);
    assert_verdict(sandbox, &[act, &port.to_string()], expected);
}

fn connect_tcp() {
    let (_open, allowed) = listener();
    let (_other, denied) = listener();
    let sandbox = Sandbox::for_probe().ports(PortClass::ConnectTcp, allowed);
    for port in [allowed, denied] {
        assert_eq!(
            unsandboxed(&["connect-tcp", &port.to_string()])
                .status
                .code(),
            Some(0)
        );
        assert_port(&sandbox, "connect-tcp", PortClass::ConnectTcp, port);
    }
    assert_port(
        &Sandbox::for_probe(),
        "connect-tcp",
        PortClass::ConnectTcp,
        denied,
    );
}

fn bind_tcp() {
    let (allowed, denied) = (free_port(), free_port());
    let sandbox = Sandbox::for_probe().ports(PortClass::BindTcp, allowed);
    for port in [allowed, denied] {
        assert_eq!(
            unsandboxed(&["bind-tcp", &port.to_string()]).status.code(),
            Some(0)
        );
        assert_port(&sandbox, "bind-tcp", PortClass::BindTcp, port);
    }
}

fn range_edges() {
    let before = free_row(7);
    let (first, last) = (before + 1, before + 5);
    let sandbox = Sandbox::for_probe().ports(PortClass::BindTcp, first..=last);
    for port in [before, first, first + 2, last, last + 1] {
        assert_eq!(
            unsandboxed(&["bind-tcp", &port.to_string()]).status.code(),
            Some(0)
        );
        assert_port(&sandbox, "bind-tcp", PortClass::BindTcp, port);
    }
}

fn many() {
    let closed = free_port();
    let sandbox = Sandbox::for_probe()
        .ports(PortClass::BindTcp, 0..=closed - 1)
        .ports(PortClass::BindTcp, closed + 1..=u16::MAX)
        .ports(PortClass::ConnectTcp, 1..=u16::MAX);
    assert_port(&sandbox, "bind-tcp", PortClass::BindTcp, closed);
    assert_port(&sandbox, "bind-tcp", PortClass::BindTcp, free_port());
}

fn ephemeral() {
    assert_eq!(unsandboxed(&["bind-tcp", "0"]).status.code(), Some(0));
    let listed = Sandbox::for_probe().ports(PortClass::BindTcp, 0);
    let not_listed = Sandbox::for_probe().ports(PortClass::BindTcp, free_port());
    for sandbox in [listed, not_listed] {
        assert_port(&sandbox, "bind-tcp", PortClass::BindTcp, 0);
    }
}

fn any() {
    let (_open, port) = listener();
    let fixed = free_port();
    let sandbox = Sandbox::for_probe()
        .ports(PortClass::ConnectTcp, Ports::Any)
        .ports(PortClass::BindTcp, fixed);
    assert_port(&sandbox, "connect-tcp", PortClass::ConnectTcp, port);
    assert_port(&sandbox, "bind-tcp", PortClass::BindTcp, fixed);
    let other = free_port();
    assert_eq!(
        unsandboxed(&["bind-tcp", &other.to_string()]).status.code(),
        Some(0)
    );
    assert_port(&sandbox, "bind-tcp", PortClass::BindTcp, other);
}

fn udp_send() {
    let (_open, allowed) = receiver();
    let (_other, denied) = receiver();
    let sandbox = Sandbox::for_probe().ports(PortClass::ConnectUdp, allowed);
    for act in ["send-udp-unbound", "connect-udp"] {
        for port in [allowed, denied] {
            assert_eq!(
                unsandboxed(&[act, &port.to_string()]).status.code(),
                Some(0)
            );
            assert_port(&sandbox, act, PortClass::ConnectUdp, port);
        }
    }
}

fn udp_bind() {
    let (allowed, denied) = (free_port(), free_port());
    let sandbox = Sandbox::for_probe().ports(PortClass::BindUdp, allowed);
    for port in [allowed, denied] {
        assert_eq!(
            unsandboxed(&["bind-udp", &port.to_string()]).status.code(),
            Some(0)
        );
        assert_port(&sandbox, "bind-udp", PortClass::BindUdp, port);
    }
}

fn unrestricted() {
    let (_open, port) = listener();
    let sandbox = Sandbox::for_probe().switch(
        "--unrestricted-net",
        ringfence::PolicyBuilder::unrestricted_net,
    );
    assert_port(&sandbox, "connect-tcp", PortClass::ConnectTcp, port);
    assert_port(&sandbox, "bind-tcp", PortClass::BindTcp, 0);
}
