//! The line that starts the command by the wrapper.

use std::path::Path;

use ringfence_manifest::Manifest;

use super::base::Base;
use super::{FORMAT, Service, escape};
use crate::exported::ExportError;

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
        base: Option<&Base>,
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
        match (named, base) {
            (Some(command), _) => {
                for word in command {
                    words.push(argument(word)?);
                }
            }
            (None, Some(base)) => {
                let raw = base.command.clone()?;
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
