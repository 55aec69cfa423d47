//! What was denied: which rights were missing, and at what.

use std::ffi::OsStr;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use ringfence::{Access, AccessFs, WORDS};

use super::blocker::Blocker;
use crate::question::{Asked, Question};

/// One act that was denied; alike ones are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Act {
    /// What it lacked.
    pub blockers: Vec<Blocker>,
    /// What it was about.
    pub object: Object,
}

/// What an act was about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Object {
    /// A path as the kernel saw it; of an entry that is made, removed or renamed, its directory's.
    Path(Vec<u8>),
    /// An `ioctl` on the device at a path, with its number.
    Ioctl(Vec<u8>, u16),
    /// A name without its directory.
    Name(Vec<u8>),
    /// A port, and the address if there was one.
    Port(u16, Option<String>),
    /// An abstract UNIX socket, without the zero byte in front.
    AbstractSocket(Vec<u8>),
    /// A process and its name.
    Process(u32, Vec<u8>),
    /// The kernel does not say, or could not write it down.
    Unsaid,
}

/// Stands for the entry of a directory whose name the kernel does not say.
const SOME_ENTRY: &str = "(entry)";

impl Act {
    /// The rights on files that were missing.
    pub fn rights(&self) -> AccessFs {
        let rights = self.blockers.iter().filter_map(|blocker| match blocker {
            Blocker::Fs(rights) => Some(*rights),
            _ => None,
        });
        rights.fold(AccessFs::empty(), AccessFs::union)
    }

    /// Bytes that it holds outside of itself.
    pub(super) fn held(&self) -> usize {
        let object = match &self.object {
            Object::Path(bytes)
            | Object::Ioctl(bytes, _)
            | Object::Name(bytes)
            | Object::AbstractSocket(bytes)
            | Object::Process(_, bytes) => bytes.len(),
            Object::Port(_, address) => address.as_ref().map_or(0, String::len),
            Object::Unsaid => 0,
        };
        let names = self.blockers.iter().map(|blocker| match blocker {
            Blocker::Unknown(name) => name.len(),
            _ => 0,
        });
        object + names.sum::<usize>() + self.blockers.len() * size_of::<Blocker>()
    }

    /// The path, if it is one that a policy can name.
    pub fn path(&self) -> Option<&Path> {
        match &self.object {
            // Of pipes, sockets and memory files the kernel writes what no path leads to.
            Object::Path(path) | Object::Ioctl(path, _) if path.starts_with(b"/") => {
                Some(Path::new(OsStr::from_bytes(path)))
            }
            _ => None,
        }
    }

    /// The questions to a policy that this act comes to; none if no line could allow it.
    pub fn questions(&self) -> Vec<Question> {
        let mut asked = Vec::new();
        if let Some(path) = self.path() {
            let (of_parent, of_object) = (
                self.rights() & AccessFs::OF_PARENT,
                self.rights() - AccessFs::OF_PARENT,
            );
            if !of_parent.is_empty() {
                asked.push(Asked::Path(of_parent, path.join(SOME_ENTRY)));
            }
            if !of_object.is_empty() {
                asked.push(Asked::Path(of_object, path.to_owned()));
            }
        }
        for blocker in &self.blockers {
            match (blocker, &self.object) {
                (Blocker::Port(class), Object::Port(port, _)) => {
                    asked.push(Asked::Port(*class, *port));
                }
                (Blocker::Class(class), _) => asked.push(Asked::Class(*class)),
                _ => {}
            }
        }
        let text = self.to_string();
        let question = |asked| Question {
            asked,
            text: text.clone(),
        };
        asked.into_iter().map(question).collect()
    }
}

impl fmt::Display for Act {
    /// In the words of a policy: `read /etc/shadow`, `create in /srv`, `connect-tcp 443 (10.0.0.1)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rights = self.rights();
        let words: Access = WORDS
            .iter()
            .filter(|word| word.access.bits().is_power_of_two() && word.rights.intersects(rights))
            .map(|word| word.access)
            .collect();
        let others = self.blockers.iter().filter_map(|blocker| match blocker {
            Blocker::Fs(_) => None,
            Blocker::Port(class) => Some(class.name()),
            Blocker::Class(class) => Some(class.name()),
            Blocker::Unknown(name) => Some(name.as_str()),
        });
        let words = (!words.is_empty()).then(|| words.to_string());
        let names: Vec<&str> = words.as_deref().into_iter().chain(others).collect();
        f.write_str(&names.join(","))?;
        match &self.object {
            Object::Path(path) | Object::Ioctl(path, _) => {
                let within = rights.intersects(AccessFs::OF_PARENT);
                write!(f, "{} {}", if within { " in" } else { "" }, shown(path))
            }
            Object::Name(name) => write!(f, " an entry {}", shown(name)),
            Object::Port(port, None) => write!(f, " {port}"),
            Object::Port(port, Some(address)) => write!(f, " {port} ({address})"),
            Object::AbstractSocket(name) => write!(f, " @{}", shown(name)),
            Object::Process(pid, name) => write!(f, " pid {pid} ({})", shown(name)),
            Object::Unsaid => Ok(()),
        }
    }
}

/// Bytes from outside on one line.
pub(super) fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let escape = |character: char| match character {
        character if ringfence::is_strange(character) => character.escape_default().to_string(),
        character => character.to_string(),
    };
    text.chars().map(escape).collect()
}
