//! The acts that tests try: each one a call or two, its errno the exit code.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixListener, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use rustix::fs::inotify::{CreateFlags, WatchFlags};
use rustix::fs::{AtFlags, CWD, FileType, Mode, Timespec, Timestamps, XattrFlags};
use rustix::mount::{MountFlags, UnmountFlags};
use rustix::net::{AddressFamily, Protocol, SendFlags, SocketType, ipproto};
use rustix::process::{Pid, Resource, Rlimit, Signal};

use crate::within;

/// The flag of `sendto` that connects a TCP socket by sending (`linux/socket.h`).
const MSG_FASTOPEN: u32 = 0x2000_0000;

/// The exit code for a failure that has no errno, or a misuse of the probe.
const BROKEN: u8 = 99;

/// Tries one act; exits with 0, or the errno.
pub fn main(arguments: &[OsString]) -> ExitCode {
    let [act, rest @ ..] = arguments else {
        return ExitCode::from(BROKEN);
    };
    let result = match act.to_str().unwrap_or_default() {
        // Tries an act in a chain of this many further processes.
        "descend" => descend(rest),
        // Becomes a command with no more descriptors than given.
        "with-descriptors" => with_descriptors(rest),
        // Becomes a command in namespaces of its own, as in a container.
        "in-namespaces" => in_namespaces(rest),
        act => attempt(act, rest).map(|()| 0),
    };
    ExitCode::from(result.unwrap_or_else(|error| match error.raw_os_error() {
        Some(errno) => u8::try_from(errno).unwrap_or(u8::MAX),
        None => {
            eprintln!("{error}");
            BROKEN
        }
    }))
}

fn attempt(act: &str, arguments: &[OsString]) -> io::Result<()> {
    let first = arguments
        .first()
        .map_or(OsStr::new(""), OsString::as_os_str);
    let second = arguments.get(1).map_or(OsStr::new(""), OsString::as_os_str);
    let path = Path::new(first);
    match act {
        "read" => fs::read(path).map(drop),
        // Over and over, by one process.
        "flood" => {
            (0..2000).for_each(|_| drop(fs::read(path)));
            fs::read(path).map(drop)
        }
        "list" => fs::read_dir(path).map(drop),
        "write" => OpenOptions::new()
            .write(true)
            .open(path)?
            .write_all(b"changed"),
        // Truncates without the right to write.
        "truncate" => Ok(rustix::fs::open(
            path,
            rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::TRUNC,
            Mode::empty(),
        )
        .map(drop)?),
        "create" => OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)
            .map(drop),
        "mkdir" => fs::create_dir(path),
        "symlink" => std::os::unix::fs::symlink("/", path),
        "mkfifo" => Ok(rustix::fs::mknodat(
            CWD,
            path,
            FileType::Fifo,
            0o600.into(),
            0,
        )?),
        "mksock" => Ok(rustix::fs::mknodat(
            CWD,
            path,
            FileType::Socket,
            0o600.into(),
            0,
        )?),
        "bind-unix" => UnixListener::bind(path).map(drop),
        "unix-pair" => Ok(rustix::net::socketpair(
            AddressFamily::UNIX,
            if first == "dgram" {
                SocketType::DGRAM
            } else {
                SocketType::STREAM
            },
            rustix::net::SocketFlags::empty(),
            None,
        )
        .map(drop)?),
        "mkchar" => Ok(rustix::fs::mknodat(
            CWD,
            path,
            FileType::CharacterDevice,
            0o600.into(),
            rustix::fs::makedev(1, 3),
        )?),
        "unlink" => fs::remove_file(path),
        "rmdir" => fs::remove_dir(path),
        "rename" => fs::rename(path, second),
        "link" => fs::hard_link(path, second),
        "execute" => Err(Command::new(path).args(["probe", "stat", "/"]).exec()),
        "ioctl" => device_ioctl(path),
        "chmod" => Ok(rustix::fs::chmod(path, 0o640.into())?),
        "chown" => Ok(rustix::fs::chown(
            path,
            Some(rustix::process::geteuid()),
            None,
        )?),
        "utime" => set_times(path),
        "setxattr" => Ok(rustix::fs::setxattr(
            path,
            "user.ringfence",
            b"x",
            XattrFlags::empty(),
        )?),
        "stat" => fs::metadata(path).map(drop),
        "mount" => {
            rustix::mount::mount("none", path, "tmpfs", MountFlags::empty(), None)?;
            // What succeeds natively must not stay on the machine.
            Ok(rustix::mount::unmount(path, UnmountFlags::DETACH)?)
        }
        "connect-unix" => UnixStream::connect(path).map(drop),
        "connect-abstract" => {
            UnixStream::connect_addr(&UnixAddr::from_abstract_name(text(first)?)?).map(drop)
        }
        "connect-tcp" => TcpStream::connect(loopback(first)?).map(drop),
        "bind-tcp" => TcpListener::bind(loopback(first)?).map(drop),
        // Lets the kernel bind, as a resolver does.
        "send-udp-unbound" => send_unbound(loopback(first)?),
        "connect-udp" => {
            let socket = rustix::net::socket(AddressFamily::INET, SocketType::DGRAM, None)?;
            Ok(rustix::net::connect(&socket, &loopback(first)?)?)
        }
        "bind-udp" => UdpSocket::bind(loopback(first)?).map(drop),
        "fast-open" => {
            let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
            let flags = SendFlags::from_bits_retain(MSG_FASTOPEN);
            Ok(rustix::net::sendto(&socket, b"x", flags, &loopback(first)?).map(drop)?)
        }
        "listen-unbound" => {
            let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
            Ok(rustix::net::listen(&socket, 1)?)
        }
        "connect-mptcp" => {
            let socket = stream(Some(ipproto::MPTCP))?;
            Ok(rustix::net::connect(&socket, &loopback(first)?)?)
        }
        "netlink" => {
            let (family, kind) = (AddressFamily::NETLINK, SocketType::RAW);
            Ok(rustix::net::socket(family, kind, None).map(drop)?)
        }
        "raw-socket" => {
            let (family, kind) = (AddressFamily::INET, SocketType::RAW);
            Ok(rustix::net::socket(family, kind, Some(ipproto::ICMP)).map(drop)?)
        }
        // What the kernel loads modules for, by the name of an interface.
        "load-modules" => {
            let held = rustix::thread::capabilities(None)?.permitted;
            if held.contains(rustix::thread::CapabilitySet::SYS_MODULE) {
                Ok(())
            } else {
                Err(rustix::io::Errno::PERM.into())
            }
        }
        "trace-me" => Ok(nix::sys::ptrace::traceme()?),
        "signal" => Ok(rustix::process::kill_process(pid(first)?, Signal::USR1)?),
        "limit" => Ok(rustix::process::prlimit(
            Some(pid(first)?),
            Resource::Core,
            Rlimit {
                current: Some(0),
                maximum: Some(0),
            },
        )
        .map(drop)?),
        "slow" => Ok(rustix::process::setpriority_process(Some(pid(first)?), 1)?),
        "watch" => {
            let watcher = rustix::fs::inotify::init(CreateFlags::empty())?;
            Ok(rustix::fs::inotify::add_watch(&watcher, path, WatchFlags::CREATE).map(drop)?)
        }
        // Reads another process's memory: the kernel asks what it asks of ptrace's attach.
        "trace" => File::open(format!("/proc/{}/mem", text(first)?)).map(drop),
        "ptrace" => Ok(nix::sys::ptrace::attach(nix::unistd::Pid::from_raw(
            number(first)?,
        ))?),
        "open-queue" => Ok(nix::mqueue::mq_open(
            text(first)?,
            nix::mqueue::MQ_OFlag::O_RDONLY,
            nix::sys::stat::Mode::empty(),
            None,
        )
        .map(drop)?),
        "unlink-queue" => Ok(nix::mqueue::mq_unlink(text(first)?)?),
        "io-uring" => io_uring::IoUring::new(1).map(drop),
        "user-namespace" => Ok(nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWUSER)?),
        // Waits until the test that started it lets go.
        "sleep" => io::stdin().read_to_end(&mut Vec::new()).map(drop),
        // Whether a set-user-ID bit took effect.
        "be-root" if rustix::process::geteuid().is_root() => Ok(()),
        "be-root" => Err(io::Error::from(rustix::io::Errno::PERM)),
        "descriptor" => fs::symlink_metadata(Path::new("/proc/self/fd").join(first)).map(drop),
        act => within::attempt(act, arguments),
    }
}

fn text(argument: &OsStr) -> io::Result<&str> {
    argument
        .to_str()
        .ok_or_else(|| io::Error::other("the argument is not text"))
}

fn number<T: std::str::FromStr>(argument: &OsStr) -> io::Result<T> {
    text(argument)?
        .parse()
        .map_err(|_| io::Error::other("the argument is no number"))
}

fn loopback(port: &OsStr) -> io::Result<SocketAddr> {
    Ok((Ipv4Addr::LOCALHOST, number::<u16>(port)?).into())
}

fn pid(argument: &OsStr) -> io::Result<Pid> {
    Pid::from_raw(number(argument)?).ok_or_else(|| io::Error::other("0 is no process"))
}

fn stream(protocol: Option<Protocol>) -> io::Result<rustix::fd::OwnedFd> {
    Ok(rustix::net::socket(
        AddressFamily::INET,
        SocketType::STREAM,
        protocol,
    )?)
}

fn send_unbound(to: SocketAddr) -> io::Result<()> {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::DGRAM, None)?;
    Ok(rustix::net::sendto(&socket, b"x", SendFlags::empty(), &to).map(drop)?)
}

fn device_ioctl(path: &Path) -> io::Result<()> {
    let device = OpenOptions::new().read(true).write(true).open(path)?;
    Ok(rustix::termios::tcgetwinsize(&device).map(drop)?)
}

fn set_times(path: &Path) -> io::Result<()> {
    let epoch = Timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    let times = Timestamps {
        last_access: epoch,
        last_modification: epoch,
    };
    Ok(rustix::fs::utimensat(CWD, path, &times, AtFlags::empty())?)
}

fn descend(arguments: &[OsString]) -> io::Result<u8> {
    let [depth, act @ ..] = arguments else {
        return Err(io::Error::other("descend DEPTH ACT..."));
    };
    let depth: u32 = number(depth)?;
    let mut child = Command::new(std::env::current_exe()?);
    child.arg("probe");
    if depth > 1 {
        child.args(["descend", &(depth - 1).to_string()]);
    }
    let code = child.args(act).status()?.code();
    Ok(code
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(BROKEN))
}

fn in_namespaces(arguments: &[OsString]) -> io::Result<u8> {
    use nix::sched::CloneFlags;

    let [program, rest @ ..] = arguments else {
        return Err(io::Error::other("in-namespaces COMMAND..."));
    };
    nix::sched::unshare(
        CloneFlags::CLONE_NEWUSER
            | CloneFlags::CLONE_NEWNS
            | CloneFlags::CLONE_NEWIPC
            | CloneFlags::CLONE_NEWNET
            | CloneFlags::CLONE_NEWUTS,
    )?;
    Err(Command::new(program).args(rest).exec())
}

fn with_descriptors(arguments: &[OsString]) -> io::Result<u8> {
    let [limit, program, rest @ ..] = arguments else {
        return Err(io::Error::other("with-descriptors N COMMAND..."));
    };
    // Other tests of this process may have let inheritable ones through.
    ringfence_sys::close_on_exec_above_stderr(&[])?;
    let limit = Some(number::<u64>(limit)?);
    rustix::process::setrlimit(
        Resource::Nofile,
        Rlimit {
            current: limit,
            maximum: limit,
        },
    )?;
    Err(Command::new(program).args(rest).exec())
}
