//! Lines about ports.

use ringfence::{PortClass, PortLine, Ports};

use super::{Document, rows};
use crate::reader::{Key, Reader};
use crate::shape::Shape;
use crate::tree::{Node, Value};

const PORTS: Shape = Shape::Either(&[
    Shape::Number(u16::MAX as i64),
    Shape::Pattern("^(any|[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*)$"),
]);

/// A port, a range, `any`, or one of these with a description.
pub(super) const ENTRY: Shape = Shape::Either(&[
    Shape::Number(u16::MAX as i64),
    Shape::Pattern("^(any|[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*)$"),
    Shape::Map(|| rows(&KEYS)),
]);

#[derive(Default)]
struct Entry {
    ports: Vec<Ports>,
    description: Option<String>,
}

static KEYS: [Key<Entry>; 2] = [
    Key::<Entry>::new(
        "ports",
        Shape::OneOrList(&PORTS),
        "The ports: 443, 8000-8010, or any.",
        |reader, to, node| {
            for item in reader.one_or_list(node, "a port") {
                to.ports.extend(ports(reader, item));
            }
        },
    )
    .required(),
    Key::<Entry>::new(
        "description",
        Shape::Text,
        "What the line is for.",
        |reader, to, node| to.description = reader.raw(node, "a text").map(str::to_owned),
    ),
];

pub(super) fn read(reader: &mut Reader<'_>, to: &mut Document, node: &Node, class: PortClass) {
    for item in reader.one_or_list(node, "a port, a range, or a list of them") {
        let mut entry = Entry::default();
        match item.value {
            Value::Map(_) => reader.object(item, "a line about ports", &KEYS, &mut entry),
            _ => entry.ports = ports(reader, item),
        }
        for ports in entry.ports {
            if ports == Ports::Any && reader.included {
                reader.fault(
                    "main-only",
                    &item.bytes,
                    format!("an included file cannot leave {} alone", class.name()),
                    "say `any` in the manifest itself, or name the ports here",
                );
                continue;
            }
            if !class.binds() && ports == Ports::from(0) {
                reader.fault("ports", &item.bytes, "no program can connect to port 0", "");
                continue;
            }
            let source = reader.source(&item.bytes, entry.description.as_deref());
            to.change(|policy| {
                policy.port_line(PortLine {
                    class,
                    ports,
                    source,
                })
            });
        }
    }
}

fn ports(reader: &mut Reader<'_>, node: &Node) -> Vec<Ports> {
    let text = match &node.value {
        Value::Number(number) => number.to_string(),
        Value::Text(_) => match reader.text(node, "a port") {
            Some(text) => text,
            None => return Vec::new(),
        },
        _ => {
            reader.misshapen(node, "a port (443), a range (8000-8010) or any");
            return Vec::new();
        }
    };
    match Ports::list(&text) {
        Ok(ports) => ports,
        Err(error) => {
            let message = format!("`{}` is no port", error.text);
            reader.fault("ports", &node.bytes, message, error.why);
            Vec::new()
        }
    }
}
