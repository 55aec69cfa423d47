//! What a socket is bound or connected to.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use ringfence::{Access, Class, PortClass};
use rustix::fd::OwnedFd;
use rustix::net::SocketType;
use rustix::net::sockopt::socket_type;
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

use super::names::{self, WORKING_DIRECTORY};
use crate::observation::Observation;

// `linux/socket.h`, the same on all architectures that filters are known for.
const AF_UNIX: u16 = 1;
const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;
/// The longest address of any of these.
const MOST: u64 = 110;
/// The size of `struct mmsghdr`, and the most of them that the kernel takes.
const MESSAGE: u64 = 64;
const MOST_MESSAGES: u64 = 1024;

/// What a socket is bound or connected to, or sends to.
pub(super) enum Peer {
    Port(PortClass, u16),
    /// A socket in the file system, absolute and without symlinks.
    Connected(PathBuf),
    /// The same, made here.
    Bound(PathBuf),
    /// An abstract UNIX socket, by its name with the zero byte before it.
    Abstract {
        name: PathBuf,
        binds: bool,
    },
}

impl Peer {
    pub(super) fn connected(
        pid: i32,
        leader: i32,
        fd: i32,
        address: u64,
        length: u64,
    ) -> Option<Self> {
        Self::at(pid, leader, fd, address, length, false)
    }

    pub(super) fn bound(pid: i32, leader: i32, fd: i32, address: u64, length: u64) -> Option<Self> {
        Self::at(pid, leader, fd, address, length, true)
    }

    /// Of a `struct msghdr`.
    pub(super) fn of_message(pid: i32, leader: i32, fd: i32, header: u64) -> Option<Self> {
        let header = names::bytes(pid, header, 12);
        let address = u64::from_ne_bytes(header.get(..8)?.try_into().ok()?);
        let length = u32::from_ne_bytes(header.get(8..12)?.try_into().ok()?);
        (address != 0)
            .then(|| Self::connected(pid, leader, fd, address, length.into()))
            .flatten()
    }

    /// Of an array of `struct mmsghdr`.
    pub(super) fn of_messages(
        pid: i32,
        leader: i32,
        fd: i32,
        headers: u64,
        count: u64,
    ) -> Vec<Self> {
        (0..count.min(MOST_MESSAGES))
            .filter_map(|number| {
                let header = headers.checked_add(number * MESSAGE)?;
                Self::of_message(pid, leader, fd, header)
            })
            .collect()
    }

    fn at(pid: i32, leader: i32, fd: i32, address: u64, length: u64, binds: bool) -> Option<Self> {
        let length = usize::try_from(length.min(MOST)).ok()?;
        let address = names::bytes(pid, address, length);
        let family = u16::from_ne_bytes(address.get(..2)?.try_into().ok()?);
        match family {
            AF_INET | AF_INET6 => {
                let port = u16::from_be_bytes(address.get(2..4)?.try_into().ok()?);
                let class = match (kind(leader, fd)?, binds) {
                    (SocketType::STREAM, false) => PortClass::ConnectTcp,
                    (SocketType::STREAM, true) => PortClass::BindTcp,
                    (SocketType::DGRAM, false) => PortClass::ConnectUdp,
                    (SocketType::DGRAM, true) => PortClass::BindUdp,
                    _ => return None,
                };
                Some(Self::Port(class, port))
            }
            AF_UNIX => {
                let name = address.get(2..)?;
                match name.first() {
                    None => None,
                    Some(0) => Some(Self::Abstract {
                        name: OsStr::from_bytes(name).into(),
                        binds,
                    }),
                    Some(_) => {
                        let end = name
                            .iter()
                            .position(|&byte| byte == 0)
                            .unwrap_or(name.len());
                        let name = OsStr::from_bytes(name.get(..end)?);
                        let path = names::absolute(pid, WORKING_DIRECTORY, name.as_ref())?;
                        Some(if binds {
                            Self::Bound(names::entry(&path))
                        } else {
                            Self::Connected(names::target(&path))
                        })
                    }
                }
            }
            _ => None,
        }
    }

    /// Counts it, once the call has succeeded.
    pub(super) fn count(self, program: &str, seen: &mut Observation) {
        if let Self::Port(of, port) = self {
            return seen.reached(of, port, program);
        }
        let mut class = |class| seen.classes.entry(class).or_default().add(program);
        match self {
            Self::Port(..) => {}
            Self::Connected(path) => {
                class(Class::ConnectUnix);
                // A socket that was made inside can be reached from inside.
                if !seen.made.contains(&path) {
                    seen.accessed(Access::CONNECT_UNIX, path, program);
                }
            }
            Self::Bound(path) => {
                class(Class::ConnectUnix);
                let parent = path.parent().unwrap_or(&path).to_owned();
                seen.accessed(Access::CREATE, parent, program);
                seen.made.insert(path);
            }
            Self::Abstract { name, binds } => {
                class(Class::ConnectUnix);
                if binds {
                    seen.made.insert(name);
                } else if !seen.made.contains(&name) {
                    class(Class::AbstractUnix);
                }
            }
        }
    }
}

/// What kind of socket a descriptor of a process is.
fn kind(leader: i32, fd: i32) -> Option<SocketType> {
    let pidfd = pidfd_open(Pid::from_raw(leader)?, PidfdFlags::empty()).ok()?;
    let socket: OwnedFd = pidfd_getfd(pidfd, fd, PidfdGetfdFlags::empty()).ok()?;
    socket_type(socket).ok()
}
