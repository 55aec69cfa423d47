//! What a program inside a container can do: the test itself, started there.

use std::fs::{OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;

use nix::fcntl::OFlag;
use nix::mqueue::{MQ_OFlag, mq_open};
use nix::sched::{CloneFlags, unshare};
use nix::sys::ptrace;
use nix::sys::stat::Mode;
use rustix::net::{AddressFamily, SocketType, socket};

/// The argument that makes the test a probe.
pub const FLAG: &str = "--probe";

/// Tries some acts, and prints a line for each: its name, and 0 or the error's number.
pub fn main() {
    let acts: [(&str, fn() -> Result<(), i32>); 8] = [
        ("openat", || number(std::fs::read("/probe-file").map(drop))),
        ("fork", || {
            number(
                std::process::Command::new("/no-such-file")
                    .spawn()
                    .map(drop),
            )
        }),
        ("ptrace", || ptrace::traceme().map_err(|error| error as i32)),
        ("unshare", || {
            unshare(CloneFlags::CLONE_FS).map_err(|error| error as i32)
        }),
        ("unshare-user", || {
            unshare(CloneFlags::CLONE_NEWUSER).map_err(|error| error as i32)
        }),
        ("netlink", || {
            socket(AddressFamily::NETLINK, SocketType::RAW, None)
                .map(drop)
                .map_err(rustix::io::Errno::raw_os_error)
        }),
        ("io_uring", || number(io_uring::IoUring::new(2).map(drop))),
        ("chmod", || {
            number(std::fs::set_permissions(
                "/probe-file",
                Permissions::from_mode(0o640),
            ))
        }),
    ];
    for (name, act) in acts {
        println!("{name} {}", act().err().unwrap_or_default());
    }
    let _ = (
        mq_open::<str>,
        MQ_OFlag::O_CREAT,
        Mode::empty(),
        OFlag::empty(),
        OpenOptions::new(),
    );
}

fn number(result: io::Result<()>) -> Result<(), i32> {
    result.map_err(|error| error.raw_os_error().unwrap_or(-1))
}
