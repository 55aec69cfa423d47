//! `ringfence export`: a manifest in the format of another tool, and an account of what that keeps.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command};
use ringfence::{Arch, Plan, Policy};
use ringfence_export::{ExportError, Exported, ExportedFile};
use ringfence_manifest::{Manifest, Variables};

use super::arguments::{file, file_argument, json_flag, variables, variables_flag};
use super::{NAME, files, print_json};
use crate::invocation::{UsageError, require_used};
use crate::ui;

mod apparmor;
mod kubernetes;
mod landlockconfig;
mod oci_seccomp;
mod systemd;

/// The exit code if the manifest cannot be used or exported.
const UNUSABLE: u8 = 2;

/// A format that manifests are exported to.
struct Format {
    /// Its name on the command line.
    name: &'static str,
    about: &'static str,
    /// Adds the flags that it alone has.
    flags: fn(Command) -> Command,
    export: fn(&Subject, &ArgMatches) -> Result<Exported, ExportError>,
}

/// What is exported.
struct Subject {
    /// The file, as a whole path.
    file: PathBuf,
    manifest: Manifest,
    /// The manifest's files: itself, and all that it includes.
    sources: Vec<PathBuf>,
    /// The variables that the command line gave, by which the manifest was read.
    set: Vec<OsString>,
}

const FORMATS: &[Format] = &[
    systemd::FORMAT,
    oci_seccomp::FORMAT,
    kubernetes::FORMAT,
    apparmor::FORMAT,
    landlockconfig::FORMAT,
];

pub(super) fn command() -> Command {
    let formats = FORMATS.iter().map(|format| {
        let common = Command::new(format.name)
            .about(format.about)
            .arg(file_argument("file", "The manifest"))
            .arg(variables_flag())
            .arg(
                Arg::new("output")
                    .short('o')
                    .long("output")
                    .value_name("DIR")
                    .value_parser(clap::value_parser!(OsString))
                    .value_hint(clap::ValueHint::DirPath)
                    .help("Write the files into this directory instead of printing them"),
            )
            .arg(
                json_flag()
                    .conflicts_with("output")
                    .help("Print the files and the account as JSON"),
            );
        // Behind the file, as the command of some formats is.
        (format.flags)(common)
    });
    Command::new("export")
        .about("Write a manifest in the format of another tool, and say what enforces each line there")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(formats)
        .after_help(
            "The files go to standard output or to the directory of --output, the account of every line to \
             standard error.\n\nExit codes:\n  0    exported\n  1    a file cannot be written\n  2    the manifest cannot be used, or \
             cannot be said in this format\n  125  the command line is wrong",
        )
}

pub(super) fn main(matches: &ArgMatches) -> u8 {
    let Some((name, matches)) = matches.subcommand() else {
        return UNUSABLE;
    };
    let Some(format) = FORMATS.iter().find(|format| format.name == name) else {
        return UNUSABLE;
    };
    let subject = match subject(matches) {
        Ok(subject) => subject,
        Err(error) => return ui::fail(NAME, &error, UNUSABLE),
    };
    let exported = match (format.export)(&subject, matches) {
        Ok(exported) => exported,
        Err(error) => return ui::fail(NAME, &error, UNUSABLE),
    };
    if matches.get_flag("json") {
        return print_json(&exported);
    }
    let code = match matches.get_one::<OsString>("output") {
        Some(directory) => write(&exported, &subject.sources, Path::new(directory)),
        None => ui::print_as_it_is(&joined(&exported)),
    };
    if code == 0 {
        ui::message(&account(&exported));
    }
    code
}

fn subject(matches: &ArgMatches) -> Result<Subject, UsageError> {
    let variables: Variables = variables(matches)?;
    let file = file(matches, "file");
    // Other tools start elsewhere, where a relative path would lead to something else.
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let set = matches
        .get_many::<OsString>("set")
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    match Manifest::read(&file, &variables) {
        Ok((manifest, sources)) => {
            require_used(&variables, &sources)?;
            Ok(Subject {
                file,
                manifest,
                sources: sources.files().map(Path::to_path_buf).collect(),
                set,
            })
        }
        Err(faults) => Err(UsageError::Manifest {
            file,
            faults: Box::new(faults),
        }),
    }
}

/// For formats that hang on the numbers of system calls.
fn arch_flag() -> Arg {
    let read = |text: &str| {
        let found = Arch::ALL.into_iter().find(|arch| arch.to_string() == text);
        found.ok_or_else(|| "the architectures are x86_64, aarch64 and riscv64".to_owned())
    };
    let arch = Arg::new("arch")
        .long("arch")
        .value_name("ARCH")
        .value_parser(read)
        .help("The architecture of the nodes: x86_64, aarch64 or riscv64");
    match Arch::NATIVE {
        Some(native) => arch.default_value(native.to_string()),
        None => arch.required(true),
    }
}

/// What the lines about paths come to on this machine; why they cannot be looked up is said.
fn look_up(policy: &Policy) -> Option<Plan> {
    ringfence_export::look_up(policy)
        .map_err(|error| {
            let why = ui::with_causes(&error);
            ui::note(NAME, &format!("the paths were not looked up: {why}"));
        })
        .ok()
}

/// The files one after the other; a line with its name stands before each if there are several.
fn joined(exported: &Exported) -> String {
    let mut text = String::new();
    for file in &exported.files {
        if exported.files.len() > 1 {
            let _ = writeln!(text, "# {}", file.name);
        }
        text.push_str(&file.text);
    }
    text
}

/// What becomes of each line, as a table.
fn account(exported: &Exported) -> String {
    let by =
        |fate: &ringfence_export::Fate| fate.by.clone().unwrap_or_else(|| "nothing".to_owned());
    let width = |text: fn(&ringfence_export::Fate) -> usize, title: usize| {
        exported
            .account
            .iter()
            .map(text)
            .max()
            .unwrap_or(0)
            .clamp(title, 60)
    };
    let lines = width(|fate| fate.line.chars().count(), "LINE".len());
    let enforcers = width(
        |fate| fate.by.as_deref().unwrap_or("nothing").chars().count(),
        "ENFORCED BY".len(),
    );
    let mut text = format!("{:lines$}  {:enforcers$}  NOTE\n", "LINE", "ENFORCED BY");
    for fate in &exported.account {
        let row = format!(
            "{:lines$}  {:enforcers$}  {}",
            fate.line,
            by(fate),
            fate.note
        );
        let _ = writeln!(text, "{}", row.trim_end());
    }
    for note in &exported.notes {
        let _ = write!(text, "\nnote: {note}");
    }
    text
}

/// Writes the files, each of them whole or not at all; none in the place of what is exported.
fn write(exported: &Exported, sources: &[PathBuf], directory: &Path) -> u8 {
    let place = |file: &ExportedFile| directory.join(&file.name);
    let sources: Vec<_> = sources
        .iter()
        .filter_map(|source| source.canonicalize().ok())
        .collect();
    for path in exported.files.iter().map(place) {
        if path
            .canonicalize()
            .is_ok_and(|path| sources.contains(&path))
        {
            return ui::fail(NAME, &WriteError::Source(path), 1);
        }
    }
    for file in &exported.files {
        let path = place(file);
        let parent = path.parent().unwrap_or(directory);
        let written =
            std::fs::create_dir_all(parent).and_then(|()| files::replace(&path, &file.text));
        if let Err(error) = written {
            return ui::fail(NAME, &WriteError::Failed(path, error), 1);
        }
    }
    0
}

#[derive(Debug, thiserror::Error)]
enum WriteError {
    #[error("cannot write {}", .0.display())]
    Failed(PathBuf, #[source] std::io::Error),
    #[error(
        "cannot write {}: it is a part of the manifest that is exported; name another directory", .0.display()
    )]
    Source(PathBuf),
}
