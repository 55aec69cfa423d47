//! The unit that a drop-in is for, as far as the drop-in hangs on it.

use std::path::PathBuf;

use super::FORMAT;
use crate::exported::ExportError;
use crate::unit::{self, Assignment, Backslash};

/// What a drop-in has to know of its unit.
pub(super) struct Base {
    /// Its command, as it is written there, or why there is none.
    pub(super) command: Result<String, ExportError>,
    /// What has to be reachable for it: its program, its directory.
    pub(super) needed: Vec<PathBuf>,
    /// Whether its `SystemCallFilter=` lists what is allowed.
    pub(super) lists_calls: bool,
}

impl Base {
    pub(super) fn read(text: &str) -> Result<Self, ExportError> {
        let assignments = unit::assignments(text)
            .map_err(|fault| cannot(&format!("the unit file, line {}", fault.line), &fault.why))?;
        let command = command(&of(&assignments, "ExecStart"));
        let mut needed = Vec::new();
        if let Ok(command) = &command {
            let words = unit::words(command, Backslash::Escapes).unwrap_or_default();
            let program = words.first().map(|word| word.trim_start_matches('-'));
            needed.extend(program.map(PathBuf::from));
        }
        let directory = of(&assignments, "WorkingDirectory").pop();
        needed.extend(directory.map(|value| match value.trim_start_matches('-') {
            // The home directory of some user, or what a specifier stands for.
            unknown if unknown.starts_with('~') || unknown.contains('%') => PathBuf::from("/"),
            path => PathBuf::from(path),
        }));
        let calls = of(&assignments, "SystemCallFilter");
        Ok(Self {
            command,
            needed,
            lists_calls: calls.first().is_some_and(|first| !first.starts_with('~')),
        })
    }
}

/// The values of a key; an empty one takes back those before it.
fn of<'a>(assignments: &'a [Assignment], key: &str) -> Vec<&'a str> {
    let mut values = Vec::new();
    for assignment in assignments {
        if assignment.section == "Service" && assignment.key == key {
            if assignment.value.is_empty() {
                values.clear();
            } else {
                values.push(assignment.value.as_str());
            }
        }
    }
    values
}

fn command(values: &[&str]) -> Result<String, ExportError> {
    let value = match values {
        [] => return Err(ExportError::NoCommand(FORMAT)),
        [value] => *value,
        _ => {
            return Err(cannot(
                "the unit file",
                "it has several commands (ExecStart=), and a manifest is for one; name it behind `--`",
            ));
        }
    };
    let cannot = |why| Err(cannot(&format!("ExecStart={value}"), why));
    let command = value.trim_start_matches(['-', '@', ':', '+', '!']);
    if !["", "-"].contains(&value.strip_suffix(command).unwrap_or(value)) {
        return cannot(
            "what its first characters ask for cannot be had through the wrapper; name the command behind `--`",
        );
    }
    match unit::words(value, Backslash::Escapes) {
        Err(why) => cannot(&why),
        Ok(words) if words.iter().any(|word| word == ";") => cannot(
            "it has several commands with `;` between, and a manifest is for one; name it behind `--`",
        ),
        Ok(_) => Ok(value.to_owned()),
    }
}

fn cannot(text: &str, why: &str) -> ExportError {
    ExportError::Text {
        text: text.to_owned(),
        why: why.to_owned(),
    }
}
