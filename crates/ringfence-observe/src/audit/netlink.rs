//! The kernel's own group of listeners, and the form in which it sends records there.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::netlink::{AUDIT, SocketAddrNetlink};
use rustix::net::sockopt::{set_socket_recv_buffer_size, set_socket_recv_buffer_size_force};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, recvfrom, sendto,
    socket_with,
};

use super::line::Line;
use super::record::{self, Kind, Unreadable};

/// `AUDIT_NLGRP_READLOG` of `linux/audit.h`, as a bit.
const READLOG: u32 = 1;
/// `AUDIT_GET`: a question for the state.
const GET: u16 = 1000;
const HEADER: usize = 16;
/// Bytes that the kernel may hold for a reader who is late: a thousand records and more.
const WAITING: usize = 2 << 20;
/// More than a message of the kernel has.
const MOST: usize = 16 * 1024;

/// A member of the group that every record is sent to.
///
/// Joining needs `CAP_AUDIT_READ` in the initial user namespace. Nothing of the past can be read.
#[derive(Debug)]
pub struct AuditGroup(OwnedFd);

impl AuditGroup {
    /// Joins the group.
    ///
    /// # Errors
    /// `EPERM` without the capability, `EPROTONOSUPPORT` if the kernel has no audit.
    pub fn join() -> io::Result<Self> {
        let socket = socket()?;
        // Beyond what is usual with the capability that most who may join have, else as much as is usual.
        set_socket_recv_buffer_size_force(&socket, WAITING)
            .or_else(|_| set_socket_recv_buffer_size(&socket, WAITING))?;
        bind(&socket, &SocketAddrNetlink::new(0, READLOG))?;
        Ok(Self(socket))
    }

    /// The next message; none if there is none yet.
    ///
    /// # Errors
    /// `ENOBUFS`: messages came faster than they were read, and some are lost.
    pub fn receive(&self) -> io::Result<Option<Vec<u8>>> {
        loop {
            let mut buffer = vec![0; MOST];
            match recvfrom(&self.0, &mut *buffer, RecvFlags::empty()) {
                Ok((_, length, sender)) => {
                    let sender = sender.and_then(|sender| SocketAddrNetlink::try_from(sender).ok());
                    // Other processes may have a say here if they are privileged; the kernel is 0.
                    if sender.is_some_and(|sender| sender.pid() == 0) {
                        buffer.truncate(length);
                        return Ok(Some(buffer));
                    }
                }
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

impl AsFd for AuditGroup {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn socket() -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, Some(AUDIT))?;
    Ok(socket)
}

/// Whether audit is on in the kernel.
///
/// # Errors
/// `EPERM` without `CAP_AUDIT_CONTROL`, whose question it is.
pub fn is_audit_on() -> io::Result<bool> {
    /// `NLM_F_REQUEST | NLM_F_ACK`
    const FLAGS: u16 = 1 | 4;
    const ERROR: u16 = 2;
    let socket = socket()?;
    let mut message = Vec::with_capacity(HEADER);
    message.extend(u32::to_ne_bytes(16));
    message.extend(GET.to_ne_bytes());
    message.extend(FLAGS.to_ne_bytes());
    message.extend([0; 8]);
    let kernel = SocketAddrNetlink::new(0, 0);
    sendto(&socket, &message, SendFlags::empty(), &kernel)?;
    // A thread of the kernel answers, soon after it has confirmed the question.
    let mut buffer = [0; 1024];
    let soon = Timespec {
        tv_sec: 1,
        tv_nsec: 0,
    };
    while poll(&mut [PollFd::new(&socket, PollFlags::IN)], Some(&soon)) == Ok(1)
        && let Ok((_, length, _)) = recvfrom(&socket, &mut buffer[..], RecvFlags::empty())
    {
        let answer = &buffer[..length.min(buffer.len())];
        match (
            word(answer, 4).map(|word| word & 0xffff),
            word(answer, HEADER),
        ) {
            (Some(kind), Some(errno)) if kind == u32::from(ERROR) && errno != 0 => {
                return Err(io::Error::from_raw_os_error(
                    errno.cast_signed().wrapping_neg(),
                ));
            }
            // The state begins with a mask.
            (Some(kind), _) if kind == u32::from(GET) => {
                let enabled = word(answer, HEADER + 4);
                return enabled
                    .map(|enabled| enabled != 0)
                    .ok_or_else(|| Errno::PROTO.into());
            }
            _ => {}
        }
    }
    Err(Errno::PROTO.into())
}

/// A number of a message; the kind of one is the lower half of its second.
fn word(message: &[u8], place: usize) -> Option<u32> {
    let bytes = message.get(place..place + 4)?;
    let word = u32::from_ne_bytes(bytes.try_into().ok()?);
    Some(if place == 4 && cfg!(target_endian = "big") {
        word >> 16
    } else {
        word
    })
}

/// Reads a message.
pub(super) fn read(message: &[u8]) -> Line {
    let Some(kind) = word(message, 4) else {
        return Line::Other;
    };
    let kind = Kind::numbered(kind & 0xffff);
    let (Some(text), Some(length)) = (message.get(HEADER..), word(message, 0)) else {
        return Line::Other;
    };
    // The kernel counts the header in the length or leaves it out, by its version.
    let lengths = [text.len(), message.len()];
    if kind != Kind::Other && !usize::try_from(length).is_ok_and(|length| lengths.contains(&length))
    {
        return Line::Unreadable(Unreadable::Malformed);
    }
    let end = text.iter().position(|&byte| byte == 0);
    record::read(kind, &text[..end.unwrap_or(text.len())]).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(length: usize, kind: u16, text: &[u8]) -> Vec<u8> {
        let length = u32::try_from(length).unwrap();
        let mut message = length.to_ne_bytes().to_vec();
        message.extend(kind.to_ne_bytes());
        message.extend([0; 10]);
        message.extend(text);
        message
    }

    #[test]
    fn a_message_is_read_with_either_length_and_no_other() {
        let text = b"audit(1.000:1): domain=1 status=deallocated denials=3";
        for (length, is_read) in [(text.len(), true), (text.len() + 16, true), (7, false)] {
            let read = read(&message(length, 1424, text));
            assert_eq!(matches!(read, Line::Record(_)), is_read, "{read:?}");
        }
        assert_eq!(read(&message(0, 1320, b"")), Line::Other);
        assert_eq!(read(&[0; 3]), Line::Other);
    }
}
