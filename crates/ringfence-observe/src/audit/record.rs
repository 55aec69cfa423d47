//! The records that matter here: of denials, of domains, and of the calls that they happened in.

use std::str::FromStr as _;

use super::act::{Act, Object};
use super::blocker::Blocker;
use super::fields::Fields;
use super::stamp::{Stamp, number, split_at};
use ringfence::{Class, PortClass};

/// `AUDIT_SYSCALL`, `AUDIT_LANDLOCK_ACCESS` and `AUDIT_LANDLOCK_DOMAIN` of `linux/audit.h`.
const SYSCALL: u32 = 1300;
const ACCESS: u32 = 1423;
const DOMAIN: u32 = 1424;

/// Which record it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Access,
    Domain,
    Syscall,
    /// Nothing of Landlock's.
    Other,
}

impl Kind {
    pub(super) fn numbered(number: u32) -> Self {
        match number {
            ACCESS => Self::Access,
            DOMAIN => Self::Domain,
            SYSCALL => Self::Syscall,
            _ => Self::Other,
        }
    }

    /// By name or number: `LANDLOCK_ACCESS`, `UNKNOWN[1423]`, `1423`.
    pub(super) fn named(name: &[u8]) -> Self {
        match name {
            b"LANDLOCK_ACCESS" => Self::Access,
            b"LANDLOCK_DOMAIN" => Self::Domain,
            b"SYSCALL" => Self::Syscall,
            _ => {
                let bare = name.strip_prefix(b"UNKNOWN[");
                let digits = bare.and_then(|bare| bare.strip_suffix(b"]"));
                number(digits.unwrap_or(name)).map_or(Self::Other, Self::numbered)
            }
        }
    }

    pub(super) fn number(self) -> u32 {
        match self {
            Self::Access => ACCESS,
            Self::Domain => DOMAIN,
            Self::Syscall => SYSCALL,
            Self::Other => 0,
        }
    }
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When, and of which event.
    pub stamp: Stamp,
    /// What it says.
    pub event: Event,
}

impl Record {
    /// Reads a line of audit.log, of the kernel's log or of `journalctl -o json`, if it is one of these
    /// records and can be understood.
    pub fn read(line: &[u8]) -> Option<Self> {
        match super::line::read(line, false) {
            super::line::Line::Record(record) => Some(record),
            _ => None,
        }
    }
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A domain denied an act.
    Denied {
        /// The number of the domain.
        domain: u64,
        /// The act.
        act: Act,
        /// The file it was about.
        inode: Option<Inode>,
    },
    /// A domain is named for the first time; it was made by this process.
    Made {
        /// The number of the domain.
        domain: u64,
        /// The process that restricted itself.
        pid: u32,
        /// Its user.
        uid: u32,
        /// Its executable; none if the kernel could not write it down.
        exe: Option<Vec<u8>>,
        /// Its name.
        comm: Option<Vec<u8>>,
    },
    /// A domain has ended with its last process.
    Ended {
        /// The number of the domain.
        domain: u64,
        /// How often it denied something, recorded or not.
        denials: u64,
    },
    /// The system call that the other records of the event are about.
    Called {
        /// The process.
        pid: u32,
        /// Its executable.
        exe: Option<Vec<u8>>,
        /// Its name.
        comm: Option<Vec<u8>>,
        /// The number of the call.
        call: u32,
    },
}

/// A file by its device and number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inode {
    /// The name of the device.
    pub device: Vec<u8>,
    /// The number on it.
    pub number: u64,
}

/// Why a record of Landlock's cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// Its fields are not written as the kernel writes them.
    #[error("its fields are not written as the kernel writes them")]
    Malformed,
    /// A field stands twice.
    #[error("a field stands twice, which the kernel never writes")]
    Twice,
    /// A field is missing; the record may be cut off.
    #[error("`{0}` is missing; the record may be cut off")]
    Missing(&'static str),
    /// A field does not read as one of the kernel's.
    #[error("the value of `{0}` is none that the kernel writes")]
    Value(&'static str),
    /// Its time and number cannot be read.
    #[error("its time and number cannot be read; ausearch must not interpret them (leave out -i)")]
    Stamp,
    /// It is longer than any record.
    #[error("it is longer than any record of the kernel")]
    Long,
}

/// More rights than any kernel has.
const MOST_BLOCKERS: usize = 64;

/// Reads `audit(STAMP): FIELDS`; nothing if it is about something else.
pub(super) fn read(kind: Kind, text: &[u8]) -> Result<Option<Record>, Unreadable> {
    if kind == Kind::Other {
        return Ok(None);
    }
    let (stamp, fields) = text
        .strip_prefix(b"audit(")
        .and_then(|text| split_at(text, b')'))
        .ok_or(Unreadable::Stamp)?;
    let stamp = Stamp::read(stamp).ok_or(Unreadable::Stamp)?;
    let fields = fields.strip_prefix(b":").ok_or(Unreadable::Malformed)?;
    read_fields(kind, stamp, fields)
}

/// Reads the fields of a record whose time and number are known.
pub(super) fn read_fields(
    kind: Kind,
    stamp: Stamp,
    fields: &[u8],
) -> Result<Option<Record>, Unreadable> {
    // Behind this, auditd repeats numbers as names.
    let fields = split_at(fields, 0x1d).map_or(fields, |(fields, _)| fields);
    let fields = Fields::read(fields)?;
    let event = match kind {
        Kind::Access => denied(&fields)?,
        Kind::Domain => domain(&fields)?,
        Kind::Syscall => Event::Called {
            pid: fields.number("pid")?,
            exe: fields.text("exe")?,
            comm: fields.text("comm")?,
            call: fields.number("syscall")?,
        },
        Kind::Other => return Ok(None),
    };
    Ok(Some(Record { stamp, event }))
}

fn domain_id(fields: &Fields<'_>) -> Result<u64, Unreadable> {
    let text = fields.raw("domain").ok_or(Unreadable::Missing("domain"))?;
    let is_digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
    let text = std::str::from_utf8(text).ok();
    text.filter(|text| text.bytes().all(|byte| is_digit(&byte)))
        .and_then(|text| u64::from_str_radix(text, 16).ok())
        .ok_or(Unreadable::Value("domain"))
}

fn denied(fields: &Fields<'_>) -> Result<Event, Unreadable> {
    let names = fields
        .raw("blockers")
        .ok_or(Unreadable::Missing("blockers"))?;
    let names = names.split(|&byte| byte == b',').take(MOST_BLOCKERS + 1);
    let blockers: Option<Vec<_>> = names.map(Blocker::read).collect();
    let blockers = blockers
        .filter(|blockers| blockers.len() <= MOST_BLOCKERS)
        .ok_or(Unreadable::Value("blockers"))?;
    let inode = match fields.raw("ino") {
        None => None,
        Some(_) => Some(Inode {
            device: fields.text("dev")?.ok_or(Unreadable::Missing("dev"))?,
            number: fields.number("ino")?,
        }),
    };
    let object = object(fields, &blockers)?;
    // A file is always named with its number, last of all: without it the end is missing.
    let is_file = matches!(
        object,
        Object::Path(_) | Object::Ioctl(..) | Object::Name(_)
    ) || blockers
        .iter()
        .any(|blocker| matches!(blocker, Blocker::Fs(_)));
    if is_file && inode.is_none() {
        return Err(Unreadable::Missing("ino"));
    }
    Ok(Event::Denied {
        domain: domain_id(fields)?,
        act: Act { blockers, object },
        inode,
    })
}

fn object(fields: &Fields<'_>, blockers: &[Blocker]) -> Result<Object, Unreadable> {
    if let Some(class) = blockers.iter().find_map(|blocker| match blocker {
        Blocker::Port(class) => Some(*class),
        _ => None,
    }) {
        return port(fields, class);
    }
    if fields.raw("opid").is_some() {
        if fields.raw("ocomm").is_none() {
            return Err(Unreadable::Missing("ocomm"));
        }
        let name = fields.text("ocomm")?.unwrap_or_default();
        return Ok(Object::Process(fields.number("opid")?, name));
    }
    if fields.raw("name").is_some() {
        return Ok(fields.text("name")?.map_or(Object::Unsaid, Object::Name));
    }
    // The kernel names what every act but one on a port was about.
    if fields.raw("path").is_none() {
        return Err(Unreadable::Missing("path"));
    }
    let Some(path) = fields.text("path")? else {
        return Ok(Object::Unsaid);
    };
    if blockers.contains(&Blocker::Class(Class::AbstractUnix)) {
        let name = path.strip_prefix(&[0]).unwrap_or(&path);
        return Ok(Object::AbstractSocket(name.to_vec()));
    }
    match fields.raw("ioctlcmd") {
        None => Ok(Object::Path(path)),
        Some(call) => {
            let call = std::str::from_utf8(call).ok();
            call.and_then(|call| u16::from_str_radix(call.strip_prefix("0x")?, 16).ok())
                .map(|call| Object::Ioctl(path, call))
                .ok_or(Unreadable::Value("ioctlcmd"))
        }
    }
}

/// The kernel writes no port that is 0 and no address that is none.
fn port(fields: &Fields<'_>, class: PortClass) -> Result<Object, Unreadable> {
    let (ports, addresses) = match class {
        PortClass::BindTcp | PortClass::BindUdp => (["src", "lport"], ["saddr", "laddr"]),
        PortClass::ConnectTcp | PortClass::ConnectUdp => (["dest", "fport"], ["daddr", "faddr"]),
    };
    let written = |key: &&&'static str| fields.raw(key).is_some();
    let port = match ports.iter().find(written) {
        Some(key) => fields.number(key)?,
        None => 0,
    };
    let address = match addresses.iter().find(written) {
        Some(key) => {
            let text = fields
                .raw(key)
                .and_then(|text| std::str::from_utf8(text).ok());
            let address = text.and_then(|text| std::net::IpAddr::from_str(text).ok());
            Some(address.ok_or(Unreadable::Value(key))?.to_string())
        }
        None => None,
    };
    Ok(Object::Port(port, address))
}

fn domain(fields: &Fields<'_>) -> Result<Event, Unreadable> {
    let domain = domain_id(fields)?;
    let needed = |key: &'static str| match fields.raw(key) {
        Some(_) => fields.text(key),
        None => Err(Unreadable::Missing(key)),
    };
    match fields.raw("status") {
        Some(b"allocated") => Ok(Event::Made {
            domain,
            pid: fields.number("pid")?,
            uid: fields.number("uid")?,
            exe: needed("exe")?,
            comm: needed("comm")?,
        }),
        Some(b"deallocated") => Ok(Event::Ended {
            domain,
            denials: fields.number("denials")?,
        }),
        Some(_) => Err(Unreadable::Value("status")),
        None => Err(Unreadable::Missing("status")),
    }
}
