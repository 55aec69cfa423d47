//! Exceptions that another line would undo: rules add up, and none takes away.

use std::path::{Path, PathBuf};

use super::{PathPlan, Plan};
use crate::access::{Access, AccessFs, WORDS};
use crate::shown::Shown;

/// An excepted path that another line would open all the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error(
    "`{line}` leaves out {}, where `{other}` gives {words}{}; narrow that line, or drop the exception",
    Shown(path),
    if *.by_moving {
        ": programs could move it to where a later start allows it"
    } else {
        ", and no line takes away what another gives"
    }
)]
pub struct Undone {
    /// The line with the exception.
    pub line: String,
    /// The other line.
    pub other: String,
    /// The excepted path.
    pub path: PathBuf,
    /// What the other line gives there.
    pub words: Access,
    /// Whether it gives none of the line's own rights, but those to move or link what is there.
    pub by_moving: bool,
}

impl Plan {
    /// The exceptions that other lines undo, by the paths as written, or by what was found there.
    pub(crate) fn undone(&self) -> impl Iterator<Item = Undone> + '_ {
        let with_exceptions = self
            .paths()
            .filter(|path| !path.line.except.is_empty() && !path.granted.is_empty());
        with_exceptions.flat_map(|line| {
            let excepted = line.excepted();
            self.paths()
                .filter(move |other| !std::ptr::eq(other.line, line.line))
                .filter_map(move |other| {
                    excepted
                        .iter()
                        .find_map(|excepted| undone(&line, &other, excepted))
                })
        })
    }
}

fn undone(line: &PathPlan<'_>, other: &PathPlan<'_>, excepted: &Path) -> Option<Undone> {
    let covers = other.covers(excepted);
    if !covers && !other.reaches_into(excepted) {
        return None;
    }
    // What a program moves or links out from here, a later start would find beside the exceptions.
    let mut moving = AccessFs::REFER;
    if excepted
        .parent()
        .is_some_and(|directory| other.covers(directory))
    {
        moving |= AccessFs::REMOVE_FILE | AccessFs::REMOVE_DIR;
    }
    let shared = other.granted & line.granted;
    let given = if shared.is_empty() {
        other.granted & moving
    } else {
        shared
    };
    (!given.is_empty()).then(|| Undone {
        line: line.line.to_string(),
        other: other.line.to_string(),
        path: excepted.to_owned(),
        words: words_of(given) & other.line.access,
        by_moving: shared.is_empty(),
    })
}

fn words_of(rights: AccessFs) -> Access {
    WORDS
        .iter()
        .filter(|word| word.access.bits().is_power_of_two() && word.rights.intersects(rights))
        .map(|word| word.access)
        .collect()
}
