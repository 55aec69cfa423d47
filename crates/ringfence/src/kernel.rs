//! What a kernel can do: plain data, probed from the running one or made by hand.

use std::fmt;
use std::io;

use bitflags::bitflags;
use ringfence_sys::{SeccompAction, landlock, seccomp_action_available};
use rustix::io::Errno;

/// A version of Landlock's interface, 0 (none) to [`Abi::NEWEST`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Abi(u8);

/// The kernel that first had each ABI, by its number.
const FIRST_KERNELS: [&str; 12] = [
    "", "5.13", "5.19", "6.2", "6.7", "6.10", "6.12", "6.15", "7.0", "7.1", "7.2", "7.3",
];

impl Abi {
    /// No Landlock.
    pub const NONE: Self = Self(0);
    /// The newest ABI that this version of ringfence knows.
    pub const NEWEST: Self = Self(11);

    /// The first ABI whose denials the kernel records, if audit is on.
    pub const RECORDS: Self = Self(7);

    /// The ABI with this number; one newer than [`Abi::NEWEST`] is used as the newest.
    pub const fn new(number: u32) -> Self {
        if number > Self::NEWEST.0 as u32 {
            Self::NEWEST
        } else {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "compared with the newest above"
            )]
            Self(number as u8)
        }
    }

    /// The number as the kernel returns it.
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Every ABI, from none to the newest.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> {
        (0..=Self::NEWEST.0).map(Self)
    }

    /// The first Linux release with this ABI; empty for [`Abi::NONE`].
    pub fn first_kernel(self) -> &'static str {
        FIRST_KERNELS[usize::from(self.0)]
    }
}

impl fmt::Display for Abi {
    /// For example `ABI 4 (Linux 6.7)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("no Landlock"),
            number => write!(f, "ABI {number} (Linux {})", self.first_kernel()),
        }
    }
}

bitflags! {
    /// Faults of Landlock that a kernel has fixed (`include/uapi/linux/landlock.h` and
    /// `security/landlock/errata/`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Errata: u32 {
        /// The TCP rights govern TCP sockets only. MPTCP, SMC and SCTP, which were refused by
        /// mistake, pass since.
        const TCP_ONLY = 1 << 0;
        /// Threads of one process may signal each other across domains.
        const THREAD_SIGNALS = 1 << 1;
        /// Rights no longer widen by renaming or linking in a disconnected directory.
        const DISCONNECTED_DIRECTORIES = 1 << 2;
        /// Whiteouts are asked `MAKE_REG` instead of `MAKE_CHAR`.
        const WHITEOUTS = 1 << 3;
    }
}

impl Errata {
    /// Each fault that is fixed, in a few words.
    pub fn descriptions(self) -> impl Iterator<Item = &'static str> {
        [
            (Self::TCP_ONLY, "TCP rights govern TCP alone"),
            (Self::THREAD_SIGNALS, "signals between own threads pass"),
            (
                Self::DISCONNECTED_DIRECTORIES,
                "disconnected directories widen no right",
            ),
            (Self::WHITEOUTS, "whiteouts need MAKE_REG"),
        ]
        .into_iter()
        .filter_map(move |(bit, text)| self.contains(bit).then_some(text))
    }
}

/// Whether a kernel offers Landlock, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Availability {
    /// It does.
    Available,
    /// It was not built in, or an outer seccomp filter says so (`ENOSYS`).
    NotBuilt,
    /// It was built in and is disabled at boot (`EOPNOTSUPP`).
    DisabledAtBoot,
    /// The question itself was refused with this `errno`: an outer seccomp filter.
    Blocked(i32),
}

impl fmt::Display for Availability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Available => f.write_str("available"),
            Self::NotBuilt => f.write_str(
                "not built into this kernel (it needs Linux 5.13 with CONFIG_SECURITY_LANDLOCK, \
                 and no outer seccomp filter that hides it)",
            ),
            Self::DisabledAtBoot => f.write_str(
                "built into this kernel but disabled at boot (add `landlock` to the `lsm=` list \
                 of the kernel's command line)",
            ),
            Self::Blocked(errno) => write!(
                f,
                "blocked by an outer seccomp filter ({}); allow the landlock_* system calls there",
                io::Error::from_raw_os_error(*errno)
            ),
        }
    }
}

/// What the kernel's seccomp can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Seccomp {
    /// Filters may be installed.
    pub filter: bool,
    /// A filter may kill the whole process (Linux 4.14).
    pub kill_process: bool,
    /// A filter may ask a supervisor (Linux 5.0).
    pub user_notification: bool,
}

/// A kernel as a policy sees it.
///
/// [`Kernel::probe`] asks the running one; [`Kernel::with_abi`] makes any other, so that a plan
/// can be seen and tested for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel {
    probed: bool,
    availability: Availability,
    reported_abi: u32,
    errata: Option<Errata>,
    seccomp: Seccomp,
}

impl Kernel {
    /// Asks the running kernel: five system calls at most.
    pub fn probe() -> Self {
        Self {
            errata: landlock::errata().ok().map(Errata::from_bits_retain),
            seccomp: Seccomp {
                filter: seccomp_action_available(SeccompAction::Errno),
                kill_process: seccomp_action_available(SeccompAction::KillProcess),
                user_notification: seccomp_action_available(SeccompAction::UserNotification),
            },
            ..Self::probe_abi()
        }
    }

    /// Asks the running kernel for the ABI alone, in one system call: what enforcing needs. Errata
    /// stay unknown, and seccomp is assumed to be whole.
    pub fn probe_abi() -> Self {
        let kernel = match landlock::abi() {
            Ok(reported_abi) => Self {
                errata: None,
                ..Self::with_abi(reported_abi)
            },
            Err(error) => Self::without_landlock(match error.raw_os_error() {
                Some(errno) if errno == Errno::NOSYS.raw_os_error() => Availability::NotBuilt,
                Some(errno) if errno == Errno::OPNOTSUPP.raw_os_error() => {
                    Availability::DisabledAtBoot
                }
                errno => Availability::Blocked(errno.unwrap_or_default()),
            }),
        };
        Self {
            probed: true,
            ..kernel
        }
    }

    /// A kernel with this ABI (0: not built), every known fault fixed and all of seccomp.
    ///
    /// Every fault fixed is the careful reading: one fix lets MPTCP, SMC and SCTP pass.
    ///
    /// ```
    /// use ringfence::{Abi, Kernel};
    ///
    /// assert_eq!(Kernel::with_abi(4).abi().first_kernel(), "6.7");
    /// assert_eq!(Kernel::with_abi(99).abi(), Abi::NEWEST);
    /// ```
    pub const fn with_abi(number: u32) -> Self {
        if number == 0 {
            return Self::without_landlock(Availability::NotBuilt);
        }
        Self {
            probed: false,
            availability: Availability::Available,
            reported_abi: number,
            errata: Some(Errata::all()),
            seccomp: Seccomp {
                filter: true,
                kill_process: true,
                user_notification: true,
            },
        }
    }

    /// A kernel without Landlock, for this reason.
    pub const fn without_landlock(availability: Availability) -> Self {
        Self {
            probed: false,
            availability,
            reported_abi: 0,
            errata: None,
            seccomp: Seccomp {
                filter: true,
                kill_process: true,
                user_notification: true,
            },
        }
    }

    /// The same kernel with just these faults fixed.
    #[must_use]
    pub const fn with_errata(self, errata: Errata) -> Self {
        Self {
            errata: Some(errata),
            ..self
        }
    }

    /// The same kernel without filters of system calls.
    #[must_use]
    pub const fn without_filters(self) -> Self {
        Self {
            seccomp: Seccomp {
                filter: false,
                ..self.seccomp
            },
            ..self
        }
    }

    /// Whether this is what the running kernel said, and not made by hand.
    pub const fn is_probed(&self) -> bool {
        self.probed
    }

    /// The ABI in use: the kernel's, or the newest known where the kernel's is newer.
    pub const fn abi(&self) -> Abi {
        Abi::new(self.reported_abi)
    }

    /// The ABI as the kernel reports it, which may be newer than [`Abi::NEWEST`].
    pub const fn reported_abi(&self) -> u32 {
        self.reported_abi
    }

    /// Whether Landlock is there, and if not, why.
    pub const fn availability(&self) -> Availability {
        self.availability
    }

    /// The faults that this kernel has fixed; none if it does not tell (before 6.15 and the stable
    /// updates that brought the question).
    pub const fn errata(&self) -> Option<Errata> {
        self.errata
    }

    /// What seccomp can do. [`Kernel::probe_abi`] does not ask and assumes all of it.
    pub const fn seccomp(&self) -> Seccomp {
        self.seccomp
    }
}

impl fmt::Display for Kernel {
    /// One phrase: `Landlock ABI 7`, and what is unusual about it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.availability {
            Availability::Available => write!(f, "Landlock ABI {}", self.abi().number())?,
            why => return write!(f, "Landlock is {why}"),
        }
        if self.reported_abi > u32::from(self.abi().number()) {
            write!(
                f,
                ", the newest known here; the kernel has ABI {}",
                self.reported_abi
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_abi_is_used_as_the_newest_known_and_said() {
        let kernel = Kernel::with_abi(23);
        assert_eq!(kernel.abi(), Abi::NEWEST);
        assert_eq!(
            kernel.to_string(),
            "Landlock ABI 11, the newest known here; the kernel has ABI 23"
        );
    }

    #[test]
    fn not_built_and_disabled_are_told_apart() {
        let not_built = Kernel::with_abi(0);
        let disabled = Kernel::without_landlock(Availability::DisabledAtBoot);
        assert_eq!(not_built.abi(), Abi::NONE);
        assert_eq!(disabled.abi(), Abi::NONE);
        assert!(not_built.to_string().contains("not built"));
        assert!(disabled.to_string().contains("disabled at boot"));
    }
}
