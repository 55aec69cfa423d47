//! The acts, done for real in a process of their own, which answers by its exit code alone: 0, or
//! the error's number. A sandbox may deny it even to write.

use std::fs::{File, OpenOptions};
use std::io;
use std::net::SocketAddr;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::{SocketAddr as UnixAddr, UnixStream};
use std::path::Path;

use nix::sched::CloneFlags;
use ringfence::{Action, Arch, Filter, Syscall, Verdict};
use ringfence_sys::CStrings;
use ringfence_sys::seccomp::{Threads, install_filter};
use rustix::fs::{CWD, FileType, Mode, OFlags, inotify};
use rustix::io::Errno;
use rustix::mount::MountFlags;
use rustix::net::{AddressFamily, SendFlags, SocketType, ipproto};
use rustix::process::{Pid, Resource};

/// Answers above the numbers of errors: the probe's own trouble.
pub(super) const POLICY: u8 = 201;
pub(super) const ENFORCE: u8 = 202;
pub(super) const UNKNOWN: u8 = 203;

/// Does an act, and says how it went.
pub(super) fn perform(words: &[String]) -> u8 {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match attempt(&words) {
        None => UNKNOWN,
        Some(Ok(())) => 0,
        Some(Err(error)) => match error.raw_os_error() {
            Some(number) => u8::try_from(number).unwrap_or(UNKNOWN),
            None => UNKNOWN,
        },
    }
}

fn attempt(words: &[&str]) -> Option<io::Result<()>> {
    Some(match *words {
        ["read", path] if Path::new(path).is_dir() => std::fs::read_dir(path).map(drop),
        ["read", path] => open(path, OpenOptions::new().read(true)).map(drop),
        ["write", path] => open(path, OpenOptions::new().write(true)).map(drop),
        ["create", path] => File::create_new(path).map(drop),
        ["remove", path] => std::fs::remove_file(path),
        ["rename", from, to] => std::fs::rename(from, to),
        ["ioctl", path] => ioctl(path),
        ["make-device", path] => {
            let null = rustix::fs::makedev(1, 3);
            let mode = Mode::RUSR;
            let device = rustix::fs::mknodat(CWD, path, FileType::CharacterDevice, mode, null);
            device.map_err(io::Error::from)
        }
        ["connect-unix", path] => UnixStream::connect(path).map(drop),
        ["abstract-unix", name] => UnixAddr::from_abstract_name(name)
            .and_then(|to| UnixStream::connect_addr(&to).map(drop)),
        ["metadata", path] => rustix::fs::chmod(path, Mode::RUSR).map_err(io::Error::from),
        ["execute", path] => execute(path),
        ["syscall", name] => by_name(name.parse().ok()?),
        [act, address] => return address.parse().ok().and_then(|at| network(act, at)),
        [class] => return by_class(class),
        _ => return None,
    })
}

/// Opens without waiting for the other end of a pipe.
fn open(path: &str, options: &mut OpenOptions) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    options.custom_flags(flags.bits().cast_signed()).open(path)
}

/// Asks a device for something that only terminals know. An answer of the driver, whatever it is,
/// has got past the sandbox.
fn ioctl(path: &str) -> io::Result<()> {
    let device = open(path, OpenOptions::new().read(true))
        .or_else(|_| open(path, OpenOptions::new().write(true)))?;
    passed(
        rustix::termios::tcgetattr(device).map(drop),
        &[Errno::NOTTY],
    )
}

/// Executes a program and has it killed at its first system call that does more than ask for memory. An
/// error without a number tells that it came not so far.
fn execute(path: &str) -> io::Result<()> {
    let unready = || io::Error::other("not ready");
    let program = std::ffi::CString::new(path).map_err(|_| unready())?;
    let arguments: CStrings = [program.clone()].into_iter().collect();
    // Where it is denied, this process gives back memory before it ends: that must not look like a
    // program that was executed.
    let allowed = ["execve", "exit_group", "brk", "munmap", "madvise"];
    let filter = Filter::new(|call| {
        Verdict::Always(if allowed.contains(&call.name()) {
            Action::Allow
        } else {
            Action::Kill
        })
    });
    let filter = Arch::NATIVE
        .and_then(|arch| filter.compile(arch).ok())
        .ok_or_else(unready)?;
    let none = rustix::process::Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // SIGSYS leaves a core otherwise; one more or less proves nothing.
    let _ = rustix::process::setrlimit(Resource::Core, none);
    rustix::thread::set_no_new_privs(true).map_err(|_| unready())?;
    install_filter(filter.instructions(), Threads::Calling).map_err(|_| unready())?;
    match ringfence_sys::execve(&program, &arguments, None) {
        Ok(never) => match never {},
        Err(error) => Err(error),
    }
}

fn network(act: &str, at: SocketAddr) -> Option<io::Result<()>> {
    let family = match at {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let kind = match act {
        "connect-tcp" | "bind-tcp" | "tcp-fast-open" => SocketType::STREAM,
        "connect-udp" | "bind-udp" => SocketType::DGRAM,
        _ => return None,
    };
    let socket = match rustix::net::socket(family, kind, None) {
        Ok(socket) => socket,
        Err(error) => return Some(Err(error.into())),
    };
    // What the kernel says once it has looked for the port is no denial.
    let done = match act {
        "connect-tcp" | "connect-udp" => rustix::net::connect(&socket, &at),
        "tcp-fast-open" => {
            // MSG_FASTOPEN
            let flags = SendFlags::from_bits_retain(0x2000_0000);
            rustix::net::sendto(&socket, b"x", flags, &at).map(drop)
        }
        _ => rustix::net::bind(&socket, &at),
    };
    let also: &[Errno] = match act {
        "bind-tcp" | "bind-udp" => &[Errno::ADDRINUSE],
        _ => &[
            Errno::CONNREFUSED,
            Errno::HOSTUNREACH,
            Errno::NETUNREACH,
            Errno::TIMEDOUT,
        ],
    };
    Some(passed(done, also))
}

/// Makes a call without any argument that means something.
fn by_name(call: Syscall) -> io::Result<()> {
    let number = Arch::NATIVE.and_then(|arch| call.number(arch));
    let number = number.ok_or_else(|| io::Error::from(Errno::NOSYS))?;
    ringfence_sys::attempt(number)
}

fn by_class(class: &str) -> Option<io::Result<()>> {
    let parent = || rustix::process::getppid().ok_or(Errno::SRCH);
    let socket = |family, kind, protocol| rustix::net::socket(family, kind, protocol).map(drop);
    let done = match class {
        "signal" => parent().and_then(rustix::process::test_kill_process),
        "ptrace" => parent().and_then(seize),
        "debug" => nix::sys::ptrace::traceme().map_err(of_nix),
        "netlink" => socket(AddressFamily::NETLINK, SocketType::RAW, None),
        "other-sockets" => socket(AddressFamily::INET, SocketType::RAW, Some(ipproto::ICMP))
            .or_else(|_| socket(AddressFamily::VSOCK, SocketType::STREAM, None)),
        "other-streams" => socket(
            AddressFamily::INET,
            SocketType::STREAM,
            Some(ipproto::MPTCP),
        )
        .or_else(|_| socket(AddressFamily::INET, SocketType::STREAM, Some(ipproto::SCTP))),
        "listen-unbound" => rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None)
            .and_then(|socket| rustix::net::listen(socket, 1)),
        "namespaces" => nix::sched::unshare(CloneFlags::CLONE_NEWUSER)
            .or_else(|_| nix::sched::unshare(CloneFlags::CLONE_NEWUTS))
            .map_err(of_nix),
        "notifications" => inotify::init(inotify::CreateFlags::empty()).and_then(|watch| {
            inotify::add_watch(watch, "/", inotify::WatchFlags::ATTRIB).map(drop)
        }),
        // It looks at its arguments once it is let in.
        "io-uring" => {
            return Some(by_name(Syscall::IO_URING_SETUP).or_else(|error| {
                match error.raw_os_error().map(Errno::from_raw_os_error) {
                    Some(Errno::FAULT | Errno::INVAL) => Ok(()),
                    _ => Err(error),
                }
            }));
        }
        // The kernel looks for the file system last.
        "mount" => {
            let flags = MountFlags::empty();
            let mounted = rustix::mount::mount("none", "/", "ringfence-none", flags, None);
            return Some(passed(mounted, &[Errno::NODEV]));
        }
        "shared-ipc" => {
            let removed = nix::mqueue::mq_unlink("/ringfence-none").map_err(of_nix);
            return Some(passed(removed, &[Errno::NOENT]));
        }
        "stat" => return Some(std::fs::metadata("/").map(drop)),
        "other-processes" => parent().and_then(|parent| {
            let limit = rustix::process::getrlimit(Resource::Core);
            rustix::process::prlimit(Some(parent), Resource::Core, limit).map(drop)
        }),
        "scheduling" => parent().and_then(|parent| {
            let nice = rustix::process::getpriority_process(Some(parent))?;
            rustix::process::setpriority_process(Some(parent), nice)
        }),
        _ => return None,
    };
    Some(done.map_err(io::Error::from))
}

/// Traces without stopping; it ends with this process.
fn seize(process: Pid) -> Result<(), Errno> {
    let process = nix::unistd::Pid::from_raw(process.as_raw_nonzero().get());
    nix::sys::ptrace::seize(process, nix::sys::ptrace::Options::empty()).map_err(of_nix)
}

fn of_nix(error: nix::errno::Errno) -> Errno {
    Errno::from_raw_os_error(error as i32)
}

/// Takes errors that the kernel gives only behind its checks for success.
fn passed(done: Result<(), Errno>, also: &[Errno]) -> io::Result<()> {
    match done {
        Err(error) if !also.contains(&error) => Err(error.into()),
        _ => Ok(()),
    }
}
