//! A unit of systemd → a manifest.
//!
//! The two begin at opposite ends. A unit leaves open what no directive closes, and a manifest denies
//! what no line allows. So a directive becomes a line only where the line allows no more than the unit
//! did, and each thing that the unit left open is a note.

use std::path::PathBuf;

use ringfence::{Access, PathLine, Policy, PolicyBuilder};
use ringfence_manifest::Manifest;

use super::{ImportError, Imported};
use crate::unit;

mod calls;
mod network;
mod paths;
mod roots;
mod service;
mod settings;
#[cfg(test)]
mod tests;
mod values;

use settings::{Settings, Value};

/// Reads a unit with a `[Service]`, and says it as a manifest.
///
/// # Errors
/// A text that is no unit, and a directive that restricts in a way that would be lost.
pub fn systemd_unit(text: &str) -> Result<Imported, ImportError> {
    let assignments = unit::assignments(text).map_err(|fault| ImportError::Line {
        line: fault.line,
        text: text.lines().nth(fault.line - 1).unwrap_or("").to_owned(),
        why: fault.why,
    })?;
    if !text.lines().any(|line| line.trim() == "[Service]") {
        return Err(ImportError::Syntax {
            format: "a unit of a service",
            why: "it has no [Service]".to_owned(),
        });
    }
    let mut import = Import {
        settings: Settings::new(assignments),
        manifest: Manifest::default(),
        policy: Policy::builder(),
        notes: Vec::new(),
    };
    for root in ["RootDirectory", "RootImage"] {
        if let Some(value) = import.settings.last(root) {
            return Err(
                value.error("paths of the unit are not those of the machine; a manifest's are")
            );
        }
    }
    import.service()?;
    import.paths()?;
    import.network()?;
    import.calls()?;
    import.limits()?;
    import.rest();
    let Import {
        mut manifest,
        policy,
        notes,
        ..
    } = import;
    manifest.policy = policy.build()?;
    Ok(Imported { manifest, notes })
}

/// A unit on its way.
struct Import {
    settings: Settings,
    manifest: Manifest,
    policy: PolicyBuilder,
    notes: Vec<String>,
}

impl Import {
    fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// A directive that is not followed, which leaves the manifest narrower than the unit.
    fn left_out(&mut self, value: &Value, why: &str) {
        self.notes.push(format!("{value} is left out: {why}"));
    }

    fn allow(&mut self, line: PathLine) {
        let policy = std::mem::take(&mut self.policy);
        self.policy = policy.path_line(line);
    }

    fn change(&mut self, change: impl FnOnce(PolicyBuilder) -> PolicyBuilder) {
        self.policy = change(std::mem::take(&mut self.policy));
    }

    /// Lines about paths, and notes about those that the unit leaves open.
    fn paths(&mut self) -> Result<(), ImportError> {
        let found = paths::Paths::of(&self.settings)?;
        self.notes.extend(found.notes.iter().cloned());
        for granted in found.granted(&mut self.notes) {
            self.allow(PathLine {
                optional: granted.optional,
                except: granted.except,
                ..PathLine::new(granted.access, granted.path)
            });
        }
        if found.has_exceptions() {
            self.note(
                "what the unit hides or protects is compared with what it allows by name; where a symlink leads from \
                 one to the other, write an exception (`except:`) yourself",
            );
        }
        self.note(
            "the unit lets every file be read that its mode and the lines above do not close; the manifest denies \
             what it does not list: add `include: [base]` and lines under `ro:` for what the program opens",
        );
        if found.write_is_open() {
            self.note(
                "the unit lets files be changed wherever their modes allow it (no ProtectSystem=strict); the manifest \
                 denies it: add lines under `rw:`",
            );
        }
        Ok(())
    }
}

/// A line to be.
struct Granted {
    path: PathBuf,
    access: Access,
    except: Vec<PathBuf>,
    optional: bool,
}
