//! The unit that a drop-in is for, as far as the drop-in hangs on it.

use std::path::PathBuf;

use super::{Directive, FORMAT};
use crate::exported::ExportError;
use crate::unit::{self, Assignment, Backslash};

/// Where a second value takes the place of the first.
const REPLACED: [&str; 6] = [
    "LimitCPU",
    "LimitFSIZE",
    "MemoryMax",
    "RuntimeMaxSec",
    "SystemCallErrorNumber",
    "TasksMax",
];

/// What is started beside the command.
const BESIDE: [&str; 6] = [
    "ExecCondition",
    "ExecStartPre",
    "ExecStartPost",
    "ExecReload",
    "ExecStop",
    "ExecStopPost",
];

/// What a drop-in has to know of its unit.
pub(super) struct Base {
    /// Its command, as it is written there, or why there is none.
    pub(super) command: Result<String, ExportError>,
    /// What has to be reachable for it: its program, its directory.
    pub(super) needed: Vec<PathBuf>,
    /// Whether its `SystemCallFilter=` lists what is allowed.
    pub(super) lists_calls: bool,
    /// Whether it restricts address families itself.
    pub(super) families: bool,
    /// Those of [`REPLACED`] that it sets.
    replaced: Vec<&'static str>,
    /// Those of [`BESIDE`] that it has.
    beside: Vec<&'static str>,
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
        let set = |key: &&str| !of(&assignments, key).is_empty();
        Ok(Self {
            command,
            needed,
            lists_calls: calls.first().is_some_and(|first| !first.starts_with('~')),
            families: set(&"RestrictAddressFamilies"),
            replaced: REPLACED.into_iter().filter(set).collect(),
            beside: BESIDE.into_iter().filter(set).collect(),
        })
    }

    /// What these directives do to the unit, and what they do not.
    pub(super) fn notes(&self, directives: &[Directive]) -> Vec<String> {
        let sets = |key: &str| {
            let mut keys = directives.iter().filter_map(|one| one.text.split_once('='));
            keys.any(|(set, _)| set == key)
        };
        let replaced = self.replaced.iter().filter(|key| sets(key));
        let mut notes: Vec<_> = replaced
            .map(|key| format!("{key}= of the unit is replaced by that of the drop-in"))
            .collect();
        if !self.beside.is_empty() {
            notes.push(format!(
                "{}= of the unit are started without landlock-runner: only what systemd does restricts them",
                self.beside.join("=, ")
            ));
        }
        notes
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
    let command = value.trim_start_matches(['-', '@', ':', '+', '!', '|']);
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
