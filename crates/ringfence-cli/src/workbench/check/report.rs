//! What was found, for people and as JSON.

use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::Path;

use ringfence_manifest::{Finding, Severity, Sources};
use serde::Serialize;

use super::kernels::{Kernels, OnKernel};
use super::sarif;
use crate::ui;

/// What was found in a manifest.
pub(super) struct Report<'r> {
    pub(super) file: &'r Path,
    pub(super) findings: &'r [Finding],
    /// How many there are besides, in a file that is no manifest at all.
    pub(super) more: usize,
    pub(super) sources: &'r Sources,
    pub(super) kernels: Option<&'r Kernels>,
}

#[derive(Serialize)]
struct Json<'r> {
    file: String,
    findings: Vec<Item<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kernels: Option<&'r [OnKernel]>,
}

#[derive(Serialize)]
struct Item<'r> {
    severity: &'static str,
    code: &'static str,
    message: &'r str,
    help: &'r str,
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
}

impl Report<'_> {
    /// Prints it. `drawn` are the findings with their lines, in colour or without.
    pub(super) fn print(&self, format: &str, drawn: impl FnOnce(bool) -> String) -> u8 {
        match format {
            "json" => super::super::print_json(&self.json()),
            "sarif" => super::super::print_json(&sarif::Log::of(self)),
            _ => {
                let colour =
                    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
                let text = self.text(&drawn(colour));
                if !colour {
                    return ui::print(&text);
                }
                // What begins a colour is the drawing's own: it lets none of the manifest's through.
                let parts: Vec<_> = text.split('\u{1b}').map(ui::printable).collect();
                ui::print_as_it_is(&parts.join("\u{1b}"))
            }
        }
    }

    fn text(&self, drawn: &str) -> String {
        let mut text = drawn.to_owned();
        if let Some(kernels) = self.kernels {
            let _ = writeln!(text, "{}", kernels.text());
        }
        let file = ui::shown(self.file);
        let _ = match self.findings.len() + self.more {
            0 => writeln!(text, "{file}: nothing found"),
            1 => writeln!(text, "{file}: 1 finding"),
            many => writeln!(text, "{file}: {many} findings"),
        };
        text
    }

    fn json(&self) -> Json<'_> {
        let item = |finding| {
            let position = self.position(finding);
            Item {
                severity: level(finding),
                code: finding.code,
                message: &finding.message,
                help: &finding.help,
                file: position.map(|(file, ..)| file.display().to_string()),
                line: position.map(|(_, line, _)| line),
                column: position.map(|(.., column)| column),
            }
        };
        Json {
            file: self.file.display().to_string(),
            findings: self.findings.iter().map(item).collect(),
            more: Some(self.more).filter(|more| *more > 0),
            kernels: self.kernels.map(|kernels| &*kernels.0),
        }
    }

    /// The file, line and column of a finding.
    pub(super) fn position(&self, finding: &Finding) -> Option<(&Path, usize, usize)> {
        let place = finding.place.as_ref()?;
        let (line, column) = self.sources.position(place);
        Some((self.sources.name(place.file), line, column))
    }
}

pub(super) fn level(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
