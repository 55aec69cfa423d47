//! Ports of one stage, and who listens on them.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU16, Ordering};

/// Two listeners, two receivers, and ports to bind.
pub struct Ports {
    pub listener: TcpListener,
    pub receiver: UdpSocket,
    pub tcp: u16,
    pub tcp_allowed: u16,
    pub udp: u16,
    pub udp_allowed: u16,
    /// The first of a few in a row that nobody uses.
    first_free: u16,
    _allowed: (TcpListener, UdpSocket),
}

impl Ports {
    pub fn new() -> Self {
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback is up");
        let receive = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback is up");
        let tcp = |socket: &TcpListener| socket.local_addr().expect("it is bound").port();
        let udp = |socket: &UdpSocket| socket.local_addr().expect("it is bound").port();
        let (listener, receiver, allowed) = (listen(), receive(), (listen(), receive()));
        Self {
            tcp: tcp(&listener),
            tcp_allowed: tcp(&allowed.0),
            udp: udp(&receiver),
            udp_allowed: udp(&allowed.1),
            first_free: free_row(),
            listener,
            receiver,
            _allowed: allowed,
        }
    }

    /// What a server may bind; the ports on both sides are free too.
    pub fn bind_allowed(&self) -> RangeInclusive<u16> {
        self.first_free + 1..=self.first_free + 3
    }

    /// What nobody may bind.
    pub fn bind(&self) -> u16 {
        self.first_free + 6
    }
}

/// The first of a row of unused ports, below those that the kernel chooses from.
fn free_row() -> u16 {
    const ROW: u16 = 8;
    static NEXT: AtomicU16 = AtomicU16::new(22_000);
    let unused = |port| {
        TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
            && UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
    };
    loop {
        let first = NEXT.fetch_add(ROW, Ordering::Relaxed);
        if (first..first + ROW).all(unused) {
            return first;
        }
    }
}
