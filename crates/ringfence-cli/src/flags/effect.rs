//! What each flag puts into effect: its value read, and a line or a switch added.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use ringfence::{
    Abi, Access, ClassLine, PathLine, PortClass, PortLine, Ports, Source, SyscallLine,
    UnknownClass, denying_action, literal_name,
};

use ringfence_manifest::{FRAGMENTS, Variables};

use crate::invocation::{Invocation, LogFormat, Pending};

/// Lets a table entry assign: an assignment has no value, an entry answers with one.
#[expect(clippy::unnecessary_wraps, reason = "the signature of a table entry")]
pub(super) fn set<T>(field: &mut T, value: T) -> Result<(), String> {
    *field = value;
    Ok(())
}

impl Invocation {
    #[expect(clippy::unnecessary_wraps, reason = "the signature of a table entry")]
    pub(super) fn path(&mut self, access: Access, path: OsString) -> Result<(), String> {
        let Pending {
            optional,
            pattern,
            except,
        } = std::mem::take(&mut self.pending);
        let line = PathLine {
            optional,
            pattern,
            except,
            source: Source::Flag,
            ..PathLine::new(access, path)
        };
        self.add(|policy| policy.path_line(line));
        Ok(())
    }

    pub(super) fn ports(&mut self, class: PortClass, ports: &OsStr) -> Result<(), String> {
        let text = ports.to_str().ok_or("a port is written in digits")?;
        for ports in Ports::list(text).map_err(|error| error.to_string())? {
            let line = PortLine {
                class,
                ports,
                source: Source::Flag,
            };
            self.add(|policy| policy.port_line(line));
        }
        Ok(())
    }

    pub(super) fn classes(&mut self, allow: bool, names: &OsStr) -> Result<(), String> {
        let text = names
            .to_str()
            .ok_or("the name of a class is plain letters")?;
        for name in items(text, "debug,netlink")? {
            let line = ClassLine {
                class: name
                    .parse()
                    .map_err(|error: UnknownClass| error.to_string())?,
                allow,
                source: Source::Flag,
            };
            self.add(|policy| policy.class_line(line));
        }
        Ok(())
    }

    pub(super) fn syscalls(
        &mut self,
        calls: &OsStr,
        read: impl Fn(&str) -> Result<SyscallLine, String>,
    ) -> Result<(), String> {
        let text = calls
            .to_str()
            .ok_or("the name of a call is plain letters")?;
        for calls in items(text, "ptrace,@mount")? {
            let line = SyscallLine {
                source: Source::Flag,
                ..read(calls)?
            };
            self.add(|policy| policy.syscall_line(line));
        }
        Ok(())
    }

    pub(super) fn next_is_optional(&mut self) -> Result<(), String> {
        once(&mut self.pending.optional)
    }

    pub(super) fn next_is_pattern(&mut self) -> Result<(), String> {
        once(&mut self.pending.pattern)
    }

    #[expect(clippy::unnecessary_wraps, reason = "the signature of a table entry")]
    pub(super) fn change(
        &mut self,
        change: fn(ringfence::PolicyBuilder) -> ringfence::PolicyBuilder,
    ) -> Result<(), String> {
        self.add(change);
        Ok(())
    }
}

fn once(switch: &mut bool) -> Result<(), String> {
    if std::mem::replace(switch, true) {
        return Err("it stands twice before one path flag".to_owned());
    }
    Ok(())
}

pub(super) fn fs(to: &mut Invocation, value: &OsStr) -> Result<(), String> {
    let (words, path) = split_once(value, b'=')
        .ok_or("write words, an equals sign and a path, as in --fs read,write=/srv")?;
    let words = words.to_str().ok_or("the words are plain letters")?;
    let access = words.parse::<Access>().map_err(|error| error.to_string())?;
    to.path(access, path.to_owned())
}

/// An exception is a name; what looks like a pattern is read as in a manifest.
pub(super) fn except(to: &mut Invocation, name: OsString) -> Result<(), String> {
    let name = if name.as_bytes().iter().any(|byte| b"*?[".contains(byte)) {
        let text = name
            .to_str()
            .ok_or("a name that is no UTF-8 cannot have `*`, `?` or `[` here")?;
        literal_name(text).ok_or(
            "an exception is a name, and no pattern; a name with `*`, `?` or `[` itself is written \
             [*], [?], [[]",
        )?.into()
    } else {
        name
    };
    to.pending.except.push(name.into());
    Ok(())
}

/// The names of a list, of which none may be empty.
fn items<'t>(text: &'t str, such_as: &str) -> Result<std::str::Split<'t, char>, String> {
    if text.split(',').any(str::is_empty) {
        return Err(format!(
            "a name is missing; write names with commas between, as in {such_as}"
        ));
    }
    Ok(text.split(','))
}

pub(super) fn other_syscalls(to: &mut Invocation, answer: &OsStr) -> Result<(), String> {
    let text = answer
        .to_str()
        .ok_or("an error is written in plain letters")?;
    let action = denying_action(text)?;
    to.answers_others = true;
    to.add(|policy| policy.other_syscalls(action));
    Ok(())
}

pub(super) fn min_abi(to: &mut Invocation, value: &OsStr) -> Result<(), String> {
    let newest = Abi::NEWEST.number();
    let number = value
        .to_str()
        .and_then(|text| text.parse::<u32>().ok())
        .ok_or_else(|| format!("write a Landlock ABI as a number; the newest known is {newest}"))?;
    to.add(|policy| policy.minimum_abi(number));
    Ok(())
}

pub(super) fn policy(to: &mut Invocation, path: OsString) -> Result<(), String> {
    if to.manifest.is_some() {
        return Err("it stands twice; let one file include the other".to_owned());
    }
    set(&mut to.manifest, Some(path.into()))
}

pub(super) fn variable(to: &mut Invocation, value: &OsStr) -> Result<(), String> {
    let text = value
        .to_str()
        .ok_or("a manifest is UTF-8, and so are its values")?;
    let (name, value) = text
        .split_once('=')
        .filter(|(name, _)| Variables::is_name(name))
        .ok_or("write a name, an equals sign and a value, as in WORKDIR=/srv/job")?;
    let variables = std::mem::replace(&mut to.variables, Variables::of_environment());
    set(&mut to.variables, variables.set(name, value))
}

pub(super) fn include(to: &mut Invocation, name: &OsStr) -> Result<(), String> {
    let name = name.to_string_lossy();
    let names = || FRAGMENTS.iter().map(|fragment| fragment.name);
    let Some(known) = names().find(|known| *known == name) else {
        let help = match ringfence::closest(&name, names()) {
            Some(similar) => format!("did you mean `{similar}`?"),
            None => format!(
                "they are {}; a file is read by --policy",
                names().collect::<Vec<_>>().join(", ")
            ),
        };
        return Err(format!("there is no fragment `{name}`; {help}"));
    };
    to.fragments.push(known);
    Ok(())
}

pub(super) fn env(to: &mut Invocation, value: &OsStr) -> Result<(), String> {
    let (name, value) = match split_once(value, b'=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (value, None),
    };
    if name.is_empty() {
        return Err("the variable has no name".to_owned());
    }
    to.env.push((name.to_owned(), value));
    Ok(())
}

pub(super) fn keep_fd(to: &mut Invocation, value: &OsStr) -> Result<(), String> {
    let fd = value
        .to_str()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or("write the number of an open descriptor")?;
    if !ringfence_sys::is_open(fd) {
        return Err(format!("descriptor {fd} is not open"));
    }
    to.keep_fds.push(fd);
    Ok(())
}

pub(super) fn log(to: &mut Invocation, value: &OsStr) -> Result<(), String> {
    to.log = Some(match value.to_str() {
        Some("text") => LogFormat::Text,
        Some("json") => LogFormat::Json,
        Some("off") => LogFormat::Off,
        _ => return Err("write text, json or off".to_owned()),
    });
    Ok(())
}

fn split_once(text: &OsStr, separator: u8) -> Option<(&OsStr, &OsStr)> {
    let bytes = text.as_bytes();
    let at = bytes.iter().position(|&byte| byte == separator)?;
    Some((
        OsStr::from_bytes(&bytes[..at]),
        OsStr::from_bytes(&bytes[at + 1..]),
    ))
}
