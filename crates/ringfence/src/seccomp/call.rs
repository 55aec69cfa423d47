//! System calls by name.

use std::fmt;
use std::str::FromStr;

use super::arch::Arch;
use super::table::{NONE, TABLE};

/// A system call of Linux, by its name. Not every architecture has each.
///
/// ```
/// use ringfence::{Arch, Syscall};
///
/// let call: Syscall = "openat2".parse()?;
/// assert_eq!(call, Syscall::OPENAT2);
/// assert_eq!(Syscall::OPEN.number(Arch::X86_64), Some(2));
/// assert_eq!(Syscall::OPEN.number(Arch::Aarch64), None);
/// # Ok::<(), ringfence::UnknownSyscall>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Syscall(pub(super) u16);

impl Syscall {
    /// How many there are.
    pub(crate) const COUNT: usize = TABLE.len();

    /// Every call that is known here, in the order of names.
    pub fn all() -> impl DoubleEndedIterator<Item = Self> + ExactSizeIterator {
        #[expect(clippy::cast_possible_truncation, reason = "there are some 400")]
        (0..TABLE.len() as u16).map(Self)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        TABLE[self.index()].0
    }

    /// Its number, if the architecture has it.
    pub fn number(self, arch: Arch) -> Option<u32> {
        match TABLE[self.index()].1[arch.column()] {
            NONE => None,
            number => Some(number.into()),
        }
    }

    /// Its place among [`Self::all`].
    pub(crate) fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Debug for Syscall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Syscall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Syscall {
    type Err = UnknownSyscall;

    fn from_str(name: &str) -> Result<Self, UnknownSyscall> {
        match TABLE.binary_search_by_key(&name, |(known, _)| known) {
            #[expect(clippy::cast_possible_truncation, reason = "there are some 400")]
            Ok(index) => Ok(Self(index as u16)),
            Err(_) => Err(UnknownSyscall {
                name: name.to_owned(),
            }),
        }
    }
}

/// A name that is neither a system call's nor a group's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {} `{name}`{}", kind(name), proposal(name))]
pub struct UnknownSyscall {
    /// What was written.
    pub name: String,
}

fn is_group(name: &str) -> bool {
    name.starts_with('@')
}

fn kind(name: &str) -> &'static str {
    if is_group(name) {
        "group of system calls"
    } else {
        "system call"
    }
}

fn proposal(name: &str) -> String {
    let groups = || super::groups::GROUPS.iter().map(|group| group.name);
    let names = Syscall::all().map(Syscall::name).chain(groups());
    match crate::similar::closest(name, names) {
        Some(similar) => format!("; did you mean `{similar}`?"),
        None if is_group(name) => {
            let groups: Vec<_> = groups().collect();
            format!("; the groups are {}", groups.join(", "))
        }
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_constant_is_the_call_of_its_name() {
        for (call, name) in [
            (Syscall::ACCEPT, "accept"),
            (Syscall::SYSCTL, "_sysctl"),
            (Syscall::IO_URING_SETUP, "io_uring_setup"),
            (Syscall::WRITEV, "writev"),
        ] {
            assert_eq!(call.name(), name);
            assert_eq!(name.parse(), Ok(call));
        }
        assert!(TABLE.is_sorted_by_key(|(name, _)| name));
    }

    #[test]
    fn a_misspelt_name_gets_a_proposal() {
        let error = "ptarce".parse::<Syscall>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown system call `ptarce`; did you mean `ptrace`?"
        );
        let group = "@no-such".parse::<Syscall>().unwrap_err().to_string();
        assert!(
            group.starts_with("unknown group of system calls `@no-such`; the groups are @aio, "),
            "{group}"
        );
    }
}
