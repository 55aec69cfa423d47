//! The words of a policy, and the kernel's access rights behind them.
//!
//! [`WORDS`] is the one table: flags, manifest keys, help and messages take their words from it.

use std::fmt;
use std::str::FromStr;

use bitflags::bitflags;

use crate::kernel::Abi;

bitflags! {
    /// Rights on files and directories, as the kernel numbers them (`LANDLOCK_ACCESS_FS_*`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct AccessFs: u64 {
        /// Execute a file (ABI 1).
        const EXECUTE = 1 << 0;
        /// Open a file for writing (ABI 1).
        const WRITE_FILE = 1 << 1;
        /// Open a file for reading (ABI 1).
        const READ_FILE = 1 << 2;
        /// Open a directory, or list it (ABI 1).
        const READ_DIR = 1 << 3;
        /// Remove an empty directory, or rename one (ABI 1).
        const REMOVE_DIR = 1 << 4;
        /// Unlink a file, or rename one (ABI 1).
        const REMOVE_FILE = 1 << 5;
        /// Create a character device (ABI 1).
        const MAKE_CHAR = 1 << 6;
        /// Create a directory, or rename one into here (ABI 1).
        const MAKE_DIR = 1 << 7;
        /// Create a regular file, or rename or link one into here (ABI 1).
        const MAKE_REG = 1 << 8;
        /// Create a UNIX socket (ABI 1).
        const MAKE_SOCK = 1 << 9;
        /// Create a named pipe (ABI 1).
        const MAKE_FIFO = 1 << 10;
        /// Create a block device (ABI 1).
        const MAKE_BLOCK = 1 << 11;
        /// Create a symbolic link (ABI 1).
        const MAKE_SYM = 1 << 12;
        /// Link or rename to another directory (ABI 2; before it the kernel always denies this).
        const REFER = 1 << 13;
        /// Truncate a file: `truncate`, `ftruncate`, `creat`, `O_TRUNC` (ABI 3).
        const TRUNCATE = 1 << 14;
        /// `ioctl` on a device opened after the restriction (ABI 5).
        const IOCTL_DEV = 1 << 15;
        /// Connect or send to a UNIX socket by its path (ABI 9).
        const RESOLVE_UNIX = 1 << 16;
    }
}

bitflags! {
    /// Rights on ports (`LANDLOCK_ACCESS_NET_*`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct AccessNet: u64 {
        /// Bind a TCP socket (ABI 4).
        const BIND_TCP = 1 << 0;
        /// Connect a TCP socket (ABI 4).
        const CONNECT_TCP = 1 << 1;
        /// Bind a UDP socket, also implicitly by sending (ABI 10).
        const BIND_UDP = 1 << 2;
        /// Connect a UDP socket or send a datagram (ABI 10).
        const CONNECT_SEND_UDP = 1 << 3;
    }
}

bitflags! {
    /// What a domain is cut off from outside of itself (`LANDLOCK_SCOPE_*`).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Scope: u64 {
        /// Connect to abstract UNIX sockets made outside (ABI 6).
        const ABSTRACT_UNIX_SOCKET = 1 << 0;
        /// Send signals to processes outside (ABI 6).
        const SIGNAL = 1 << 1;
    }
}

impl AccessFs {
    /// The rights that mean something on a file that is no directory; the kernel refuses a rule
    /// that gives any other right to one (`EINVAL`).
    pub const OF_FILES: Self = Self::EXECUTE
        .union(Self::WRITE_FILE)
        .union(Self::READ_FILE)
        .union(Self::TRUNCATE)
        .union(Self::IOCTL_DEV)
        .union(Self::RESOLVE_UNIX);

    /// The rights that the kernel asks of the directory an entry is in, not of the entry itself.
    pub const OF_PARENT: Self = Self::REMOVE_DIR
        .union(Self::REMOVE_FILE)
        .union(Self::MAKE_CHAR)
        .union(Self::MAKE_DIR)
        .union(Self::MAKE_REG)
        .union(Self::MAKE_SOCK)
        .union(Self::MAKE_FIFO)
        .union(Self::MAKE_BLOCK)
        .union(Self::MAKE_SYM)
        .union(Self::REFER);

    /// The rights that a kernel of this ABI can handle.
    pub const fn known_to(abi: Abi) -> Self {
        let bits = match abi.number() {
            0 => 0,
            1 => 13,
            2 => 14,
            3 | 4 => 15,
            5..=8 => 16,
            _ => 17,
        };
        Self::from_bits_truncate((1 << bits) - 1)
    }
}

impl AccessNet {
    /// The rights that a kernel of this ABI can handle.
    pub const fn known_to(abi: Abi) -> Self {
        match abi.number() {
            0..=3 => Self::empty(),
            4..=9 => Self::BIND_TCP.union(Self::CONNECT_TCP),
            _ => Self::all(),
        }
    }
}

impl Scope {
    /// The scopes that a kernel of this ABI can set.
    pub const fn known_to(abi: Abi) -> Self {
        match abi.number() {
            0..=5 => Self::empty(),
            _ => Self::all(),
        }
    }
}

bitflags! {
    /// What a policy allows on a path: a set of the words in [`WORDS`].
    ///
    /// ```
    /// use ringfence::{Access, AccessFs};
    ///
    /// let access: Access = "read,execute".parse()?;
    /// assert_eq!(access, Access::RO);
    /// assert!(access.rights().contains(AccessFs::READ_DIR));
    /// # Ok::<(), ringfence::UnknownWord>(())
    /// ```
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Access: u16 {
        /// Read files, list directories.
        const READ = 1 << 0;
        /// Execute files. The kernel opens a program for reading, so this is of use with
        /// [`Self::READ`] only.
        const EXECUTE = 1 << 1;
        /// Change and truncate files.
        const WRITE = 1 << 2;
        /// Create files, directories, symlinks, sockets and named pipes.
        const CREATE = 1 << 3;
        /// Remove files and directories.
        const REMOVE = 1 << 4;
        /// Rename or link from one directory to another.
        const RENAME = 1 << 5;
        /// `ioctl` on devices.
        const IOCTL = 1 << 6;
        /// Create device files.
        const MAKE_DEVICE = 1 << 7;
        /// Connect to UNIX sockets.
        const CONNECT_UNIX = 1 << 8;
        /// Read and execute.
        const RO = Self::READ.bits() | Self::EXECUTE.bits();
        /// [`Self::RO`], and write, create, remove and rename.
        const RW = Self::RO.bits() | Self::WRITE.bits() | Self::CREATE.bits()
            | Self::REMOVE.bits() | Self::RENAME.bits();
    }
}

/// A word of the policy language for paths.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// As written in flags and manifests.
    pub name: &'static str,
    /// As a set of one word, or of several for a preset.
    pub access: Access,
    /// The kernel's rights that it stands for.
    pub rights: AccessFs,
    /// What it allows, for help texts.
    pub summary: &'static str,
}

const RO_RIGHTS: AccessFs = AccessFs::READ_FILE
    .union(AccessFs::READ_DIR)
    .union(AccessFs::EXECUTE);

const RW_RIGHTS: AccessFs = RO_RIGHTS
    .union(AccessFs::WRITE_FILE)
    .union(AccessFs::TRUNCATE)
    .union(AccessFs::MAKE_REG)
    .union(AccessFs::MAKE_DIR)
    .union(AccessFs::MAKE_SYM)
    .union(AccessFs::MAKE_SOCK)
    .union(AccessFs::MAKE_FIFO)
    .union(AccessFs::REMOVE_FILE)
    .union(AccessFs::REMOVE_DIR)
    .union(AccessFs::REFER);

/// Every word for paths: first the nine that stand alone, then the presets made of them.
pub const WORDS: [Word; 11] = [
    Word {
        name: "read",
        access: Access::READ,
        rights: AccessFs::READ_FILE.union(AccessFs::READ_DIR),
        summary: "read files, list directories",
    },
    Word {
        name: "execute",
        access: Access::EXECUTE,
        rights: AccessFs::EXECUTE,
        summary: "execute files (needs read too)",
    },
    Word {
        name: "write",
        access: Access::WRITE,
        rights: AccessFs::WRITE_FILE.union(AccessFs::TRUNCATE),
        summary: "change and truncate files",
    },
    Word {
        name: "create",
        access: Access::CREATE,
        rights: AccessFs::MAKE_REG
            .union(AccessFs::MAKE_DIR)
            .union(AccessFs::MAKE_SYM)
            .union(AccessFs::MAKE_SOCK)
            .union(AccessFs::MAKE_FIFO),
        summary: "create files, directories, symlinks, sockets, named pipes",
    },
    Word {
        name: "remove",
        access: Access::REMOVE,
        rights: AccessFs::REMOVE_FILE.union(AccessFs::REMOVE_DIR),
        summary: "remove files and directories",
    },
    Word {
        name: "rename",
        access: Access::RENAME,
        rights: AccessFs::REFER,
        summary: "rename or link from one directory to another",
    },
    Word {
        name: "ioctl",
        access: Access::IOCTL,
        rights: AccessFs::IOCTL_DEV,
        summary: "ioctl on devices",
    },
    Word {
        name: "make-device",
        access: Access::MAKE_DEVICE,
        rights: AccessFs::MAKE_CHAR.union(AccessFs::MAKE_BLOCK),
        summary: "create device files",
    },
    Word {
        name: "connect-unix",
        access: Access::CONNECT_UNIX,
        rights: AccessFs::RESOLVE_UNIX,
        summary: "connect to UNIX sockets by path",
    },
    Word {
        name: "ro",
        access: Access::RO,
        rights: RO_RIGHTS,
        summary: "read, execute",
    },
    Word {
        name: "rw",
        access: Access::RW,
        rights: RW_RIGHTS,
        summary: "ro, write, create, remove, rename",
    },
];

impl Access {
    /// The words of this set, without presets, in the order of [`WORDS`].
    pub fn words(self) -> impl Iterator<Item = &'static Word> {
        WORDS
            .iter()
            .filter(move |word| word.access.bits().is_power_of_two() && self.contains(word.access))
    }

    /// The kernel's rights that this set stands for, on the newest kernel.
    pub fn rights(self) -> AccessFs {
        match self {
            Self::RO => RO_RIGHTS,
            Self::RW => RW_RIGHTS,
            _ => self.words().map(|word| word.rights).collect(),
        }
    }
}

impl fmt::Display for Access {
    /// A preset by its name, any other set as its words with commas between: what
    /// [`FromStr`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(preset) = WORDS.iter().find(|word| word.access == *self) {
            return f.write_str(preset.name);
        }
        for (index, word) in self.words().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            f.write_str(word.name)?;
        }
        Ok(())
    }
}

impl FromStr for Access {
    type Err = UnknownWord;

    /// Reads words with commas between.
    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        text.split(',')
            .map(|name| {
                WORDS
                    .iter()
                    .find(|word| word.name == name)
                    .map(|word| word.access)
                    .ok_or_else(|| UnknownWord {
                        name: name.to_owned(),
                    })
            })
            .collect()
    }
}

/// A word that is not in [`WORDS`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown word `{name}`; {}", proposal(name))]
pub struct UnknownWord {
    /// What was written.
    pub name: String,
}

fn proposal(name: &str) -> String {
    match crate::similar::closest(name, WORDS.iter().map(|word| word.name)) {
        Some(word) => format!("did you mean `{word}`?"),
        None => {
            let names: Vec<_> = WORDS.iter().map(|word| word.name).collect();
            format!("the words are {}", names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_single_words_share_out_every_right() {
        let single = WORDS
            .iter()
            .filter(|word| word.access.bits().is_power_of_two());
        let mut seen = AccessFs::empty();
        for word in single {
            assert!(!word.rights.is_empty() && !seen.intersects(word.rights));
            seen |= word.rights;
        }
        assert_eq!(seen, AccessFs::all());
    }

    #[test]
    fn a_preset_is_the_sum_of_its_words() {
        for word in WORDS {
            let sum: AccessFs = word.access.words().map(|word| word.rights).collect();
            assert_eq!(word.rights, sum, "{}", word.name);
            assert_eq!(word.access.rights(), sum, "{}", word.name);
        }
    }

    #[test]
    fn every_set_reads_back_as_written() {
        for bits in 1..=Access::all().bits() {
            let access = Access::from_bits_truncate(bits);
            assert_eq!(access.to_string().parse(), Ok(access));
        }
    }

    #[test]
    fn a_misspelt_word_gets_a_proposal() {
        let error = "raed".parse::<Access>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown word `raed`; did you mean `read`?"
        );
        let error = "".parse::<Access>().unwrap_err();
        assert!(error.to_string().contains("the words are read, execute"));
    }
}
