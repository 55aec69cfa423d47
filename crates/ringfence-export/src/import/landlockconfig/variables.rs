//! Variables of landlockconfig, of which each may have several values, and the paths that they come to.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::import::ImportError;

/// The most paths that the rules of a file may come to.
pub(super) const MOST_PATHS: usize = 20_000;

/// The most bytes of a path, as the kernel has it.
const MOST_BYTES: usize = 4096;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Variable {
    name: String,
    #[serde(default)]
    literal: Vec<String>,
}

/// The values of each.
pub(super) struct Variables(BTreeMap<String, Vec<String>>);

impl Variables {
    pub(super) fn new(written: &[Variable]) -> Self {
        let mut variables: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for variable in written {
            let values = variables.entry(variable.name.clone()).or_default();
            values.extend(variable.literal.iter().cloned());
            values.sort_unstable();
            values.dedup();
        }
        Self(variables)
    }

    /// The paths that a text with variables stands for: each may have several values.
    pub(super) fn paths(&self, written: &str) -> Result<Vec<String>, ImportError> {
        let mut paths = vec![String::new()];
        let mut rest = written;
        while let Some(at) = rest.find('$') {
            let (before, behind) = (&rest[..at], &rest[at + 1..]);
            append(&mut paths, before, written)?;
            if let Some(behind) = behind.strip_prefix('$') {
                append(&mut paths, "$", written)?;
                rest = behind;
            } else if let Some(inner) = behind.strip_prefix('{') {
                let (name, behind) = inner.split_once('}').ok_or_else(|| {
                    ImportError::part(
                        written,
                        "a `${` is not closed; close it, or write `$$` for a dollar",
                    )
                })?;
                let values = self.0.get(name).ok_or_else(|| {
                    ImportError::part(written, format!("the file gives `{name}` no value"))
                })?;
                if values.iter().any(|value| value.len() > MOST_BYTES) {
                    return Err(too_long(written));
                }
                paths = values
                    .iter()
                    .flat_map(|value| paths.iter().map(move |path| format!("{path}{value}")))
                    .take(MOST_PATHS + 1)
                    .collect();
                if paths.len() > MOST_PATHS {
                    return Err(too_many(written));
                }
                append(&mut paths, "", written)?;
                rest = behind;
            } else {
                append(&mut paths, "$", written)?;
                rest = behind;
            }
        }
        append(&mut paths, rest, written)?;
        match paths.iter().find(|path| !path.starts_with('/')) {
            Some(relative) => Err(ImportError::relative(relative)),
            None => Ok(paths),
        }
    }
}

/// Adds a text to all paths that `written` stands for.
fn append(paths: &mut [String], text: &str, written: &str) -> Result<(), ImportError> {
    for path in paths {
        path.push_str(text);
        if path.len() > MOST_BYTES {
            return Err(too_long(written));
        }
    }
    Ok(())
}

fn too_long(written: &str) -> ImportError {
    ImportError::part(
        shortened(written),
        "a path that it stands for is longer than 4,096 bytes, the most that a path may have",
    )
}

pub(super) fn too_many(written: &str) -> ImportError {
    ImportError::part(
        shortened(written),
        "with it the file stands for more than 20,000 paths; write fewer, or the directories above them",
    )
}

/// As much of a text as helps to find it.
fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}
