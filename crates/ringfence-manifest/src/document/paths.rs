//! Lines about paths.

use std::path::PathBuf;

use ringfence::{Access, PathLine, WORDS};

use super::{Document, rows};
use crate::reader::{Key, Reader};
use crate::shape::Shape;
use crate::tree::{Node, Value};

/// A path whose words are those of its key.
pub(super) const ENTRY: Shape = Shape::Either(&[Shape::Path, Shape::Map(|| rows(&KEYS))]);

/// A path with words of its own.
pub(super) const WORDED_ENTRY: Shape = Shape::Map(|| rows(&WORDED_KEYS));

const WORD: Shape = Shape::Word(|| WORDS.iter().map(|word| word.name.to_owned()).collect());

/// A line as it is read.
#[derive(Default)]
struct Entry {
    path: Option<(PathBuf, bool)>,
    access: Access,
    optional: bool,
    except: Vec<PathBuf>,
    description: Option<String>,
}

const PATH: Key<Entry> = Key::<Entry>::new(
    "path",
    Shape::Path,
    "The path; with `*`, `?` or `[` a pattern, expanded when the sandbox is made.",
    |reader, to, node| to.path = reader.path(node),
)
.required();

const ACCESS: Key<Entry> = Key::<Entry>::new(
    "access",
    Shape::OneOrList(&WORD),
    "What is allowed there.",
    |reader, to, node| {
        for item in reader.one_or_list(node, "a word or a list of words") {
            let Some(word) = reader.raw(item, "a word") else {
                continue;
            };
            match word.parse::<Access>() {
                Ok(access) => to.access |= access,
                Err(error) => reader.sentence("unknown-word", item, &error.to_string()),
            }
        }
    },
)
.required();

const OPTIONAL: Key<Entry> = Key::<Entry>::new(
    "optional",
    Shape::Switch,
    "The path may be missing when the sandbox is made.",
    |reader, to, node| to.optional = reader.switch(node) == Some(true),
);

const EXCEPT: Key<Entry> = Key::<Entry>::new(
    "except",
    Shape::OneOrList(&Shape::Path),
    "What beneath the path is not allowed: names relative to it, no patterns.",
    |reader, to, node| {
        for item in reader.one_or_list(node, "a path relative to this one") {
            to.except.extend(reader.exception(item));
        }
    },
);

const DESCRIPTION: Key<Entry> = Key::<Entry>::new(
    "description",
    Shape::Text,
    "What the line is for.",
    |reader, to, node| to.description = reader.raw(node, "a text").map(str::to_owned),
);

static KEYS: [Key<Entry>; 4] = [PATH, OPTIONAL, EXCEPT, DESCRIPTION];
static WORDED_KEYS: [Key<Entry>; 5] = [PATH, ACCESS, OPTIONAL, EXCEPT, DESCRIPTION];

/// Reads the value of a key that lists paths; without `access` each has its own words.
pub(super) fn read(
    reader: &mut Reader<'_>,
    to: &mut Document,
    node: &Node,
    access: Option<Access>,
) {
    for item in reader.one_or_list(node, "a path or a list of paths") {
        let mut entry = Entry::default();
        let faults = reader.findings.len();
        let mut written = &item.bytes;
        match (&item.value, access) {
            (Value::Map(entries), access) => {
                if let Some((_, path)) = entries.iter().find(|(name, _)| name.text == "path") {
                    written = &path.bytes;
                }
                let keys = if access.is_some() {
                    &KEYS[..]
                } else {
                    &WORDED_KEYS
                };
                reader.object(item, "a line about a path", keys, &mut entry);
            }
            (_, Some(_)) => entry.path = reader.path(item),
            (_, None) => reader.misshapen(item, "a mapping such as {path: /srv, access: [read]}"),
        }
        if let Some(access) = access {
            entry.access = access;
        }
        let Some((path, pattern)) = entry.path.filter(|_| reader.findings.len() == faults) else {
            continue;
        };
        let line = PathLine {
            optional: entry.optional,
            pattern,
            except: entry.except,
            source: reader.source(written, entry.description.as_deref()),
            ..PathLine::new(entry.access, path)
        };
        if line.access.is_empty() {
            reader.fault("value", &item.bytes, "no word says what is allowed", "");
            continue;
        }
        to.change(|policy| policy.path_line(line));
    }
}
