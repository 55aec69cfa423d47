//! What every thread tries, and how it must end.

use std::net::{Ipv4Addr, SocketAddrV4};

use ringfence::{Abi, Kernel};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketType};

use crate::scene::Scene;

/// A denied and an allowed file, what the filter denies, an allowed and a denied port.
pub type Attempts = [Result<(), Errno>; 5];

/// How all ends before.
pub const FREE: Attempts = [Ok(()); 5];

/// How all ends in the sandbox.
pub fn restricted() -> Attempts {
    let port = if Kernel::probe().abi() < Abi::new(4) {
        Ok(())
    } else {
        Err(Errno::ACCESS)
    };
    [
        Err(Errno::ACCESS),
        Ok(()),
        Err(Errno::AFNOSUPPORT),
        Ok(()),
        port,
    ]
}

/// Tries all of it in the calling thread. Says what the kernel said, a call that a signal
/// interrupted being tried again.
pub fn attempts(scene: &Scene) -> Attempts {
    let again = |act: &dyn Fn() -> Result<(), Errno>| rustix::io::retry_on_intr(act);
    let read = |path| move || rustix::fs::open(&path, OFlags::RDONLY, Mode::empty()).map(drop);
    let netlink = || rustix::net::socket(AddressFamily::NETLINK, SocketType::RAW, None).map(drop);
    let connect = |port| {
        move || {
            let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
            rustix::net::connect(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, port))
        }
    };
    [
        again(&read(scene.outside())),
        again(&read(scene.inside())),
        again(&netlink),
        again(&connect(scene.open_port)),
        again(&connect(scene.closed_port)),
    ]
}

/// Whether the calling thread can read what the sandbox does not allow.
pub fn is_free(scene: &Scene) -> bool {
    let [outside, ..] = attempts(scene);
    outside.is_ok()
}
