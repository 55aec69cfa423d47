//! `ringfence export systemd`.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command};
use ringfence_export::{ExportError, Exported, Service};

use super::{Format, Subject, files};

pub(super) const FORMAT: Format = Format {
    name: "systemd",
    about: "A service that starts the command by landlock-runner, with systemd's own means beside it",
    flags,
    export,
};

fn flags(command: Command) -> Command {
    let path = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name(value)
            .value_parser(clap::value_parser!(OsString))
            .value_hint(clap::ValueHint::AnyPath)
            .help(help)
    };
    command
        .arg(
            Arg::new("unit")
                .long("unit")
                .value_name("NAME")
                .value_parser(clap::value_parser!(OsString))
                .help("The unit that the drop-in is for [default: the name of the manifest]"),
        )
        .arg(path(
            "unit-file",
            "FILE",
            "The unit as it is: its command is taken if no other is named, and what it restricts is minded",
        ))
        .arg(path(
            "runner",
            "PATH",
            "Where landlock-runner is [default: /usr/bin/landlock-runner]",
        ))
        .arg(path(
            "installed-in",
            "DIR",
            "The directory of units that the files are for [default: /etc/systemd/system]",
        ))
        .arg(
            Arg::new("whole-unit")
                .long("whole-unit")
                .help("Write a whole unit instead of a drop-in for one")
                .action(ArgAction::SetTrue),
        )
        .arg(
            Arg::new("command")
                .value_name("COMMAND")
                .help("The command, if it is not the manifest's")
                .value_parser(clap::value_parser!(OsString))
                .num_args(1..)
                .last(true),
        )
}

fn export(subject: &Subject, matches: &ArgMatches) -> Result<Exported, ExportError> {
    let given = |name: &str| matches.get_one::<OsString>(name);
    let unit = match given("unit") {
        Some(unit) => text(unit)?,
        None => text(subject.file.file_stem().unwrap_or_default())?,
    };
    let mut service = Service::new(unit, subject.file.clone());
    if let Some(runner) = given("runner") {
        service.runner = text(runner)?;
    }
    if let Some(directory) = given("installed-in") {
        service.directory = PathBuf::from(directory);
    }
    if let Some(file) = given("unit-file") {
        let read = files::read(Path::new(file)).map_err(|error| ExportError::Text {
            text: file.display().to_string(),
            why: format!("the unit cannot be read: {error}"),
        })?;
        service.base = Some(read);
    }
    service.variables = texts(&subject.set)?;
    let command: Vec<_> = matches
        .get_many::<OsString>("command")
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    service.command = texts(&command)?;
    service.whole = matches.get_flag("whole-unit");
    ringfence_export::systemd(&subject.manifest, &service)
}

fn texts(values: &[OsString]) -> Result<Vec<String>, ExportError> {
    values.iter().map(|value| text(value)).collect()
}

fn text(value: &OsStr) -> Result<String, ExportError> {
    match value.to_str() {
        Some(text) => Ok(text.to_owned()),
        None => Err(ExportError::Text {
            text: value.display().to_string(),
            why: "a unit file is UTF-8, and this is not".to_owned(),
        }),
    }
}
