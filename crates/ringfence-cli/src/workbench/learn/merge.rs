//! A policy that a run is added to: read and checked before the command runs, written in one step behind it.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use ringfence::{Kernel, Plan, Policy};
use ringfence_manifest::{Manifest, Variables, extend};

use super::super::arguments::variables;
use super::super::diff::Change;
use super::super::{NAME, files};
use crate::{run, ui};

pub(super) struct Merge {
    file: PathBuf,
    /// What stands in it.
    text: String,
    pub(super) policy: Policy,
    variables: Variables,
    /// Where the result is written.
    pub(super) target: PathBuf,
    /// What was written there last.
    written: Option<String>,
}

impl Merge {
    /// Reads the policy, if one was named; or the exit code.
    pub(super) fn read(matches: &ArgMatches) -> Result<Option<Self>, u8> {
        let Some(file) = matches.get_one::<OsString>("merge").map(PathBuf::from) else {
            return Ok(None);
        };
        let variables =
            variables(matches).map_err(|error| ui::fail(NAME, &error, run::SETUP_FAILED))?;
        let (manifest, _) = Manifest::read(&file, &variables)
            .map_err(|faults| ui::fail_manifest(NAME, &file, &faults, run::SETUP_FAILED))?;
        let text = editable(&file).map_err(|why| {
            let file = ui::shown(&file);
            let text = format!("error: cannot add to {file}, so that nothing was run: {why}");
            ui::note(NAME, &text);
            run::SETUP_FAILED
        })?;
        let target = matches.get_one::<OsString>("output").map(PathBuf::from);
        Ok(Some(Self {
            target: target.unwrap_or_else(|| file.clone()),
            file,
            text,
            policy: manifest.policy,
            variables,
            written: None,
        }))
    }

    /// Writes the policy with what was learned; what becomes allowed by that.
    pub(super) fn write(&mut self, learned: &str, kernel: Kernel) -> io::Result<Change> {
        self.require_unchanged()?;
        let text = extend(&self.text, learned).map_err(io::Error::other)?;
        let change = files::replace_checked(&self.target, &text, |draft| {
            let (manifest, _) = Manifest::read(draft, &self.variables)
                .map_err(|faults| io::Error::other(faults.to_string()))?;
            let change = Change::between(&self.policy, &manifest.policy, kernel);
            if !change.denied.is_empty() {
                let lost = change.denied.join(", ");
                return Err(io::Error::other(format!("it would deny {lost}")));
            }
            if let Err(refused) = Plan::new(manifest.policy, kernel).check() {
                let text = format!("note: this policy does not start on this kernel: {refused}");
                ui::note(NAME, &text);
            }
            Ok(change)
        })?;
        self.written = Some(text);
        Ok(change)
    }

    /// The command is not restricted, and others write files too.
    fn require_unchanged(&self) -> io::Result<()> {
        let (expected, file) = match &self.written {
            Some(written) => (written, &self.target),
            None => (&self.text, &self.file),
        };
        if files::read(file)? == *expected {
            return Ok(());
        }
        let file = ui::shown(file);
        Err(io::Error::other(format!(
            "{file} was changed meanwhile; run it again"
        )))
    }
}

/// The text of a manifest to which lines can be added; or why they cannot.
fn editable(file: &Path) -> Result<String, String> {
    let is_other = |format: &str| {
        let extension = file.extension().unwrap_or_default();
        extension.eq_ignore_ascii_case(format)
    };
    if is_other("toml") || is_other("json") {
        return Err("lines can only be added to YAML".to_owned());
    }
    let text = files::read(file).map_err(|error| error.to_string())?;
    extend(&text, "version: 1\n").map_err(|error| error.to_string())?;
    Ok(text)
}
