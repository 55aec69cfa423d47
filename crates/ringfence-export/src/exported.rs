//! What an export is: files, and an account of each line of the manifest.

use ringfence::Class;
use serde::Serialize;

use crate::line::Line;

/// A manifest in the format of another tool.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Exported {
    /// The files, in the order in which they are used.
    pub files: Vec<ExportedFile>,
    /// What becomes of each line of the manifest, and of what stays open beside them.
    pub account: Vec<Fate>,
    /// What holds for the whole export and its user should know, a sentence each.
    pub notes: Vec<String>,
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ExportedFile {
    /// Its usual name, relative to where exports are written.
    pub name: String,
    /// What is in it.
    pub text: String,
}

/// What becomes of a line of the manifest in another format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fate {
    /// The line, as its author wrote it, or the name of a class that no line is about.
    pub line: String,
    /// What enforces it there; nothing if it is lost.
    pub by: Option<String>,
    /// How, or why it is not.
    pub note: String,
}

impl Fate {
    /// The line is enforced by this.
    pub(crate) fn by(line: &Line<'_>, by: impl Into<String>, note: impl Into<String>) -> Self {
        Self {
            line: line.to_string(),
            by: Some(by.into()),
            note: note.into(),
        }
    }

    /// Nothing enforces the line, for this reason.
    pub(crate) fn lost(line: &Line<'_>, why: impl Into<String>) -> Self {
        Self {
            line: line.to_string(),
            by: None,
            note: why.into(),
        }
    }

    /// No line allows this class, and nothing denies it there.
    pub(crate) fn open(class: Class) -> Self {
        Self {
            line: class.name().to_owned(),
            by: None,
            note: format!("open: {}", class.summary()),
        }
    }
}

/// A manifest that cannot be said in another format without becoming another one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// What the format cannot say.
    #[error("cannot export `{line}`: {why}")]
    Line {
        /// The line.
        line: String,
        /// Why not, and what to do.
        why: String,
    },
    /// A text that the format has no way to hold, or that means nothing there.
    #[error("cannot export `{}`: {why}", .text.escape_debug())]
    Text {
        /// The text.
        text: String,
        /// Why not, and what to do.
        why: String,
    },
    /// No command to start.
    #[error("the manifest names no command, and {0} starts one; write it as `command:`")]
    NoCommand(&'static str),
    /// Nothing would be restricted.
    #[error("the manifest leaves alone all that {0} could restrict; there is nothing to export")]
    Nothing(&'static str),
    /// What the export was asked for with.
    #[error("cannot use `{value}` as {what}: {why}")]
    Option {
        /// What it was to be.
        what: &'static str,
        /// What was given.
        value: String,
        /// Why it does not serve.
        why: &'static str,
    },
    /// The manifest cannot be written down.
    #[error(transparent)]
    Unwritable(#[from] ringfence_manifest::Unwritable),
}

impl ExportError {
    pub(crate) fn line(line: &Line<'_>, why: impl Into<String>) -> Self {
        Self::Line {
            line: line.to_string(),
            why: why.into(),
        }
    }
}
