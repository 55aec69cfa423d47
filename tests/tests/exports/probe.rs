//! What a program inside a container can do: the test itself, started there.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;

use nix::errno::Errno;
use nix::sched::{CloneFlags, unshare};
use nix::sys::ptrace;
use rustix::net::{AddressFamily, SocketType, socket};

/// The argument that makes the test a probe.
pub const FLAG: &str = "--probe";

/// A file that belongs to the probe.
pub const FILE: &str = "/probe-file";

type Act = fn() -> io::Result<()>;

/// Tries some acts, and prints a line for each: its name, and 0 or the error's number.
pub fn main() {
    let acts: [(&str, Act); 8] = [
        ("read", || std::fs::read(FILE).map(drop)),
        ("write", || std::fs::write(FILE, "written")),
        ("unshare", || Ok(unshare(CloneFlags::CLONE_FS)?)),
        ("unshare-user", || Ok(unshare(CloneFlags::CLONE_NEWUSER)?)),
        ("netlink", || {
            Ok(socket(AddressFamily::NETLINK, SocketType::RAW, None).map(drop)?)
        }),
        ("io_uring", || io_uring::IoUring::new(2).map(drop)),
        ("chmod", || {
            std::fs::set_permissions(FILE, Permissions::from_mode(0o640))
        }),
        ("ptrace", || Ok(ptrace::traceme()?)),
    ];
    for (name, act) in acts {
        let error = act().err().map(|error| error.raw_os_error().unwrap_or(-1));
        println!("{name} {}", error.unwrap_or_default());
    }
}

/// What the probe prints where these acts fail and all others succeed.
pub fn expected(denied: &[(&str, Errno)]) -> String {
    const ACTS: [&str; 8] = [
        "read",
        "write",
        "unshare",
        "unshare-user",
        "netlink",
        "io_uring",
        "chmod",
        "ptrace",
    ];
    let error = |act| {
        denied
            .iter()
            .find(|(denied, _)| *denied == act)
            .map_or(0, |(_, error)| *error as i32)
    };
    ACTS.map(|act| format!("{act} {}\n", error(act))).concat()
}
