//! What of the tree a line covers: by its path as written, or by what was found when the sandbox was made.

use std::path::{Path, PathBuf};

use super::{Found, PathPlan};

/// What a line with a pattern or with exceptions came to when the sandbox was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// What got a rule: resolved paths, sorted by their components.
    pub(crate) granted: Vec<PathBuf>,
    /// What is excepted: resolved paths, those that excepted symlinks lead to among them.
    pub(crate) excepted: Vec<PathBuf>,
    /// The resolved directory of a line with exceptions.
    pub(crate) top: Option<PathBuf>,
    /// Paths that led elsewhere, and where.
    pub(crate) led: Vec<(PathBuf, PathBuf)>,
    /// How many directories could not be searched for matches.
    pub(crate) unread: usize,
}

impl Entries {
    /// The paths that got a rule, each for itself and all beneath it.
    pub fn granted(&self) -> impl ExactSizeIterator<Item = &Path> {
        self.granted.iter().map(PathBuf::as_path)
    }

    /// How many directories could not be searched for what matches.
    pub fn unread(&self) -> usize {
        self.unread
    }

    /// Adds a path in its place; whether one above it, or itself, was there.
    pub(crate) fn insert(&mut self, path: PathBuf) -> bool {
        let covered = self.covers(&path);
        if !covered {
            let place = self.granted.partition_point(|granted| *granted < path);
            self.granted.insert(place, path);
        }
        covered
    }

    fn covers(&self, path: &Path) -> bool {
        path.ancestors().any(|ancestor| {
            self.granted
                .binary_search_by(|granted| granted.as_path().cmp(ancestor))
                .is_ok()
        })
    }

    /// Whether something at `path` or beneath it got a rule. In the order of components these
    /// follow the path itself.
    fn reaches_into(&self, path: &Path) -> bool {
        let first = self
            .granted
            .partition_point(|granted| granted.as_path() < path);
        self.granted
            .get(first)
            .is_some_and(|granted| granted.starts_with(path))
    }
}

impl<'p> PathPlan<'p> {
    /// The path that the kernel will see: resolved if it was looked up, else as written. None of a
    /// path that is missing, nor of a pattern.
    pub fn path(&self) -> Option<&'p Path> {
        match self.found {
            Found::NotLookedUp if self.line.pattern => None,
            Found::NotLookedUp | Found::AsWritten => Some(&self.line.path),
            Found::At(path) | Found::CoveredAt(path) => Some(path),
            Found::Entries(entries) => entries.top.as_deref(),
            Found::Missing => None,
        }
    }

    /// Whether the line allows its rights at this path, which is absolute and without symlinks: by
    /// what got a rule if it was looked up, else as written.
    pub fn covers(&self, path: &Path) -> bool {
        match self.found {
            Found::NotLookedUp => self.line.covers_as_written(path),
            Found::AsWritten => path.starts_with(&self.line.path),
            Found::At(top) | Found::CoveredAt(top) => path.starts_with(top),
            Found::Entries(entries) => entries.covers(path),
            Found::Missing => false,
        }
    }

    /// Whether the line allows its rights on something at this path or beneath it.
    pub(super) fn reaches_into(&self, path: &Path) -> bool {
        match self.found {
            Found::NotLookedUp => self.line.is_within_as_written(path),
            Found::AsWritten => self.line.path.starts_with(path),
            Found::At(top) | Found::CoveredAt(top) => top.starts_with(path),
            Found::Entries(entries) => entries.reaches_into(path),
            Found::Missing => false,
        }
    }

    /// The excepted paths: resolved if they were looked up, else as written.
    pub(super) fn excepted(&self) -> Vec<PathBuf> {
        match self.found {
            Found::Entries(entries) => entries.excepted.clone(),
            Found::Missing => Vec::new(),
            _ => self.line.excepted().collect(),
        }
    }
}

impl PathPlan<'_> {
    /// What a pattern or exceptions came to, as a phrase; none of a plain line.
    pub fn expansion(&self) -> Option<String> {
        let later = if self.line.pattern {
            "patterns are expanded when the sandbox is made"
        } else if self.line.except.is_empty() {
            return None;
        } else {
            "what is created later beside an excepted name is not covered"
        };
        let Found::Entries(entries) = self.found else {
            return Some(later.to_owned());
        };
        let count = match (self.line.pattern, entries.granted.len()) {
            (true, 1) => "1 path matches now".to_owned(),
            (true, number) => format!("{number} paths match now"),
            (false, 1) => "1 entry".to_owned(),
            (false, number) => format!("{number} entries"),
        };
        let unread = match entries.unread {
            0 => String::new(),
            1 => "; 1 directory could not be searched".to_owned(),
            number => format!("; {number} directories could not be searched"),
        };
        Some(format!("{count}{unread}; {later}"))
    }
}
