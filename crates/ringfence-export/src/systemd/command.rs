//! The line that starts the command by the wrapper.

use std::path::Path;

use ringfence_manifest::Manifest;

use super::{FORMAT, Service, escape};
use crate::exported::ExportError;
use crate::unit::{self, Assignment, Backslash};

/// `ExecStart=`, and what has to be known about it.
pub(super) struct Started {
    pub(super) line: String,
    pub(super) notes: Vec<String>,
}

impl Started {
    /// `read` is the manifest that the wrapper reads; a copy has its variables filled in.
    pub(super) fn new(
        manifest: &Manifest,
        service: &Service,
        read: &Path,
        copied: bool,
    ) -> Result<Self, ExportError> {
        let cannot = |text: &str, why: &str| ExportError::Text {
            text: text.to_owned(),
            why: why.to_owned(),
        };
        let argument = |text: &str| escape::argument(text).map_err(|why| cannot(text, why));
        let runner =
            escape::program(&service.runner).map_err(|why| cannot(&service.runner, why))?;
        let file = read.to_str().ok_or_else(|| {
            cannot(
                &read.display().to_string(),
                "a unit file is UTF-8, and the path of the manifest is not",
            )
        })?;
        if !read.is_absolute() {
            return Err(cannot(
                file,
                "systemd starts services in `/`, so that the path of the manifest has to be whole",
            ));
        }
        let mut words = vec![runner, "--policy".to_owned(), argument(file)?];
        let mut notes = Vec::new();
        if copied {
            notes.push(format!(
                "limits that landlock-runner refuses are systemd's, and it reads a copy without them: put the files \
                 into {}",
                service.directory.display()
            ));
        } else {
            for variable in &service.variables {
                words.extend(["--set".to_owned(), argument(variable)?]);
            }
            notes.push(
                "variables of the manifest that --set does not give come from this environment here, and from the service's when \
                 the wrapper starts"
                    .to_owned(),
            );
        }
        words.push("--".to_owned());

        let mut prefix = "";
        let named = [&service.command, &manifest.command]
            .into_iter()
            .find(|command| !command.is_empty());
        match (named, &service.base) {
            (Some(command), _) => {
                for word in command {
                    words.push(argument(word)?);
                }
            }
            (None, Some(base)) => {
                let raw = of_unit(base)?;
                prefix = if raw.starts_with('-') { "-" } else { "" };
                // As written: systemd fills in its specifiers and variables as it did before.
                words.push(raw.trim_start_matches('-').to_owned());
            }
            (None, None) => return Err(ExportError::NoCommand(FORMAT)),
        }
        Ok(Self {
            line: format!("ExecStart={prefix}{}", words.join(" ")),
            notes,
        })
    }
}

/// The command of a unit, as it is written there.
fn of_unit(text: &str) -> Result<String, ExportError> {
    let cannot = |text: &str, why: &str| ExportError::Text {
        text: text.to_owned(),
        why: why.to_owned(),
    };
    let assignments = unit::assignments(text)
        .map_err(|fault| cannot(&format!("the unit file, line {}", fault.line), &fault.why))?;
    let mut commands: Vec<Assignment> = Vec::new();
    for assignment in assignments {
        if assignment.section == "Service" && assignment.key == "ExecStart" {
            if assignment.value.is_empty() {
                commands.clear();
            } else {
                commands.push(assignment);
            }
        }
    }
    let [command] = commands.as_slice() else {
        return match commands.len() {
            0 => Err(ExportError::NoCommand(FORMAT)),
            _ => Err(cannot(
                "the unit file",
                "it has several commands (ExecStart=), and a manifest is for one; name it behind `--`",
            )),
        };
    };
    let value = command.value.as_str();
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
