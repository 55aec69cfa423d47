//! Reading the values of a tree, each fault noted with its place while reading goes on.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ringfence::{Origin, Source};

use crate::finding::{Finding, MOST_KEPT, Place};
use crate::meant::meant;
use crate::shape::{Row, Shape};
use crate::sources::{FileId, Sources};
use crate::tree::{Name, Node, Value};
use crate::variables::{Filled, Variables};

/// A key of a mapping, and what reading its value puts into a `T`.
pub(crate) struct Key<T> {
    pub(crate) row: Row,
    /// Whether only the manifest itself may have it, and no file that it includes.
    pub(crate) main_only: bool,
    pub(crate) read: fn(&mut Reader<'_>, &mut T, &Node),
}

impl<T> Key<T> {
    pub(crate) const fn new(
        name: &'static str,
        shape: Shape,
        summary: &'static str,
        read: fn(&mut Reader<'_>, &mut T, &Node),
    ) -> Self {
        let row = Row {
            name,
            summary,
            shape,
            required: false,
        };
        Self {
            row,
            main_only: false,
            read,
        }
    }

    pub(crate) const fn required(mut self) -> Self {
        self.row.required = true;
        self
    }

    pub(crate) const fn main_only(mut self) -> Self {
        self.main_only = true;
        self
    }
}

/// What to do about what only the manifest itself may say.
pub(crate) const MAIN_ONLY: &str = "say it in the manifest itself: what is included only adds to \
                                    what is allowed or demanded";

/// What to do about a name that is taken for a pattern.
const ESCAPES: &str = "a name with `*`, `?` or `[` itself is written [*], [?], [[]";

/// Reads one file.
pub(crate) struct Reader<'r> {
    pub(crate) file: FileId,
    pub(crate) sources: &'r Sources,
    /// Where relative paths begin.
    pub(crate) directory: &'r Path,
    pub(crate) variables: &'r Variables,
    /// Whether another file includes this one.
    pub(crate) included: bool,
    pub(crate) findings: Vec<Finding>,
    /// Faults that were counted and not kept.
    pub(crate) more: usize,
}

impl Reader<'_> {
    pub(crate) fn place(&self, bytes: &Range<usize>) -> Place {
        Place {
            file: self.file,
            bytes: bytes.clone(),
        }
    }

    /// The place as a line of the policy remembers it.
    pub(crate) fn origin(&self, bytes: &Range<usize>, description: Option<&str>) -> Origin {
        self.sources
            .origin(&self.place(bytes), description.map(Arc::from))
    }

    /// The same as the source of a line.
    pub(crate) fn source(&self, bytes: &Range<usize>, description: Option<&str>) -> Source {
        Source::Manifest(Box::new(self.origin(bytes, description)))
    }

    /// Notes a fault.
    pub(crate) fn fault(
        &mut self,
        code: &'static str,
        bytes: &Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let finding = Finding::error(code, self.place(bytes), message).help(help);
        self.note(finding);
    }

    /// A file that is no manifest at all may have a fault in every word.
    fn note(&mut self, finding: Finding) {
        if self.findings.len() < MOST_KEPT {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }

    /// Notes a fault whose sentence ends with what to do, behind a semicolon.
    pub(crate) fn sentence(&mut self, code: &'static str, node: &Node, sentence: &str) {
        let (message, help) = sentence.split_once("; ").unwrap_or((sentence, ""));
        self.fault(code, &node.bytes, message, help);
    }

    /// Notes that a value has another form than its key takes.
    pub(crate) fn misshapen(&mut self, node: &Node, expected: &str) {
        let hint = match &node.value {
            Value::Text(text) if matches!(text.as_str(), "yes" | "no" | "on" | "off") => {
                "in YAML 1.2 this is a text; write true or false"
            }
            Value::Text(text) if text.contains(", ") => {
                "write several values as a list: [one, two]"
            }
            Value::Number(_) | Value::Switch(_)
                if expected.contains("a text") || expected.contains("a path") =>
            {
                "put it in quotes if it is meant"
            }
            _ => "",
        };
        let message = format!("expected {expected}, found {}", node.kind());
        self.fault("type", &node.bytes, message, hint);
    }

    /// Reads a mapping: each key of `keys`, and none besides. `what` names the mapping.
    pub(crate) fn object<T>(&mut self, node: &Node, what: &str, keys: &[Key<T>], to: &mut T) {
        let Value::Map(entries) = &node.value else {
            return self.misshapen(node, "a mapping");
        };
        let mut seen: HashMap<&str, &Name> = HashMap::new();
        for (name, value) in entries {
            if let Some(first) = seen.get(name.text.as_str()) {
                let finding = Finding::error(
                    "duplicate-key",
                    self.place(&name.bytes),
                    format!("`{}` stands twice in {what}", name.text),
                )
                .also(self.place(&first.bytes), "first here")
                .help("put what both say under one of them");
                self.note(finding);
                continue;
            }
            seen.insert(&name.text, name);
            match keys.iter().find(|key| key.row.name == name.text) {
                Some(key) if key.main_only && self.included => self.fault(
                    "main-only",
                    &name.bytes,
                    format!("an included file cannot say `{}`", name.text),
                    MAIN_ONLY,
                ),
                Some(key) => (key.read)(self, to, value),
                None => {
                    let names: Vec<_> = keys.iter().map(|key| key.row.name).collect();
                    let help = match meant(&name.text, &names) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => format!("the keys are {}", names.join(", ")),
                    };
                    let message = format!("unknown key `{}` in {what}", name.text);
                    self.fault("unknown-key", &name.bytes, message, help);
                }
            }
        }
        for key in keys.iter().filter(|key| key.row.required) {
            if !seen.contains_key(key.row.name) {
                let message = format!("`{}` is missing in {what}", key.row.name);
                let help = format!("write `{}:` and {}", key.row.name, key.row.shape.noun());
                let bytes = node.bytes.start..node.bytes.start;
                self.fault("missing-key", &bytes, message, help);
            }
        }
    }

    /// The items of a list.
    pub(crate) fn list<'n>(&mut self, node: &'n Node, expected: &str) -> &'n [Node] {
        match &node.value {
            Value::List(items) => items,
            _ => {
                self.misshapen(node, expected);
                &[]
            }
        }
    }

    /// The items of a list, or the one value that stands for a list of itself.
    pub(crate) fn one_or_list<'n>(&mut self, node: &'n Node, expected: &str) -> &'n [Node] {
        match &node.value {
            Value::List(items) => items,
            Value::Null => {
                self.misshapen(node, expected);
                &[]
            }
            _ => std::slice::from_ref(node),
        }
    }

    pub(crate) fn switch(&mut self, node: &Node) -> Option<bool> {
        match node.value {
            Value::Switch(value) => Some(value),
            _ => {
                self.misshapen(node, "true or false");
                None
            }
        }
    }

    pub(crate) fn number(&mut self, node: &Node, most: i64) -> Option<u64> {
        match node.value {
            Value::Number(number) if (0..=most).contains(&number) => u64::try_from(number).ok(),
            Value::Number(_) | Value::OtherNumber(_) => {
                let message = format!("expected a whole number from 0 to {most}");
                self.fault("value", &node.bytes, message, "");
                None
            }
            _ => {
                self.misshapen(node, &format!("a whole number from 0 to {most}"));
                None
            }
        }
    }

    /// A text as it is written, variables not filled in.
    pub(crate) fn raw<'n>(&mut self, node: &'n Node, expected: &str) -> Option<&'n str> {
        match &node.value {
            Value::Text(text) => Some(text),
            _ => {
                self.misshapen(node, expected);
                None
            }
        }
    }

    /// A text with its variables filled in.
    pub(crate) fn text(&mut self, node: &Node, expected: &str) -> Option<String> {
        let raw = self.raw(node, expected)?;
        self.filled(node, raw).map(|filled| filled.text)
    }

    /// A text, or a number or switch that can be taken as it is written: 8080, true. What is read
    /// as something else than its letters say, such as 0755, is refused.
    pub(crate) fn scalar(&mut self, node: &Node, expected: &str) -> Option<String> {
        let text = self.sources.text(self.file).get(node.bytes.clone());
        let written = text.unwrap_or_default();
        let read = match &node.value {
            Value::Number(number) => Some(number.to_string()),
            Value::Switch(switch) => Some(switch.to_string()),
            Value::OtherNumber(number) => number
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite())
                .map(|number| number.to_string()),
            Value::Null if !written.is_empty() => None,
            _ => return self.text(node, expected),
        };
        if read.as_deref() == Some(written) {
            return read;
        }
        let message = format!("expected {expected}, found {}", node.kind());
        let help = format!("write it in quotes: \"{written}\"");
        self.fault("type", &node.bytes, message, help);
        None
    }

    fn filled(&mut self, node: &Node, raw: &str) -> Option<Filled> {
        match self.variables.fill(raw) {
            Ok(filled) => Some(filled),
            Err(fault) => {
                self.fault("variable", &node.bytes, fault.message, fault.help);
                None
            }
        }
    }

    /// The name of an exception, relative to its path.
    pub(crate) fn exception(&mut self, node: &Node) -> Option<PathBuf> {
        let raw = self.raw(node, "a path relative to this one")?;
        let filled = self.filled(node, raw)?;
        let name = match filled.pattern {
            Some(pattern) => ringfence::literal_name(&pattern),
            None => Some(filled.text),
        };
        if name.is_none() {
            let message = "an exception is a name, and no pattern";
            let help = format!("write each name that is excepted; {ESCAPES}");
            self.fault("path", &node.bytes, message, help);
        }
        name.map(PathBuf::from)
    }

    /// A path that is no pattern.
    pub(crate) fn literal_path(&mut self, node: &Node) -> Option<PathBuf> {
        match self.path(node)? {
            (path, false) => Some(path),
            (_, true) => {
                self.fault("path", &node.bytes, "a pattern cannot stand here", ESCAPES);
                None
            }
        }
    }

    /// A path, and whether it is a pattern.
    pub(crate) fn path(&mut self, node: &Node) -> Option<(PathBuf, bool)> {
        let raw = self.raw(node, "a path")?;
        if raw.starts_with('~') {
            self.fault(
                "path",
                &node.bytes,
                "`~` is the shell's word and stands for nothing here",
                "write ${HOME}; a name that begins with ~ is written [~]",
            );
            return None;
        }
        let filled = self.filled(node, raw)?;
        if filled.in_brackets {
            self.fault(
                "variable",
                &node.bytes,
                "a variable stands in the brackets of a pattern, which are about characters",
                "write the characters out, or put the variable beside the brackets; a name with `[` \
                 itself is written [[]",
            );
            return None;
        }
        let fault = if filled.text.is_empty() {
            Some("the path is empty")
        } else if filled.text.contains('\0') {
            Some("the path has a NUL byte")
        } else {
            None
        };
        if let Some(fault) = fault {
            self.fault("path", &node.bytes, fault, "");
            return None;
        }
        let (path, pattern) = match filled.pattern {
            Some(pattern) => match glob::Pattern::new(&pattern) {
                Ok(_) => match ringfence::literal_name(&pattern) {
                    Some(literal) => (literal, false),
                    None => (pattern, true),
                },
                Err(error) => {
                    let message = format!("this is no pattern: {}", error.msg);
                    self.fault("path", &node.bytes, message, ESCAPES);
                    return None;
                }
            },
            None => (filled.text, false),
        };
        let path = if pattern && self.directory.to_string_lossy().contains(['*', '?', '[']) {
            let directory = glob::Pattern::escape(&self.directory.to_string_lossy());
            Path::new(&directory).join(path)
        } else {
            self.directory.join(path)
        };
        Some((path, pattern))
    }
}
