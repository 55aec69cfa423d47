//! What a denial lacked, by the kernel's names (`security/landlock/audit.c`).

use std::fmt;

use ringfence::{AccessFs, Class, PortClass};

/// A right that was missing, or a restriction that stood in the way.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blocker {
    /// A single right on a file or directory.
    Fs(AccessFs),
    /// A right on a port.
    Port(PortClass),
    /// What no line about paths or ports allows: signals, abstract sockets, tracing, mounts.
    Class(Class),
    /// One that only a newer version knows.
    Unknown(String),
}

/// The names of what is no right on files.
const OTHERS: [(&str, Blocker); 8] = [
    ("net.bind_tcp", Blocker::Port(PortClass::BindTcp)),
    ("net.connect_tcp", Blocker::Port(PortClass::ConnectTcp)),
    ("net.bind_udp", Blocker::Port(PortClass::BindUdp)),
    ("net.connect_send_udp", Blocker::Port(PortClass::ConnectUdp)),
    (
        "scope.abstract_unix_socket",
        Blocker::Class(Class::AbstractUnix),
    ),
    ("scope.signal", Blocker::Class(Class::Signal)),
    ("ptrace", Blocker::Class(Class::Ptrace)),
    ("fs.change_topology", Blocker::Class(Class::Mount)),
];

/// The longest name of one that is not known.
const LONGEST: usize = 64;

impl Blocker {
    /// Reads a name. One that no kernel so far has written is [`Blocker::Unknown`]; what is no name
    /// is nothing.
    pub(super) fn read(name: &[u8]) -> Option<Self> {
        let is_letter = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let is_name = name
            .iter()
            .all(|byte| is_letter(byte) || b"._".contains(byte))
            && name.first().is_some_and(u8::is_ascii_lowercase)
            && name.len() <= LONGEST;
        let name = std::str::from_utf8(name).ok().filter(|_| is_name)?;
        if let Some((_, blocker)) = OTHERS.iter().find(|(known, _)| *known == name) {
            return Some(blocker.clone());
        }
        // The kernel's names of rights are those of its header, in small letters.
        let right = name
            .strip_prefix("fs.")
            .and_then(|right| AccessFs::from_name(&right.to_ascii_uppercase()));
        Some(right.map_or_else(|| Self::Unknown(name.to_owned()), Self::Fs))
    }
}

impl fmt::Display for Blocker {
    /// The kernel's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fs(rights) => {
                for (number, (name, _)) in rights.iter_names().enumerate() {
                    let separator = if number == 0 { "" } else { "," };
                    write!(f, "{separator}fs.{}", name.to_ascii_lowercase())?;
                }
                Ok(())
            }
            Self::Unknown(name) => f.write_str(name),
            other => {
                let known = OTHERS.iter().find(|(_, blocker)| blocker == other);
                f.write_str(known.map_or("unknown", |(name, _)| name))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As in `fs_access_strings`, `net_access_strings` and `get_blocker` of Linux 7.2.
    const OF_THE_KERNEL: [&str; 25] = [
        "fs.execute",
        "fs.write_file",
        "fs.read_file",
        "fs.read_dir",
        "fs.remove_dir",
        "fs.remove_file",
        "fs.make_char",
        "fs.make_dir",
        "fs.make_reg",
        "fs.make_sock",
        "fs.make_fifo",
        "fs.make_block",
        "fs.make_sym",
        "fs.refer",
        "fs.truncate",
        "fs.ioctl_dev",
        "fs.resolve_unix",
        "net.bind_tcp",
        "net.connect_tcp",
        "net.bind_udp",
        "net.connect_send_udp",
        "scope.abstract_unix_socket",
        "scope.signal",
        "ptrace",
        "fs.change_topology",
    ];

    #[test]
    fn every_name_of_the_kernel_is_known_and_written_back() {
        let mut rights = AccessFs::empty();
        let mut ports = Vec::new();
        for name in OF_THE_KERNEL {
            let blocker = Blocker::read(name.as_bytes()).unwrap();
            assert_eq!(blocker.to_string(), name);
            match blocker {
                Blocker::Fs(right) => rights |= right,
                Blocker::Port(class) => ports.push(class),
                Blocker::Class(_) => {}
                Blocker::Unknown(name) => panic!("{name}"),
            }
        }
        assert_eq!(rights, AccessFs::all());
        assert!(PortClass::ALL.iter().all(|class| ports.contains(class)));
    }

    #[test]
    fn a_name_of_a_newer_kernel_is_kept_and_what_is_no_name_refused() {
        let newer = Blocker::read(b"net.listen_tcp").unwrap();
        assert_eq!(newer, Blocker::Unknown("net.listen_tcp".to_owned()));
        let long = "a".repeat(LONGEST + 1);
        for name in ["", ".x", "fs.READ_FILE", "fs read", "fs.\u{e9}", &long] {
            assert_eq!(Blocker::read(name.as_bytes()), None, "{name}");
        }
    }
}
