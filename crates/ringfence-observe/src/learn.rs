//! Observation → manifest, as a person would write it.
//!
//! ```text
//! accesses ─► places ─► less what ─► less what is ─► less what ─► grouped ─► lines
//!             that exist a policy    sensitive       fragments
//!             at start   gives that  (asked          give
//!                        is added to instead)
//! ```

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ringfence::{Access, Kernel, Origin, PathLine, Plan, Policy, PolicyBuilder, Source};
use ringfence_manifest::{Format, Manifest, Variables, format};

use crate::observation::{Count, Observation, Seen};
use crate::sensitive::Sensitive;

mod calls;
mod classes;
mod existing;
mod fragments;
mod group;
mod passing;
mod ports;

/// How far single files are taken together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tightness {
    /// Not at all; of the fragments `base` alone is used.
    Exact,
    /// Several files of a directory are written as the directory, where that gives nothing sensitive.
    #[default]
    Dirs,
    /// Two are enough for that.
    Loose,
}

/// Where a program was watched, for what a manifest says in other words elsewhere.
#[derive(Clone, Debug)]
pub struct Setting<'s> {
    /// The kernel that the policy is for.
    pub kernel: Kernel,
    /// What is not granted silently.
    pub sensitive: &'s Sensitive,
    /// The home directory, without symlinks; written as a variable.
    pub home: Option<PathBuf>,
    /// The directory for temporary files, without symlinks; written as a variable.
    pub temporary: PathBuf,
    /// How far single files are taken together.
    pub tightness: Tightness,
    /// The command, for the comment at the top.
    pub command: String,
    /// A policy that is added to; only what it lacks is written.
    pub existing: Option<&'s Policy>,
}

/// A policy that was learned.
#[derive(Clone, Debug)]
pub struct Learned {
    /// The manifest.
    pub yaml: String,
    /// What was done and is not granted, each with the reason; a person has to decide.
    pub questions: Vec<String>,
    /// What a reader has to know besides.
    pub notes: Vec<String>,
    /// How many lines the manifest has, without those of fragments.
    pub lines: usize,
}

/// Words at places, with what they were seen for.
pub(crate) type Places = BTreeMap<PathBuf, Place>;

/// What is to be said about one place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// What is to be granted; what was seen may be more, if another line gives the rest.
    words: Access,
    seen: Seen,
}

/// Turns what was seen into a policy.
///
/// # Errors
/// A sentence, if lines contradict each other, which would be a fault of this program.
pub fn learn(observation: &Observation, setting: &Setting<'_>) -> Result<Learned, String> {
    let mut notes: Vec<String> = observation.notes.iter().cloned().collect();
    let mut questions = Vec::new();
    let mut places = places(observation, &mut notes);
    if let Some(existing) = setting.existing() {
        existing.take(&mut places);
    }
    ask(&mut places, setting.sensitive, &mut questions);
    // What lines of its own give is no reason for a fragment.
    group::covered(&mut places);
    let included = fragments::take(&mut places, observation, setting);
    group::covered(&mut places);
    passing::generalise(&mut places, setting);
    group::group(&mut places, setting);

    let lines = places.iter().map(|(path, place)| PathLine {
        optional: !path.exists(),
        source: described(&told(place)),
        ..PathLine::new(place.words, setting.shortened(path))
    });
    let mut policy = lines.fold(Policy::builder(), PolicyBuilder::path_line);
    policy = classes::without_unenforceable(policy, setting);
    policy = ports::add(policy, observation, setting, &included, &mut notes);
    let policy = classes::add(policy, observation, setting, &mut questions, &mut notes);
    let policy = calls::add(policy, observation, setting, &mut questions, &mut notes);
    let policy = policy.build().map_err(|error| error.to_string())?;
    let calls = usize::from(!policy.syscalls().lines.is_empty());
    let lines = policy.paths().len() + policy.ports().len() + policy.classes().len() + calls;
    let yaml = Manifest::from(policy)
        .to_yaml()
        .map_err(|error| error.to_string())?;
    let yaml = setting.text(&yaml, &included, &questions, &notes)?;
    if setting.existing.is_none() {
        notes.extend(setting.refused(&yaml));
    }
    Ok(Learned {
        yaml,
        questions,
        notes,
        lines,
    })
}

/// What was accessed, by places that exist when the program starts.
fn places(observation: &Observation, notes: &mut Vec<String>) -> Places {
    let mut places = Places::new();
    let mut of_processes: BTreeMap<PathBuf, Seen> = BTreeMap::new();
    for (path, seen) in &observation.paths {
        let place = observation.place(path);
        if let Some(of_any) = of_a_process(place) {
            of_processes.entry(of_any).or_default().merge(seen);
            continue;
        }
        if place.to_str().is_none() {
            notes.push(format!(
                "no manifest can name {}: it is no UTF-8",
                place.display()
            ));
            continue;
        }
        let entry = places.entry(place.to_owned()).or_default();
        entry.words |= seen.words();
        entry.seen.merge(seen);
    }
    for (path, seen) in of_processes {
        let programs = programs(&seen.programs);
        notes.push(format!(
            "{programs}: {} {} is about a process that was started later, whose number no line can name",
            seen.words(),
            path.display()
        ));
    }
    places
}

/// Whether a path is in `/proc/NUMBER`.
pub(crate) fn is_of_a_process(path: &Path) -> bool {
    of_a_process(path).is_some()
}

/// A path in `/proc/NUMBER`, with a word in the place of each number of a process or thread.
fn of_a_process(path: &Path) -> Option<PathBuf> {
    let mut names = path.strip_prefix("/proc").ok()?.iter();
    let is_number = |name: &OsStr| name.as_bytes().iter().all(u8::is_ascii_digit);
    if !is_number(names.next()?) {
        return None;
    }
    let mut path = PathBuf::from("/proc/NUMBER");
    path.extend(names.map(|name| {
        let any = OsStr::new("NUMBER");
        if is_number(name) { any } else { name }
    }));
    Some(path)
}

/// Takes out what is sensitive, and asks about it instead.
fn ask(places: &mut Places, sensitive: &Sensitive, questions: &mut Vec<String>) {
    for (path, place) in places.iter_mut() {
        for word in place.words.words() {
            let Some(concern) = sensitive.concern(word.rights, path) else {
                continue;
            };
            place.words -= word.access;
            questions.push(format!(
                "{} {}, for {}: it {concern}",
                word.name,
                path.display(),
                programs(&place.seen.programs)
            ));
        }
    }
    places.retain(|_, place| !place.words.is_empty());
}

impl Setting<'_> {
    /// A path with a mark in the place of what a variable stands for.
    fn shortened(&self, path: &Path) -> PathBuf {
        let known = [
            (Some(&self.temporary), TEMPORARY),
            (self.home.as_ref(), HOME),
        ];
        for (directory, mark) in known {
            if let Some(rest) = directory.and_then(|directory| path.strip_prefix(directory).ok()) {
                let is_itself = rest.as_os_str().is_empty();
                return if is_itself {
                    mark.into()
                } else {
                    Path::new(mark).join(rest)
                };
            }
        }
        path.to_owned()
    }

    /// Why the manifest would not start, which nobody should find out later.
    fn refused(&self, yaml: &str) -> Option<String> {
        let mut variables = Variables::of_environment();
        if let Some(home) = self.home.as_ref().and_then(|home| home.to_str()) {
            variables = variables.set("HOME", home);
        }
        match Manifest::parse("<learned>", yaml, Format::Yaml, &variables) {
            Ok((manifest, _)) => {
                let refused = Plan::new(manifest.policy, self.kernel).check().err()?;
                Some(format!(
                    "this policy does not start on this kernel: {refused}"
                ))
            }
            Err(faults) => Some(format!("this manifest cannot be used: {faults}")),
        }
    }

    fn text(
        &self,
        yaml: &str,
        included: &[&str],
        questions: &[String],
        notes: &[String],
    ) -> Result<String, String> {
        use std::fmt::Write as _;

        let mut text = format!("# Learned from a run of: {}\n", one_line(&self.command));
        for (title, items) in [
            (
                "Not granted; decide, and add what it is meant to do",
                questions,
            ),
            ("Note", notes),
        ] {
            for item in items {
                let _ = writeln!(text, "# {title}: {}", one_line(item));
            }
        }
        text.push_str("version: 1\n");
        if !included.is_empty() {
            let _ = writeln!(text, "include: [{}]", included.join(", "));
        }
        let rest = yaml
            .trim_start_matches("version: 1\n")
            .replace(TEMPORARY, "${TMPDIR:-/tmp}")
            .replace(HOME, "${HOME}");
        text.push_str(&rest);
        format(&text).map_err(|error| error.to_string())
    }
}

/// Marks that stand in quotes in YAML, as the variables do that take their places.
const TEMPORARY: &str = "/@ringfence-temporary@";
const HOME: &str = "/@ringfence-home@";

/// A comment must not end before its line does.
fn one_line(text: &str) -> String {
    let shown = |character: char| {
        if ringfence::is_strange(character) {
            ' '
        } else {
            character
        }
    };
    text.chars().map(shown).collect()
}

/// Where a line of the manifest comes from: nowhere, and what it is for.
fn described(text: &str) -> Source {
    Source::Manifest(Box::new(Origin {
        file: Path::new("<learned>").into(),
        line: 0,
        start: 0,
        end: 0,
        description: Some(Arc::from(text)),
    }))
}

/// What a line was seen for: `git, sh: read 3, write 1`.
fn told(place: &Place) -> String {
    let counted: Vec<_> = place
        .seen
        .counted()
        .filter(|(word, _)| place.words.contains(*word))
        .map(|(word, count)| format!("{word} {count}"))
        .collect();
    format!("{}: {}", programs(&place.seen.programs), counted.join(", "))
}

/// What a line without a path was seen for.
fn counted(count: &Count) -> String {
    let times = if count.times == 1 {
        "once"
    } else {
        &*format!("{} times", count.times)
    };
    format!("{}: {times}", programs(&count.programs))
}

/// The names of programs, not too many.
fn programs(names: &std::collections::BTreeSet<String>) -> String {
    const MOST: usize = 3;

    let mut text = names
        .iter()
        .take(MOST)
        .map(|name| one_line(name))
        .collect::<Vec<_>>()
        .join(", ");
    if names.len() > MOST {
        text.push_str(" and others");
    }
    text
}

#[cfg(test)]
mod tests;
