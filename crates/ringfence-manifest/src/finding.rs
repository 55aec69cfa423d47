//! What is wrong with a manifest, with its place in the text, drawn as a person reads it.

use std::fmt;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::shown::shown;
use crate::sources::{FileId, Sources};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The manifest works, but may not do what its author wants.
    Warning,
    /// The manifest cannot be used.
    Error,
}

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The file.
    pub file: FileId,
    /// The bytes of its text.
    pub bytes: Range<usize>,
}

/// One thing to say about a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of finding it is, as a name with hyphens.
    pub code: &'static str,
    /// What is the matter, as a sentence.
    pub message: String,
    /// Where, unless it is about the manifest as a whole.
    pub place: Option<Place>,
    /// What stands there, as a phrase; may be empty.
    pub label: String,
    /// Further places that have to do with it, each with a phrase.
    pub also: Vec<(Place, String)>,
    /// What to do, as a sentence; may be empty.
    pub help: String,
}

impl Finding {
    /// An error at a place.
    pub fn error(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self {
            place: Some(place),
            ..Self::without_place(Severity::Error, code, message)
        }
    }

    /// A warning at a place.
    pub fn warning(code: &'static str, place: Place, message: impl Into<String>) -> Self {
        Self {
            place: Some(place),
            ..Self::without_place(Severity::Warning, code, message)
        }
    }

    /// A finding about a manifest as a whole.
    pub fn without_place(
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            code,
            message: shown(&message.into()),
            place: None,
            label: String::new(),
            also: Vec::new(),
            help: String::new(),
        }
    }

    /// The same, with a phrase under the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = shown(&label.into());
        self
    }

    /// The same, with a further place.
    #[must_use]
    pub fn also(mut self, place: Place, label: impl Into<String>) -> Self {
        self.also.push((place, shown(&label.into())));
        self
    }

    /// The same, with what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = shown(&help.into());
        self
    }

    /// Draws it with the lines of the files that it is about.
    pub fn render(&self, sources: &Sources, colour: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let primary = self
            .place
            .iter()
            .map(|place| (place, AnnotationKind::Primary, self.label.as_str()));
        let others = self
            .also
            .iter()
            .map(|(place, label)| (place, AnnotationKind::Context, label.as_str()));
        let title = level.primary_title(self.message.as_str()).id(self.code);
        let mut group = Group::with_title(title);
        for (place, kind, label) in primary.chain(others) {
            let window = sources.window(place);
            let name = sources.shown_name(place.file);
            let snippet = Snippet::source(window.text)
                .line_start(window.line)
                .annotation(
                    kind.span(window.bytes)
                        .label(Some(label).filter(|label| !label.is_empty())),
                );
            group = if window.is_part {
                let (line, column) = sources.position(place);
                let origin = Origin::path(name).line(line).char_column(column);
                group.element(origin).element(snippet)
            } else {
                group.element(snippet.path(name))
            };
        }
        if !self.help.is_empty() {
            group = group.element(Level::HELP.message(self.help.as_str()));
        }
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.decor_style(DecorStyle::Ascii).render(&[group])
    }
}

/// So many findings of a file are kept, and as many of the files together; the rest is counted.
pub(crate) const MOST_KEPT: usize = 1000;

/// All that is wrong with a manifest that cannot be used.
#[derive(Clone, Debug)]
pub struct Faults {
    /// In the order of the text; never empty. Of each file the first thousand.
    pub findings: Vec<Finding>,
    /// How many there are besides.
    pub more: usize,
    /// The files that they are about.
    pub sources: Sources,
}

impl Faults {
    /// As many are drawn; a file that is no manifest at all would fill the screen otherwise.
    const MOST_SHOWN: usize = 30;

    /// Draws every finding with its lines.
    pub fn render(&self, colour: bool) -> String {
        let mut drawn: Vec<_> = self
            .findings
            .iter()
            .take(Self::MOST_SHOWN)
            .map(|finding| finding.render(&self.sources, colour))
            .collect();
        if let Some(more @ 1..) = (self.findings.len() + self.more).checked_sub(Self::MOST_SHOWN) {
            drawn.push(format!("and {more} more"));
        }
        drawn.join("\n\n")
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(false))
    }
}

impl std::error::Error for Faults {}
