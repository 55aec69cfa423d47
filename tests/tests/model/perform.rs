//! Does an act: in a sandbox, or for its twin without one.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::AsRawFd as _;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::mqueue::{MQ_OFlag, mq_close, mq_open, mq_unlink};
use ringfence::FileKind;
use rustix::fd::OwnedFd;
use rustix::fs::inotify::{CreateFlags, WatchFlags};
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, Timespec, Timestamps, XattrFlags,
};
use rustix::mount::{MountFlags, UnmountFlags};
use rustix::net::{
    AddressFamily, Protocol as NetProtocol, SendFlags, SocketFlags, SocketType, ipproto,
};
use rustix::process::{PidfdFlags, PidfdGetfdFlags, Resource, Rlimit, Signal};

use crate::act::{
    Act, Change, FRESH, Look, Making, OTHER, Object, Opening, Other, Protocol, Reach, STAGED,
};
use crate::outside::{PORTS, Scene};
use crate::world::{self, ATTRIBUTE, Place};

/// The flag of `sendto` that connects a TCP socket by sending (`linux/socket.h`).
const MSG_FASTOPEN: u32 = 0x2000_0000;

/// Where what an act moves is, and where it goes.
pub fn path_of(object: Object, scene: &Scene, name: &str) -> PathBuf {
    match object {
        Object::Staged(_, place) => place.within(&scene.top).join(name),
        Object::Fixed(place) => place.within(&scene.top),
    }
}

impl Act {
    /// Tries it.
    pub fn perform(self, scene: &Scene) -> io::Result<()> {
        let fresh = |place: Place| place.within(&scene.top).join(FRESH);
        match self {
            Self::Open(how, place) => open(how, &place.within(&scene.top)),
            Self::List(place) => fs::read_dir(place.within(&scene.top)).map(drop),
            Self::Make(what, place) => make(what, &place.within(&scene.top)),
            Self::Remove(FileKind::Directory, place) => {
                fs::remove_dir(place.within(&scene.top).join(STAGED))
            }
            Self::Remove(_, place) => fs::remove_file(place.within(&scene.top).join(STAGED)),
            Self::Rename(object, to) | Self::RenameOver(object, to) => {
                fs::rename(path_of(object, scene, STAGED), fresh(to))
            }
            Self::Exchange(one, other) => {
                exchange(&path_of(one, scene, STAGED), &path_of(other, scene, OTHER))
            }
            Self::Link(object, to) => fs::hard_link(path_of(object, scene, STAGED), fresh(to)),
            Self::Execute(place) => execute(&place.within(&scene.top)),
            Self::Control => {
                let device = OpenOptions::new()
                    .read(true)
                    .write(true)
                    .custom_flags(OFlags::NOCTTY.bits().cast_signed())
                    .open(&scene.device)?;
                Ok(rustix::termios::tcgetwinsize(&device).map(drop)?)
            }
            Self::Change(change, place) => alter(change, &place.within(&scene.top)),
            Self::Look(look, place) => look_at(look, &place.within(&scene.top)),
            Self::ConnectStream(place) => UnixStream::connect(place.within(&scene.top)).map(drop),
            Self::SendDatagram(place) => UnixDatagram::unbound()?
                .send_to(b"x", place.within(&scene.top))
                .map(drop),
            Self::Reach(how, port) => reach(how, at(scene.first_port + port)),
            Self::Bind(protocol, port) => {
                let (kind, address) = match protocol {
                    Protocol::Tcp => (SocketType::STREAM, bind_address(scene, port)),
                    Protocol::Udp => (SocketType::DGRAM, bind_address(scene, port)),
                };
                Ok(rustix::net::bind(&socket(kind, None)?, &address)?)
            }
            Self::Other(other) => attempt(other, scene),
        }
    }
}

fn at(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// The port that a [`Act::Bind`] binds.
pub fn bound_port(scene: &Scene, port: u16) -> u16 {
    if port < PORTS {
        scene.first_port + PORTS + port
    } else {
        0
    }
}

fn bind_address(scene: &Scene, port: u16) -> SocketAddr {
    at(bound_port(scene, port))
}

fn socket(kind: SocketType, protocol: Option<NetProtocol>) -> io::Result<OwnedFd> {
    Ok(rustix::net::socket_with(
        AddressFamily::INET,
        kind,
        SocketFlags::CLOEXEC,
        protocol,
    )?)
}

fn open(how: Opening, path: &Path) -> io::Result<()> {
    let with = |flags| rustix::fs::open(path, flags | OFlags::CLOEXEC, Mode::empty());
    match how {
        Opening::Read => with(OFlags::RDONLY)?,
        Opening::Write => {
            fs::File::from(with(OFlags::WRONLY)?).write_all(b"changed by writing")?;
            return Ok(());
        }
        Opening::ReadWrite => with(OFlags::RDWR)?,
        Opening::Append => {
            fs::File::from(with(OFlags::WRONLY | OFlags::APPEND)?).write_all(b"more")?;
            return Ok(());
        }
        Opening::WriteTruncated => with(OFlags::WRONLY | OFlags::TRUNC)?,
        Opening::ReadTruncated => with(OFlags::RDONLY | OFlags::TRUNC)?,
        Opening::Truncate => return Ok(nix::unistd::truncate(path, 3)?),
        Opening::Resize => {
            let file = with(OFlags::WRONLY)?;
            rustix::fs::ftruncate(&file, 5)?;
            file
        }
    };
    Ok(())
}

fn make(what: Making, directory: &Path) -> io::Result<()> {
    let path = directory.join(FRESH);
    let create = |flags: OFlags, path: &Path| {
        rustix::fs::open(path, flags | OFlags::CLOEXEC, Mode::from_raw_mode(0o600))
    };
    match what {
        Making::ToWrite => drop(create(
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL,
            &path,
        )?),
        Making::ToRead => drop(create(
            OFlags::RDONLY | OFlags::CREATE | OFlags::EXCL,
            &path,
        )?),
        Making::Named => {
            let file = create(OFlags::WRONLY | OFlags::TMPFILE, directory)?;
            let by_number = format!("/proc/thread-self/fd/{}", file.as_raw_fd());
            rustix::fs::linkat(CWD, by_number, CWD, &path, AtFlags::SYMLINK_FOLLOW)?;
        }
        Making::Nameless => drop(create(OFlags::WRONLY | OFlags::TMPFILE, directory)?),
        Making::Node(kind) => world::make(kind, &path)?,
        Making::Bound => drop(UnixDatagram::bind(path)?),
        Making::Whiteout => {
            rustix::fs::mknodat(CWD, &path, FileType::CharacterDevice, 0o600.into(), 0)?;
        }
    }
    Ok(())
}

fn exchange(one: &Path, other: &Path) -> io::Result<()> {
    Ok(rustix::fs::renameat_with(
        CWD,
        one,
        CWD,
        other,
        RenameFlags::EXCHANGE,
    )?)
}

fn execute(program: &Path) -> io::Result<()> {
    loop {
        match Command::new(program).status() {
            Ok(status) if status.success() => return Ok(()),
            Ok(status) => return Err(io::Error::other(format!("it ended with {status}"))),
            // A child that another test has just forked holds it open for writing until it
            // executes something.
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => {}
            Err(error) => return Err(error),
        }
    }
}

fn alter(change: Change, path: &Path) -> io::Result<()> {
    match change {
        Change::Mode => rustix::fs::chmod(path, 0o640.into())?,
        Change::Owner => rustix::fs::chown(path, Some(rustix::process::geteuid()), None)?,
        Change::Times => {
            let epoch = Timespec {
                tv_sec: 0,
                tv_nsec: 0,
            };
            let times = Timestamps {
                last_access: epoch,
                last_modification: epoch,
            };
            rustix::fs::utimensat(CWD, path, &times, AtFlags::empty())?;
        }
        Change::Attribute => rustix::fs::setxattr(path, ATTRIBUTE, b"x", XattrFlags::empty())?,
    }
    Ok(())
}

fn look_at(look: Look, path: &Path) -> io::Result<()> {
    match look {
        Look::Stat => fs::metadata(path).map(drop),
        Look::ReadLink => fs::read_link(path.join(STAGED)).map(drop),
        Look::Watch => {
            let watcher = rustix::fs::inotify::init(CreateFlags::CLOEXEC)?;
            Ok(rustix::fs::inotify::add_watch(&watcher, path, WatchFlags::CREATE).map(drop)?)
        }
    }
}

fn reach(how: Reach, address: SocketAddr) -> io::Result<()> {
    match how {
        Reach::Tcp => rustix::net::connect(&socket(SocketType::STREAM, None)?, &address)?,
        Reach::Mptcp => {
            let socket = socket(SocketType::STREAM, Some(ipproto::MPTCP))?;
            rustix::net::connect(&socket, &address)?;
        }
        Reach::TcpFastOpen => {
            let socket = socket(SocketType::STREAM, None)?;
            let flags = SendFlags::from_bits_retain(MSG_FASTOPEN);
            rustix::net::sendto(&socket, b"x", flags, &address)?;
        }
        Reach::UdpConnect => rustix::net::connect(&socket(SocketType::DGRAM, None)?, &address)?,
        Reach::UdpSend => {
            let socket = socket(SocketType::DGRAM, None)?;
            rustix::net::sendto(&socket, b"x", SendFlags::empty(), &address)?;
        }
    }
    Ok(())
}

fn attempt(other: Other, scene: &Scene) -> io::Result<()> {
    let nothing = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    match other {
        Other::ListenUnbound => rustix::net::listen(&socket(SocketType::STREAM, None)?, 1)?,
        Other::ConnectAbstract => {
            UnixStream::connect_addr(&UnixAddr::from_abstract_name(&scene.name)?)?;
        }
        // Ignored by whoever does not expect it.
        Other::SignalOutside => rustix::process::kill_process(scene.victim, Signal::URG)?,
        Other::SignalSelf => {
            rustix::process::kill_process(rustix::process::getpid(), Signal::URG)?;
        }
        Other::LimitOutside => {
            rustix::process::prlimit(Some(scene.victim), Resource::Core, nothing)?;
        }
        Other::SlowOutside => rustix::process::setpriority_process(Some(scene.victim), 1)?,
        Other::TraceOutside => {
            let victim = rustix::process::pidfd_open(scene.victim, PidfdFlags::empty())?;
            rustix::process::pidfd_getfd(&victim, 0, PidfdGetfdFlags::empty())?;
        }
        Other::OpenQueue => {
            let mode = nix::sys::stat::Mode::empty();
            let flags = MQ_OFlag::O_RDONLY | MQ_OFlag::O_CLOEXEC;
            mq_close(mq_open(scene.queue.as_str(), flags, mode, None)?)?;
        }
        Other::UnlinkQueue => mq_unlink(scene.queue.as_str())?,
        Other::Netlink => {
            let (family, kind) = (AddressFamily::NETLINK, SocketType::RAW);
            rustix::net::socket_with(family, kind, SocketFlags::CLOEXEC, None)?;
        }
        Other::Raw => {
            socket(SocketType::RAW, Some(ipproto::ICMP))?;
        }
        Other::Pair => {
            UnixStream::pair()?;
        }
        Other::DatagramPair => {
            UnixDatagram::pair()?;
        }
        Other::IoUring => {
            io_uring::IoUring::new(1)?;
        }
        // Of this thread alone, and of no consequence to what follows.
        Other::Namespace => nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWUTS)?,
        Other::Mount => {
            let on = Place("d/e").within(&scene.top);
            rustix::mount::mount("none", &on, "tmpfs", MountFlags::empty(), None)?;
            rustix::mount::unmount(&on, UnmountFlags::empty())?;
        }
    }
    Ok(())
}
