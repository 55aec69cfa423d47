//! What the three formats have in common: a tree of values that know their place in the text.

use std::ops::Range;

mod toml;
mod yaml;

use crate::finding::Finding;
use crate::sources::FileId;

/// The most values that a manifest may have: far more than the largest that is made by a program.
const MOST_VALUES: usize = 1_000_000;

/// What is said of a manifest that has more.
const TOO_MANY: &str = "a manifest has at most a million keys and values";

/// A value and where it stands, in bytes.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) bytes: Range<usize>,
    pub(crate) value: Value,
}

#[derive(Clone, Debug)]
pub(crate) enum Value {
    Null,
    Switch(bool),
    Number(i64),
    /// A number that no key takes: with a fraction, or too large. As written.
    OtherNumber(String),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Name, Node)>),
}

/// A key of a map.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) bytes: Range<usize>,
}

impl Node {
    /// What the value is, for messages.
    pub(crate) fn kind(&self) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Switch(value) => format!("the word {value}"),
            Value::Number(number) => format!("the number {number}"),
            Value::OtherNumber(number) => format!("the number {number}"),
            Value::Text(_) => "a text".to_owned(),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }
}

/// The language that a manifest is written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// YAML 1.2, of which JSON is a part.
    #[default]
    Yaml,
    /// TOML 1.1.
    Toml,
}

impl Format {
    /// The format of a file with this name: TOML if it ends in `.toml`, else YAML.
    pub fn of(path: &std::path::Path) -> Self {
        if path
            .extension()
            .is_some_and(|extension| extension == "toml")
        {
            Self::Toml
        } else {
            Self::Yaml
        }
    }
}

/// Reads a text. Without a tree, there are faults.
pub(crate) fn read(format: Format, file: FileId, text: &str) -> (Option<Node>, Vec<Finding>) {
    match format {
        Format::Yaml => yaml::read(file, text),
        Format::Toml => toml::read(file, text),
    }
}
