//! A manifest and all that it includes, made into one.
//!
//! Composition is a union: an included file adds to what is allowed, demanded and expected, and
//! says nothing that another file says otherwise. So the order of includes does not matter.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use ringfence::PolicyBuilder;

use crate::document::{self, Document, Variable};
use crate::finding::{Faults, Finding, MOST_KEPT, Place, Severity};
use crate::fragments;
use crate::manifest::{Environment, Manifest};
use crate::reader::Reader;
use crate::sources::{self, FileId, Sources, Text};
use crate::tree::{self, Format};
use crate::variables::Variables;

mod conflicts;

/// The most files that a manifest may be made of.
const MOST_FILES: usize = 64;

/// Files read so far, and what they say.
pub(crate) struct Composer<'v> {
    variables: &'v Variables,
    pub(crate) sources: Sources,
    findings: Vec<Finding>,
    /// Faults that were counted and not kept.
    more: usize,
    /// How many are about the files together.
    noted: usize,
    documents: Vec<Document>,
    /// The files that are being read, each included by the one before it.
    open: Vec<(Identity, FileId)>,
    /// Files that were read wholly.
    done: Vec<Identity>,
}

/// Which file something is, whatever its name.
#[derive(Clone, PartialEq, Eq)]
enum Identity {
    Text,
    Fragment(&'static str),
    File(sources::Identity),
}

impl Identity {
    /// Whether it is the same text, be it beneath a second directory.
    fn is_text_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::File(one), Self::File(other)) => one.file == other.file,
            _ => self == other,
        }
    }
}

impl<'v> Composer<'v> {
    pub(crate) fn new(variables: &'v Variables) -> Self {
        Self {
            variables,
            sources: Sources::default(),
            findings: Vec::new(),
            more: 0,
            noted: 0,
            documents: Vec::new(),
            open: Vec::new(),
            done: Vec::new(),
        }
    }

    /// Reads a text as the manifest itself.
    pub(crate) fn text(&mut self, name: &Path, text: &str, format: Format) {
        self.read(Identity::Text, name, Path::new(""), text, format);
    }

    /// Reads a file: the manifest itself, or one that `by` includes.
    pub(crate) fn file(&mut self, path: &Path, by: Option<&Place>) {
        let opened = match sources::open(path) {
            Ok(opened) => opened,
            Err(error) => {
                let message = format!("cannot read {}: {error}", path.display());
                return self.fault("read", by, &message, "");
            }
        };
        let identity = Identity::File(opened.identity);
        if self.is_known(&identity, by) {
            return;
        }
        let text = match opened.read() {
            Ok(Text::Read(text)) => text,
            Ok(Text::TooLong) => {
                let message = format!(
                    "{} is longer than {} MiB, the most that a manifest may have",
                    path.display(),
                    sources::MOST_BYTES >> 20
                );
                return self.fault("too-large", by, &message, "");
            }
            Ok(Text::NotUtf8(at)) => {
                let message = format!(
                    "{} is no UTF-8 text: byte {at} is the first that is not",
                    path.display()
                );
                return self.fault("not-utf8", by, &message, "save it as UTF-8");
            }
            Err(error) => {
                let message = format!("cannot read {}: {error}", path.display());
                return self.fault("read", by, &message, "");
            }
        };
        let directory = path.parent().unwrap_or(Path::new(""));
        self.read(identity, path, directory, &text, Format::of(path));
    }

    /// Whether a file was read before, or is being read, which is a fault.
    fn is_known(&mut self, identity: &Identity, by: Option<&Place>) -> bool {
        if self.done.contains(identity) {
            return true;
        }
        let Some(first) = self
            .open
            .iter()
            .position(|(open, _)| open.is_text_of(identity))
        else {
            return false;
        };
        let names: Vec<_> = self.open[first..]
            .iter()
            .map(|(_, file)| self.sources.shown_name(*file))
            .collect();
        let message = format!(
            "the files include each other in a circle: {} includes {} again",
            names.join(", which includes "),
            names[0]
        );
        self.fault("include", by, &message, "take one of these includes out");
        true
    }

    fn read(
        &mut self,
        identity: Identity,
        name: &Path,
        directory: &Path,
        text: &str,
        format: Format,
    ) {
        let is_file = matches!(identity, Identity::File(_));
        let file = self.sources.add(name, is_file, text);
        self.open.push((identity.clone(), file));
        let (tree, faults) = tree::read(format, file, text);
        let unreadable = !faults.is_empty();
        self.findings.extend(faults);
        let mut document = Document::default();
        match tree {
            Some(tree) => {
                let mut reader = Reader {
                    file,
                    sources: &self.sources,
                    directory,
                    variables: self.variables,
                    included: self.open.len() > 1,
                    findings: Vec::new(),
                    more: 0,
                };
                document = document::read(&mut reader, &tree);
                self.findings.append(&mut reader.findings);
                self.more += reader.more;
            }
            None if unreadable => {}
            None => {
                let place = Place { file, bytes: 0..0 };
                self.fault(
                    "empty",
                    Some(&place),
                    "the manifest is empty",
                    "it begins with `version: 1`",
                );
            }
        }
        for (name, place) in std::mem::take(&mut document.includes) {
            self.include(&name, directory, &place);
        }
        self.documents.push(document);
        self.open.pop();
        self.done.push(identity);
    }

    fn include(&mut self, name: &str, directory: &Path, by: &Place) {
        if self.sources.len() >= MOST_FILES {
            let message = format!("a manifest is made of at most {MOST_FILES} files");
            return self.fault("include", Some(by), &message, "unite some of them");
        }
        if name.contains(['/', '.']) {
            return self.file(&directory.join(name), Some(by));
        }
        match fragments::named(name) {
            Some(fragment) => {
                let identity = Identity::Fragment(fragment.name);
                if !self.is_known(&identity, Some(by)) {
                    let shown = PathBuf::from(format!("<{}>", fragment.name));
                    self.read(identity, &shown, Path::new(""), fragment.text, Format::Yaml);
                }
            }
            None => {
                let names = || fragments::FRAGMENTS.iter().map(|fragment| fragment.name);
                let help = match ringfence::closest(name, names()) {
                    Some(similar) => format!(
                        "did you mean `{similar}`? A file is written with its directory: ./{name}"
                    ),
                    None => format!(
                        "the fragments are {}; a file is written with its directory: ./{name}",
                        names().collect::<Vec<_>>().join(", ")
                    ),
                };
                self.fault(
                    "include",
                    Some(by),
                    &format!("unknown fragment `{name}`"),
                    &help,
                );
            }
        }
    }

    fn fault(&mut self, code: &'static str, place: Option<&Place>, message: &str, help: &str) {
        let mut finding = Finding::without_place(Severity::Error, code, message).help(help);
        finding.place = place.cloned();
        self.note(finding);
    }

    /// Notes what is wrong with the files together. What is wrong with each may have filled the list
    /// before, of which this many are kept all the same.
    fn note(&mut self, finding: Finding) {
        self.noted += 1;
        if self.noted <= MOST_KEPT {
            self.findings.push(finding);
        } else {
            self.more += 1;
        }
    }

    /// The manifest, if there is no fault in any of its files.
    pub(crate) fn finish(mut self) -> Result<(Manifest, Sources), Faults> {
        let mut documents = std::mem::take(&mut self.documents);
        // The manifest itself comes last, after all that it includes.
        let mut manifest = Manifest {
            description: documents.last_mut().and_then(|own| own.description.take()),
            ..Manifest::default()
        };
        let mut policy = PolicyBuilder::default();
        let mut others: Option<(ringfence::Action, Place)> = None;
        let mut variables: Vec<Variable> = Vec::new();
        let mut known: HashMap<String, usize> = HashMap::new();
        for document in documents.into_iter().rev() {
            policy = policy.merge(document.policy);
            if let Some((action, place)) = document.others {
                match &others {
                    Some((other, first)) if *other != action => self.conflict(
                        "what other calls are answered is said twice, and differently",
                        &place,
                        first,
                    ),
                    _ => {
                        policy = policy.other_syscalls(action);
                        others = Some((action, place));
                    }
                }
            }
            for variable in document.variables {
                match known.get(&variable.name).map(|&first| &variables[first]) {
                    Some(first) if first.value != variable.value => {
                        let message = format!("{} has two values", variable.name);
                        let first = first.place.clone();
                        self.conflict(&message, &variable.place, &first);
                    }
                    Some(_) => {}
                    None => {
                        known.insert(variable.name.clone(), variables.len());
                        variables.push(variable);
                    }
                }
            }
            manifest.expectations.extend(document.expectations);
            manifest.dependencies.of.extend(document.dependencies.of);
            manifest.dependencies.of_command |= document.dependencies.of_command;
            // What only the manifest itself may say is empty in all others.
            manifest.environment.clear |= document.clear_environment;
            manifest.command.extend(document.command);
            manifest.directory = manifest.directory.or(document.directory);
            manifest.lints.extend(document.lints);
            if !document.limits.is_empty() {
                manifest.limits = document.limits;
            }
        }
        manifest.environment = Environment {
            variables: variables
                .into_iter()
                .map(|variable| (variable.name, variable.value))
                .collect(),
            ..manifest.environment
        };
        let built = policy.clone().build();
        match built {
            Ok(policy) => manifest.policy = policy,
            // Faults of single lines may have kept others from being seen; both are shown.
            Err(error) => self.blame(&policy, &error),
        }
        if others.is_some() && !manifest.policy.syscalls().is_allow_list() {
            let place = others.map(|(_, place)| place);
            self.fault(
                "value",
                place.as_ref(),
                "there are other calls only beside a list of allowed ones",
                "add `only:`, or take `others:` out",
            );
        }
        if self.findings.is_empty() {
            return Ok((manifest, self.sources));
        }
        self.findings.sort_by_key(|finding| {
            finding
                .place
                .as_ref()
                .map(|place| (place.file, place.bytes.start))
        });
        self.findings.dedup();
        Err(Faults {
            findings: self.findings,
            more: self.more,
            sources: self.sources,
        })
    }
}
