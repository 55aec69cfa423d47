//! What a unit sets, by key.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::values;
use crate::import::ImportError;
use crate::unit::{Assignment, Backslash, words};

/// One value of a key.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) key: String,
    pub(super) text: String,
    pub(super) line: usize,
}

impl Value {
    pub(super) fn error(&self, why: impl Into<String>) -> ImportError {
        ImportError::Line {
            line: self.line,
            text: format!("{}={}", self.key, self.text),
            why: why.into(),
        }
    }

    /// Its words, quotes taken off and specifiers as they are.
    pub(super) fn words(&self, backslash: Backslash) -> Result<Vec<String>, ImportError> {
        words(&self.text, backslash).map_err(|why| self.error(why))
    }

    /// Yes or no.
    pub(super) fn is_on(&self) -> Result<bool, ImportError> {
        values::boolean(&self.text).ok_or_else(|| self.error("write yes or no"))
    }
}

impl fmt::Display for Value {
    /// For readers: on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = format!("{}={}", self.key, self.text);
        write!(f, "`{}` (line {})", shown.escape_debug(), self.line)
    }
}

/// All that `[Service]` sets. An empty value takes back those before it.
pub(super) struct Settings {
    service: BTreeMap<String, Vec<Value>>,
    pub(super) description: Option<String>,
    /// What somebody has looked at.
    seen: RefCell<BTreeSet<String>>,
}

impl Settings {
    pub(super) fn new(assignments: Vec<Assignment>) -> Self {
        let mut settings = Self {
            service: BTreeMap::new(),
            description: None,
            seen: RefCell::default(),
        };
        for Assignment {
            section,
            key,
            value,
            line,
        } in assignments
        {
            if section == "Unit" && key == "Description" && !value.contains('%') {
                settings.description = Some(value);
            } else if section == "Service" {
                let values = settings.service.entry(key.clone()).or_default();
                if value.is_empty() {
                    values.clear();
                } else {
                    values.push(Value {
                        key,
                        text: value,
                        line,
                    });
                }
            }
        }
        settings
    }

    /// The values of a key that adds up.
    pub(super) fn all(&self, key: &str) -> Vec<Value> {
        self.seen.borrow_mut().insert(key.to_owned());
        self.service.get(key).cloned().unwrap_or_default()
    }

    /// The value of a key of which the last counts.
    pub(super) fn last(&self, key: &str) -> Option<Value> {
        self.all(key).pop()
    }

    /// Whether a switch is on.
    pub(super) fn is_on(&self, key: &str) -> Result<bool, ImportError> {
        self.last(key).map_or(Ok(false), |value| value.is_on())
    }

    /// The first value of each key that nobody has looked at.
    pub(super) fn unseen(&self) -> Vec<Value> {
        let seen = self.seen.borrow();
        self.service
            .iter()
            .filter(|(key, _)| !seen.contains(*key))
            .filter_map(|(_, values)| values.last().cloned())
            .collect()
    }
}
