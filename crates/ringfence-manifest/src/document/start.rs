//! How the command is started: its words, its environment, its limits; and which lints are off.

use std::time::Duration;

use super::Document;
use crate::finding::Place;
use crate::manifest::{Limits, LintSwitch};
use crate::reader::{Key, Reader};
use crate::shape::Shape;
use crate::tree::{Node, Value};
use crate::units;
use crate::variables::Variables;

/// A variable of the command's environment, and where it was written.
pub(crate) struct Variable {
    pub(crate) name: String,
    /// None if it is kept from the starter's environment.
    pub(crate) value: Option<String>,
    pub(crate) place: Place,
}

/// The keys of `environment`.
pub(super) static ENVIRONMENT: [Key<Document>; 3] = [
    Key::<Document>::new(
        "clear",
        Shape::Switch,
        "Start from an empty environment.",
        |reader, to, node| to.clear_environment = reader.switch(node) == Some(true),
    )
    .main_only(),
    Key::<Document>::new(
        "keep",
        Shape::OneOrList(&Shape::Text),
        "Variables that are kept from the starter's environment.",
        |reader, to, node| {
            for item in reader.one_or_list(node, "the name of a variable") {
                if let Some(name) = reader.text(item, "the name of a variable") {
                    variable(reader, to, item, name, None);
                }
            }
        },
    ),
    Key::<Document>::new(
        "set",
        Shape::Texts,
        "Variables with a value of their own.",
        |reader, to, node| {
            let Value::Map(entries) = &node.value else {
                return reader.misshapen(node, "a mapping from names to texts");
            };
            for (name, value) in entries {
                if let Some(text) = reader.scalar(value, "a text") {
                    variable(reader, to, value, name.text.clone(), Some(text));
                }
            }
        },
    ),
];

fn variable(
    reader: &mut Reader<'_>,
    to: &mut Document,
    node: &Node,
    name: String,
    value: Option<String>,
) {
    if !Variables::is_name(&name) {
        let message = format!("`{name}` is no name of a variable");
        reader.fault(
            "value",
            &node.bytes,
            message,
            "a name has letters, digits and `_`",
        );
    } else if value.as_ref().is_some_and(|value| value.contains('\0')) {
        reader.fault("value", &node.bytes, "the value has a NUL byte", "");
    } else {
        let place = reader.place(&node.bytes);
        to.variables.push(Variable { name, value, place });
    }
}

const SIZE: Shape = Shape::Either(&[Shape::Number(i64::MAX), Shape::Pattern("^[0-9]+[KMGT]?$")]);
const TIME: Shape = Shape::Pattern("^[0-9]+(ms|s|m|h)$");
const COUNT: Shape = Shape::Number(u32::MAX as i64);

/// The keys of `limits`.
pub(super) static LIMITS: [Key<Limits>; 6] = [
    Key::<Limits>::new(
        "memory",
        SIZE,
        "Bytes of memory of a process: 512M, 2G.",
        |reader, to, node| to.memory = memory(reader, node),
    ),
    Key::<Limits>::new(
        "cpu",
        TIME,
        "Time of a process on a processor, in whole seconds: 10s, 5m.",
        |reader, to, node| to.cpu = time(reader, node),
    ),
    Key::<Limits>::new(
        "wall",
        TIME,
        "Time from start to end: 30s, 5m, 1h.",
        |reader, to, node| to.wall = time(reader, node),
    ),
    Key::<Limits>::new(
        "processes",
        COUNT,
        "Processes and threads of the user.",
        |reader, to, node| to.processes = reader.number(node, u32::MAX.into()),
    ),
    Key::<Limits>::new(
        "open-files",
        COUNT,
        "Open files of a process.",
        |reader, to, node| to.open_files = reader.number(node, u32::MAX.into()),
    ),
    Key::<Limits>::new(
        "file-size",
        SIZE,
        "Bytes of a file that is written: 1G.",
        |reader, to, node| to.file_size = size(reader, node),
    ),
];

/// Less address space than the kernel gives to the stack of whatever starts.
const NO_PROGRAM: u64 = 64 << 10;

fn memory(reader: &mut Reader<'_>, node: &Node) -> Option<u64> {
    let size = size(reader, node)?;
    if size < NO_PROGRAM {
        let message = format!("no program starts with {size} bytes of memory");
        let help = match size {
            0 => "leave it out if there is no limit".to_owned(),
            size => format!("write {size}M if MiB are meant"),
        };
        reader.fault("value", &node.bytes, message, &*help);
        return None;
    }
    Some(size)
}

fn size(reader: &mut Reader<'_>, node: &Node) -> Option<u64> {
    let text = match node.value {
        Value::Number(number) => number.to_string(),
        _ => reader.text(node, "a number of bytes such as 512M")?,
    };
    let size = units::bytes(&text);
    if size.is_none() {
        let message = format!("`{text}` is no number of bytes");
        reader.fault(
            "value",
            &node.bytes,
            message,
            "write 1000, 512K, 512M, 2G or 1T",
        );
    }
    size
}

/// Reads a time.
pub(super) fn time(reader: &mut Reader<'_>, node: &Node) -> Option<Duration> {
    let text = match node.value {
        Value::Number(number) => number.to_string(),
        _ => reader.text(node, "a time such as 30s")?,
    };
    let time = units::duration(&text);
    if time.is_none() {
        let message = format!("`{text}` is no time");
        reader.fault("value", &node.bytes, message, "write 500ms, 30s, 5m or 1h");
    }
    time
}

/// The keys of `lints`.
pub(super) static LINTS: [Key<Document>; 1] = [Key::<Document>::new(
    "allow",
    Shape::OneOrList(&Shape::Text),
    "Lints that are switched off, by code or name.",
    |reader, to, node| {
        for item in reader.one_or_list(node, "the name of a lint") {
            if let Some(lint) = reader.raw(item, "the name of a lint") {
                let origin = reader.origin(&item.bytes, None);
                to.lints.push(LintSwitch {
                    lint: lint.to_owned(),
                    origin,
                });
            }
        }
    },
)];

/// Reads the words of the command.
pub(super) fn command(reader: &mut Reader<'_>, to: &mut Document, node: &Node) {
    for item in reader.one_or_list(node, "the program and its arguments") {
        let word = reader.scalar(item, "a word of the command");
        if word.as_ref().is_some_and(|word| word.contains('\0')) {
            reader.fault("value", &item.bytes, "the word has a NUL byte", "");
        }
        to.command.extend(word);
    }
    if to.command.first().is_some_and(String::is_empty) {
        reader.fault("value", &node.bytes, "the program has no name", "");
    }
}
