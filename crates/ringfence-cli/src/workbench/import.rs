//! `ringfence import`: what another tool says, as a manifest.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command};
use ringfence_export::import::{self, ImportError, Imported};
use ringfence_manifest::Format;

use super::arguments::{file, file_argument};
use super::{NAME, files};
use crate::ui;

/// The exit code if the source cannot be used.
const UNUSABLE: u8 = 2;

pub(super) fn command() -> Command {
    let output = Arg::new("output")
        .short('o')
        .long("output")
        .value_name("FILE")
        .value_parser(clap::value_parser!(OsString))
        .value_hint(clap::ValueHint::FilePath)
        .help("Write the manifest to this new file instead of printing it");
    Command::new("import")
        .about("Make a manifest of what another tool says; what differs stands above it")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("landrun")
                .about("A command line of landrun")
                .arg(output.clone())
                .arg(
                    Arg::new("words")
                        .value_name("WORD")
                        .required(true)
                        .num_args(1..)
                        .last(true)
                        .value_parser(clap::value_parser!(OsString))
                        .help("The command line, behind `--`"),
                ),
        )
        .subcommand(
            Command::new("landlockconfig")
                .about("A file of landlockconfig, JSON or TOML")
                .arg(output.clone())
                .arg(file_argument("file", "The file; TOML if its name ends in .toml")),
        )
        .subcommand(
            Command::new("systemd")
                .about("A service unit of systemd")
                .arg(output)
                .arg(file_argument(
                    "file",
                    "The unit's file; /dev/stdin for what `systemctl cat` prints, which has its drop-ins too",
                )),
        )
        .after_help(
            "Exit codes:\n  0    imported\n  1    the file cannot be written\n  2    the source cannot be used\n  125  the command line is wrong\n\nExamples:\n  \
             ringfence import landrun -- landrun --rox /usr --connect-tcp 443 curl https://example.org\n  \
             systemctl cat tool | ringfence import systemd /dev/stdin",
        )
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cannot read {}", .0.display())]
    Read(PathBuf, #[source] std::io::Error),
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Unwritable(#[from] ringfence_manifest::Unwritable),
}

pub(super) fn main(matches: &ArgMatches) -> u8 {
    let Some((source, matches)) = matches.subcommand() else {
        return UNUSABLE;
    };
    let text = match import(source, matches).and_then(|imported| text(&imported)) {
        Ok(text) => text,
        Err(error) => return ui::fail(NAME, &error, UNUSABLE),
    };
    let Some(file) = matches.get_one::<OsString>("output") else {
        return ui::print_as_it_is(&text);
    };
    match files::create(Path::new(file), &text) {
        Ok(()) => 0,
        Err(error) => ui::fail(NAME, &WriteError(file.into(), error), 1),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("cannot write {}", .0.display())]
struct WriteError(PathBuf, #[source] std::io::Error);

fn import(source: &str, matches: &ArgMatches) -> Result<Imported, Error> {
    if source == "landrun" {
        let words = matches.get_many::<OsString>("words");
        return Ok(import::landrun(words.into_iter().flatten().cloned())?);
    }
    let file = file(matches, "file");
    let text = files::read(file).map_err(|error| Error::Read(file.to_owned(), error))?;
    if source == "systemd" {
        return Ok(import::systemd_unit(&text)?);
    }
    let format = match file.extension() {
        Some(extension) if extension == "toml" => Format::Toml,
        _ => Format::Yaml,
    };
    Ok(import::landlockconfig(&text, format, &|path| {
        path.is_file()
    })?)
}

/// The manifest, below what differs from its source.
fn text(imported: &Imported) -> Result<String, Error> {
    let mut text = String::new();
    for note in &imported.notes {
        let _ = writeln!(text, "# {}", ui::printable(note).replace('\n', " "));
    }
    text.push_str(&imported.manifest.to_yaml()?);
    Ok(text)
}
