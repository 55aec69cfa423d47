//! `ringfence fmt`: lays out manifests anew, comments kept.

use std::ffi::OsString;
use std::path::Path;

use clap::{Arg, ArgAction, ArgMatches, Command};
use ringfence_manifest::{Unformattable, format};

use super::{NAME, files};
use crate::ui;

/// The exit code if a file cannot be read, laid out or written.
const UNUSABLE: u8 = 2;

pub(super) fn command() -> Command {
    Command::new("fmt")
        .about("Lay out manifests in YAML anew; comments, order and words stay")
        .arg(
            Arg::new("files")
                .value_name("FILE")
                .required(true)
                .num_args(1..)
                .value_parser(clap::value_parser!(OsString))
                .value_hint(clap::ValueHint::FilePath)
                .help("The files, changed in place"),
        )
        .arg(
            Arg::new("check")
                .long("check")
                .action(ArgAction::SetTrue)
                .help("Change nothing, and name the files that would be changed"),
        )
        .after_help(
            "Exit codes:\n  0  every file is laid out\n  1  with --check: some are not\n  2  a file cannot be \
             used\n\nExamples:\n  ringfence fmt policy.yaml\n  ringfence fmt --check *.yaml",
        )
}

#[derive(Debug, thiserror::Error)]
enum FormatError {
    #[error("cannot read {0}")]
    Read(String, #[source] std::io::Error),
    #[error("cannot lay out {0}")]
    LayOut(String, #[source] Unformattable),
    #[error("cannot lay out {0}: it is {1}, and this lays out YAML alone")]
    Other(String, &'static str),
    #[error("cannot write {0}")]
    Write(String, #[source] std::io::Error),
}

pub(super) fn main(matches: &ArgMatches) -> u8 {
    let check = matches.get_flag("check");
    let mut code = 0;
    for file in matches.get_many::<OsString>("files").into_iter().flatten() {
        let file = Path::new(file);
        match lay_out(file, check) {
            Ok(true) if check => {
                code = code
                    .max(ui::print(&format!("{}\n", ui::shown(file))))
                    .max(1);
            }
            Ok(_) => {}
            Err(error) => code = ui::fail(NAME, &error, UNUSABLE),
        }
    }
    code
}

/// Whether the file was changed, or would be.
fn lay_out(file: &Path, check: bool) -> Result<bool, FormatError> {
    let name = || ui::shown(file);
    // What is laid out is YAML, which readers of JSON do not understand.
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => return Err(FormatError::Other(name(), "TOML")),
        Some("json") => return Err(FormatError::Other(name(), "JSON")),
        _ => {}
    }
    let text = std::fs::read_to_string(file).map_err(|error| FormatError::Read(name(), error))?;
    let laid_out = format(&text).map_err(|error| FormatError::LayOut(name(), error))?;
    if laid_out == text {
        return Ok(false);
    }
    if !check {
        files::replace(file, &laid_out).map_err(|error| FormatError::Write(name(), error))?;
    }
    Ok(true)
}
