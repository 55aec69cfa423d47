//! Brings `lo` up, without which nothing answers on 127.0.0.1.
//!
//! The usual way is an ioctl, which no safe wrapper offers; a netlink message does the same through a plain socket.

use rustix::io::{self, Errno};
use rustix::net::netlink::SocketAddrNetlink;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
use rustix::net::{recv, sendto, socket_with};

const RTM_NEWLINK: u16 = 16;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const IFF_UP: u32 = 1;
/// The loopback interface is the first of every network namespace.
const INTERFACE: u32 = 1;
const HEADER: usize = 16;

pub fn up() -> io::Result<()> {
    let socket = socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        None,
    )?;
    sendto(
        &socket,
        &request(),
        SendFlags::empty(),
        &SocketAddrNetlink::new(0, 0),
    )?;
    let mut answer = [0; 256];
    let (length, _) = recv(&socket, &mut answer, RecvFlags::empty())?;
    // The acknowledgement is a header and a negated error number, 0 for success.
    let code = answer[..length]
        .get(HEADER..)
        .and_then(<[u8]>::first_chunk)
        .ok_or(Errno::BADMSG)?;
    match i32::from_ne_bytes(*code) {
        0 => Ok(()),
        negated => Err(Errno::from_raw_os_error(-negated)),
    }
}

/// `struct nlmsghdr` and `struct ifinfomsg`, see netlink(7) and rtnetlink(7).
fn request() -> Vec<u8> {
    let length = 32u32;
    let [sequence, port, kind_of_link] = [1u32, 0, 0];
    [
        &length.to_ne_bytes()[..],
        &RTM_NEWLINK.to_ne_bytes(),
        &(NLM_F_REQUEST | NLM_F_ACK).to_ne_bytes(),
        &sequence.to_ne_bytes(),
        &port.to_ne_bytes(),
        &kind_of_link.to_ne_bytes(),
        &INTERFACE.to_ne_bytes(),
        &IFF_UP.to_ne_bytes(),
        &IFF_UP.to_ne_bytes(),
    ]
    .concat()
}
