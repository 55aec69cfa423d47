//! Ports that no other test and no other process has.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below those that the kernel gives to who asks for any (`net.ipv4.ip_local_port_range`).
const ALL: Range<u16> = 10_000..32_000;

/// A port for one test alone.
pub fn free_port() -> u16 {
    free_row(1)
}

/// The first of so many ports in a row for one test alone.
///
/// Nothing is bound to find out: a program that another test starts at that moment would have the socket until it
/// has been executed, and the port would be in use for who was just told that it is free.
///
/// # Panics
/// If so many are in use that there is no such row.
pub fn free_row(count: u16) -> u16 {
    // Test programs that run at the same time begin at different places.
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| {
        let pid = u16::try_from(std::process::id() % 200).unwrap_or(0);
        AtomicU16::new(pid * 100)
    });
    let taken = taken();
    let span = ALL.end - ALL.start - count;
    (0..ALL.len())
        .map(|_| ALL.start + NEXT.fetch_add(count, Ordering::Relaxed) % span)
        .find(|&first| (first..first + count).all(|port| !taken.contains(&port)))
        .expect("ports are free")
}

/// Whether somebody listens on this TCP port, be it only until a program is executed.
pub fn has_listener(port: u16) -> bool {
    const LISTENING: &str = "0A";
    sockets(&["tcp", "tcp6"]).any(|(taken, state)| taken == port && state == LISTENING)
}

/// The ports that sockets have.
fn taken() -> HashSet<u16> {
    let all = sockets(&["tcp", "tcp6", "udp", "udp6"]);
    all.map(|(port, _)| port).collect()
}

/// Of each socket its port and state, as the kernel lists them: a number, the local address and port in hexadecimal
/// digits, the other side's, the state.
fn sockets(tables: &[&str]) -> impl Iterator<Item = (u16, String)> {
    let read = |table: &&str| std::fs::read_to_string(format!("/proc/net/{table}"));
    let texts: Vec<_> = tables.iter().filter_map(|table| read(table).ok()).collect();
    texts.into_iter().flat_map(|text| {
        let sockets = text.lines().filter_map(|socket| {
            let mut columns = socket.split_ascii_whitespace().skip(1);
            let (_, port) = columns.next()?.rsplit_once(':')?;
            let state = columns.nth(1)?.to_owned();
            Some((u16::from_str_radix(port, 16).ok()?, state))
        });
        sockets.collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener, UdpSocket};

    use super::*;

    #[test]
    fn what_somebody_has_is_taken() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let ports = [listener.local_addr(), socket.local_addr()];
        let ports = ports.map(|address| address.unwrap().port());
        let taken = taken();
        for port in ports {
            assert!(taken.contains(&port), "{port} in {taken:?}");
        }
        let [listening, not] = ports;
        assert!(has_listener(listening) && !has_listener(not));
    }

    #[test]
    fn no_two_have_a_port_in_common() {
        let rows = [free_row(7), free_row(7), free_port(), free_port()];
        let ports = [rows[0]..rows[0] + 7, rows[1]..rows[1] + 7];
        let mut ports: Vec<_> = ports.into_iter().flatten().collect();
        ports.extend([rows[2], rows[3]]);
        let different: HashSet<_> = ports.iter().collect();
        assert_eq!(different.len(), ports.len(), "{ports:?}");
    }
}
