//! What holds for this process already, and what can be known of another.

use std::io;

use rustix::thread::SecureComputingMode;

/// Why nothing is said of another process's domain.
const FROM_OUTSIDE: &str = "cannot be known from outside: the kernel shows no process's Landlock \
                            domain to another";

/// By what a process is restricted.
///
/// ```
/// use ringfence::Status;
///
/// let status = Status::own();
/// println!("{:?} layers, no_new_privs {}", status.landlock_layers, status.no_new_privs);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Status {
    /// Which process.
    pub pid: u32,
    /// The number of Landlock layers; none where it cannot be known, which `landlock_note` tells.
    pub landlock_layers: Option<u32>,
    /// Why the layers are not known.
    pub landlock_note: Option<String>,
    /// Whether programs that it executes gain no privilege.
    pub no_new_privs: bool,
    /// What seccomp does: 0 nothing, 1 strict (four calls pass), 2 filter.
    pub seccomp_mode: u32,
    /// The number of filters; from Linux 5.9 on.
    pub seccomp_filters: Option<u32>,
}

impl Status {
    /// This process, or with several threads the calling one: by system calls, which answer in every
    /// sandbox. Counting layers forks ([`crate::layers`]).
    pub fn own() -> Self {
        let (landlock_layers, landlock_note) = match crate::layers() {
            Ok(layers) => (Some(layers), None),
            Err(error) => (None, Some(format!("cannot be counted: {error}"))),
        };
        Self {
            pid: std::process::id(),
            landlock_layers,
            landlock_note,
            no_new_privs: rustix::thread::no_new_privs().unwrap_or(false),
            seccomp_mode: Self::own_seccomp_mode(),
            seccomp_filters: read("thread-self")
                .ok()
                .and_then(|status| field(&status, "Seccomp_filters")),
        }
    }

    /// What seccomp does to the calling thread, as [`Status::seccomp_mode`].
    pub fn own_seccomp_mode() -> u32 {
        match rustix::thread::secure_computing_mode() {
            Ok(SecureComputingMode::Filter) => 2,
            Ok(SecureComputingMode::Strict) => 1,
            _ => 0,
        }
    }

    /// Another process: what /proc shows of it.
    ///
    /// # Errors
    /// There is no such process, /proc is not mounted, or a sandbox denies it.
    pub fn of(pid: u32) -> io::Result<Self> {
        let status = read(&pid.to_string())?;
        Ok(Self {
            pid,
            landlock_layers: None,
            landlock_note: Some(FROM_OUTSIDE.to_owned()),
            no_new_privs: field(&status, "NoNewPrivs") == Some(1),
            seccomp_mode: field(&status, "Seccomp").unwrap_or(0),
            seccomp_filters: field(&status, "Seccomp_filters"),
        })
    }
}

fn read(process: &str) -> io::Result<String> {
    let bytes = std::fs::read(format!("/proc/{process}/status"))?;
    // The name of the process may be any bytes; the fields that we read are digits.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn field(status: &str, name: &str) -> Option<u32> {
    status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?
        .trim()
        .parse()
        .ok()
}
