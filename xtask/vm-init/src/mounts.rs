//! The file systems that programs expect.

use std::ffi::CStr;
use std::fs;

use rustix::io::Errno;
use rustix::mount::{MountFlags, mount};

struct FileSystem {
    kind: &'static str,
    at: &'static str,
    options: Option<&'static CStr>,
    /// Kernels differ in what they have built in; tests that need these are skipped without.
    optional: bool,
}

const fn required(
    kind: &'static str,
    at: &'static str,
    options: Option<&'static CStr>,
) -> FileSystem {
    FileSystem {
        kind,
        at,
        options,
        optional: false,
    }
}

const fn optional(kind: &'static str, at: &'static str) -> FileSystem {
    FileSystem {
        kind,
        at,
        options: None,
        optional: true,
    }
}

const FILE_SYSTEMS: [FileSystem; 8] = [
    required("proc", "/proc", None),
    required("sysfs", "/sys", None),
    required("devtmpfs", "/dev", None),
    required("devpts", "/dev/pts", Some(c"ptmxmode=666")),
    required("tmpfs", "/dev/shm", Some(c"mode=1777")),
    required("tmpfs", "/tmp", Some(c"mode=1777")),
    optional("securityfs", "/sys/kernel/security"),
    optional("cgroup2", "/sys/fs/cgroup"),
];

pub fn prepare() -> Result<(), String> {
    FILE_SYSTEMS.iter().try_for_each(FileSystem::mount)
}

impl FileSystem {
    fn mount(&self) -> Result<(), String> {
        // Below sysfs the kernel makes the mount points; where it did not, the mount tells.
        let _ = fs::create_dir_all(self.at);
        match mount(
            self.kind,
            self.at,
            self.kind,
            MountFlags::empty(),
            self.options,
        ) {
            // Some kernels mount devtmpfs by themselves.
            Ok(()) | Err(Errno::BUSY) => Ok(()),
            Err(_) if self.optional => Ok(()),
            Err(error) => Err(format!(
                "{} could not be mounted on {}: {error}",
                self.kind, self.at
            )),
        }
    }
}
