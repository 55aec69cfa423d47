//! What `ringfence test` proves.

use std::path::PathBuf;
use std::time::Duration;

use ringfence::{Access, Class, PortClass, Syscall, WORDS, closest};

use super::{Document, rows, start};
use crate::manifest::{Act, Expectation, Expected, Readiness};
use crate::reader::{Key, Reader};
use crate::shape::Shape;
use crate::tree::{Name, Node, Value};

/// One expectation.
pub(super) const ENTRY: Shape = Shape::Map(|| rows(&KEYS));

/// How long a command may take if nothing else is said.
const PATIENCE: Duration = Duration::from_secs(10);

/// The name of an act that is a system call.
const SYSCALL: &str = "syscall";

const ACT: Shape = Shape::Word(|| {
    let words = WORDS.iter().map(|word| word.name.to_owned());
    let classes = Class::ALL
        .into_iter()
        .map(|class| class.name().to_owned())
        .filter(|name| WORDS.iter().all(|word| word.name != name));
    words.chain(classes).chain([SYSCALL.to_owned()]).collect()
});

/// An expectation as it is read; its parts are put together at the end.
#[derive(Default)]
struct Entry {
    allow: Option<String>,
    deny: Option<String>,
    ready: Option<String>,
    exits: Option<u64>,
    within: Option<Duration>,
    path: Option<PathBuf>,
    port: Option<u64>,
    address: Option<String>,
    name: Option<String>,
    description: Option<String>,
}

static KEYS: [Key<Entry>; 10] = [
    Key::<Entry>::new(
        "allow",
        ACT,
        "An act that must succeed.",
        |reader, to, node| to.allow = reader.text(node, "the name of an act"),
    ),
    Key::<Entry>::new(
        "deny",
        ACT,
        "An act that must be denied.",
        |reader, to, node| to.deny = reader.text(node, "the name of an act"),
    ),
    Key::<Entry>::new(
        "path",
        Shape::Path,
        "The path that the act is about.",
        |reader, to, node| to.path = reader.literal_path(node),
    ),
    Key::<Entry>::new(
        "port",
        Shape::Either(&[Shape::Number(u16::MAX as i64), Shape::Pattern("^[0-9]+$")]),
        "The port that the act is about.",
        |reader, to, node| to.port = port(reader, node),
    ),
    Key::<Entry>::new(
        "address",
        Shape::Text,
        "The IP address of the port; 127.0.0.1 without this.",
        |reader, to, node| to.address = reader.text(node, "an IP address"),
    ),
    Key::<Entry>::new(
        "name",
        Shape::Text,
        "The name of the system call.",
        |reader, to, node| to.name = reader.text(node, "the name of a system call"),
    ),
    Key::<Entry>::new(
        "ready",
        Shape::Pattern("^(tcp|unix|file) .+$"),
        "Where the command must answer: `tcp 8080`, `unix PATH`, `file PATH`.",
        |reader, to, node| to.ready = reader.text(node, "such as `tcp 8080`"),
    ),
    Key::<Entry>::new(
        "exits",
        Shape::Number(255),
        "The code that the command must end with.",
        |reader, to, node| to.exits = reader.number(node, 255),
    ),
    Key::<Entry>::new(
        "within",
        Shape::Pattern("^[0-9]+(ms|s|m|h)$"),
        "How long the command may take; 10s without this.",
        |reader, to, node| to.within = start::time(reader, node),
    ),
    Key::<Entry>::new(
        "description",
        Shape::Text,
        "Why it must hold.",
        |reader, to, node| to.description = reader.raw(node, "a text").map(str::to_owned),
    ),
];

pub(super) fn read(reader: &mut Reader<'_>, to: &mut Document, node: &Node) {
    for item in reader.list(
        node,
        "a list of mappings such as {deny: read, path: /etc/shadow}",
    ) {
        let faults = reader.findings.len();
        let mut entry = Entry::default();
        reader.object(item, "an expectation", &KEYS, &mut entry);
        if reader.findings.len() > faults {
            continue;
        }
        let origin = reader.origin(&item.bytes, entry.description.as_deref());
        match expected(reader, item, entry) {
            Ok(expected) => to.expectations.push(Expectation { expected, origin }),
            Err(Unclear(message, help)) => {
                let place = value_of(item, &["allow", "deny", "ready", "exits"]).unwrap_or(item);
                reader.fault("expectation", &place.bytes, message, help);
            }
        }
    }
}

/// A number, or a text in which a variable stands for one.
fn port(reader: &mut Reader<'_>, node: &Node) -> Option<u64> {
    if !matches!(node.value, Value::Text(_)) {
        return reader.number(node, u16::MAX.into());
    }
    let text = reader.text(node, "a port")?;
    let port = text.parse::<u16>();
    if port.is_err() {
        let message = format!("`{text}` is no port");
        reader.fault(
            "ports",
            &node.bytes,
            message,
            "write a number from 0 to 65535",
        );
    }
    port.ok().map(u64::from)
}

/// What an expectation lacks or has too much of, and what to do.
struct Unclear(String, String);

fn unclear<T>(message: impl Into<String>, help: impl Into<String>) -> Result<T, Unclear> {
    Err(Unclear(message.into(), help.into()))
}

fn value_of<'n>(node: &'n Node, names: &[&str]) -> Option<&'n Node> {
    let Value::Map(entries) = &node.value else {
        return None;
    };
    let wanted = |(name, _): &&(Name, Node)| names.contains(&name.text.as_str());
    entries.iter().find(wanted).map(|(_, value)| value)
}

fn expected(reader: &Reader<'_>, node: &Node, entry: Entry) -> Result<Expected, Unclear> {
    let asked = [
        entry.allow.is_some(),
        entry.deny.is_some(),
        entry.ready.is_some(),
        entry.exits.is_some(),
    ];
    if asked.into_iter().filter(|asked| *asked).count() != 1 {
        return unclear(
            "an expectation says one of allow, deny, ready, exits",
            "split it into several",
        );
    }
    let within = entry.within.unwrap_or(PATIENCE);
    if let Some(ready) = &entry.ready {
        let at = readiness(reader, ready)?;
        only(node, &["ready", "within", "description"])?;
        return Ok(Expected::Ready { at, within });
    }
    if let Some(code) = entry.exits {
        only(node, &["exits", "within", "description"])?;
        let code = u8::try_from(code).unwrap_or(u8::MAX);
        return Ok(Expected::Exits { code, within });
    }
    let allowed = entry.allow.is_some();
    let word = entry
        .allow
        .as_ref()
        .or(entry.deny.as_ref())
        .cloned()
        .unwrap_or_default();
    let act = act(node, &word, entry)?;
    Ok(if allowed {
        Expected::Allowed(act)
    } else {
        Expected::Denied(act)
    })
}

/// Fails if the expectation has a key that means nothing beside its others.
fn only(node: &Node, names: &[&str]) -> Result<(), Unclear> {
    let Value::Map(entries) = &node.value else {
        return Ok(());
    };
    match entries
        .iter()
        .find(|(name, _)| !names.contains(&name.text.as_str()))
    {
        Some((name, _)) => unclear(
            format!("`{}` means nothing here", name.text),
            format!("beside it stand {}", names.join(", ")),
        ),
        None => Ok(()),
    }
}

fn act(node: &Node, word: &str, entry: Entry) -> Result<Act, Unclear> {
    if let Ok(access) = word.parse::<Access>() {
        only(node, &["allow", "deny", "path", "description"])?;
        return match entry.path {
            Some(path) => Ok(Act::Path(access, path)),
            None => unclear(format!("{word} is about a path"), "add `path:`"),
        };
    }
    if let Some(class) = PortClass::ALL
        .into_iter()
        .find(|class| class.name() == word)
    {
        only(node, &["allow", "deny", "port", "address", "description"])?;
        let Some(port) = entry.port.and_then(|port| u16::try_from(port).ok()) else {
            return unclear(format!("{word} is about a port"), "add `port:`");
        };
        let address = match entry.address.map(|text| (text.parse().ok(), text)) {
            Some((None, text)) => {
                return unclear(
                    format!("`{text}` is no IP address"),
                    "write 127.0.0.1, ::1 or the like",
                );
            }
            Some((address, _)) => address,
            None => None,
        };
        return Ok(Act::Port {
            class,
            port,
            address,
        });
    }
    if word == SYSCALL {
        only(node, &["allow", "deny", "name", "description"])?;
        return match entry.name.map(|name| name.parse::<Syscall>()) {
            Some(Ok(call)) => Ok(Act::Syscall(call)),
            Some(Err(error)) => {
                let sentence = error.to_string();
                let (message, help) = sentence.split_once("; ").unwrap_or((&sentence, ""));
                unclear(message, help)
            }
            None => unclear("syscall is about a system call", "add `name:`"),
        };
    }
    if let Some(class) = Class::named(word) {
        only(node, &["allow", "deny", "description"])?;
        return Ok(Act::Class(class));
    }
    let Shape::Word(names) = ACT else {
        return unclear(format!("unknown act `{word}`"), "");
    };
    let names = names();
    let help = match closest(word, &names) {
        Some(similar) => format!("did you mean `{similar}`?"),
        None => format!("the acts are {}", names.join(", ")),
    };
    unclear(format!("unknown act `{word}`"), help)
}

fn readiness(reader: &Reader<'_>, text: &str) -> Result<Readiness, Unclear> {
    let at = text.split_once(' ').and_then(|(kind, rest)| match kind {
        "tcp" => rest
            .trim()
            .parse()
            .ok()
            .filter(|port| *port != 0)
            .map(Readiness::Tcp),
        "unix" => Some(Readiness::Unix(reader.directory.join(rest.trim()))),
        "file" => Some(Readiness::File(reader.directory.join(rest.trim()))),
        _ => None,
    });
    match at {
        Some(at) => Ok(at),
        None => unclear(
            format!("`{text}` names no place where a command answers"),
            "write `tcp 8080`, `unix /run/x.sock` or `file /run/x.pid`",
        ),
    }
}
