//! Lines about system calls that cannot stand in one policy.
//!
//! Within one file a name counts before its group: an author makes an exception to a rule of their
//! own. Between files it would let one lift what the other denies, and so it is refused.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use super::{SyscallEffect, SyscallLine, Syscalls};
use crate::seccomp::Syscall;

/// Two lines of which one undoes what the other says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contradiction<'p> {
    /// One that denies.
    pub denial: &'p SyscallLine,
    /// One that does not, or answers otherwise.
    pub other: &'p SyscallLine,
    /// The call, where the lines name different ones.
    pub call: Option<Syscall>,
}

impl Syscalls {
    /// Lines about the same calls of which one allows and the other denies, and lines of different
    /// files that decide one call differently. The order of lines and files does not matter.
    pub fn contradictions(&self) -> Vec<Contradiction<'_>> {
        let mut found = self.about_the_same();
        self.between_authors(&mut found);
        found
    }

    fn about_the_same(&self) -> Vec<Contradiction<'_>> {
        // A hostile file may have a million lines.
        let others: HashMap<_, _> = self
            .lines
            .iter()
            .filter(|line| !line.denies())
            .map(|line| (line.calls.to_string(), line))
            .collect();
        if others.is_empty() {
            return Vec::new();
        }
        self.lines
            .iter()
            .filter(|line| line.denies())
            .filter_map(|denial| {
                Some(Contradiction {
                    denial,
                    other: others.get(&denial.calls.to_string())?,
                    call: None,
                })
            })
            .collect()
    }

    fn between_authors<'p>(&'p self, found: &mut Vec<Contradiction<'p>>) {
        let lines = self.by_author();
        if lines.iter().all(|(author, _)| *author == 0) {
            return;
        }
        // What each author decides of a call, by the line of theirs that counts.
        let mut decided: BTreeMap<Syscall, Vec<(usize, &SyscallLine)>> = BTreeMap::new();
        for (author, line) in lines {
            for call in line.calls.each() {
                let decisions = decided.entry(call).or_default();
                match decisions.iter_mut().find(|(known, _)| *known == author) {
                    Some((_, counting)) if counting.strength() > line.strength() => {}
                    Some((_, counting)) => *counting = line,
                    None => decisions.push((author, line)),
                }
            }
        }
        for (call, decisions) in decided {
            let Some(&(_, denial)) = decisions.iter().find(|(_, line)| line.denies()) else {
                continue;
            };
            for &(_, other) in &decisions {
                let known = |known: &Contradiction| {
                    std::ptr::eq(known.denial, denial) && std::ptr::eq(known.other, other)
                };
                if other.decision() != denial.decision() && !found.iter().any(known) {
                    found.push(Contradiction {
                        denial,
                        other,
                        call: Some(call),
                    });
                }
            }
        }
    }

    /// The lines, each with a number for the file that it stands in. What stands in none, flags and
    /// calls of the builder, is of one author as well.
    fn by_author(&self) -> Vec<(usize, &SyscallLine)> {
        let mut authors: HashMap<Option<&Path>, usize> = HashMap::new();
        self.lines
            .iter()
            .map(|line| {
                let author = line.source.origin().map(|origin| &*origin.file);
                let next = authors.len();
                (*authors.entry(author).or_insert(next), line)
            })
            .collect()
    }
}

impl SyscallLine {
    /// What becomes of its calls: the answer if they are denied.
    fn decision(&self) -> Option<crate::seccomp::Action> {
        match self.effect {
            SyscallEffect::Deny(action) => Some(action),
            SyscallEffect::Allow | SyscallEffect::Only => None,
        }
    }
}
