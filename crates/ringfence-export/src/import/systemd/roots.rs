//! What a unit says of paths → lines.
//!
//! Of directives that nest, the deepest counts for systemd; Landlock only ever adds. So each right, to
//! read, to execute, to change, is looked at by itself: where a directive allows it, a line does, and
//! where one beneath takes it away again, that is an exception of the line.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ringfence::Access;

use super::Granted;
use super::paths::{Entry, Hides, Paths};

/// Where a right is allowed, what beneath is excepted, and whether it may be missing.
type Root = (PathBuf, Vec<PathBuf>, bool);

/// The right to change what is at a path and beneath.
const CHANGE: Access = Access::WRITE
    .union(Access::CREATE)
    .union(Access::REMOVE)
    .union(Access::RENAME);

/// What each right is in a manifest.
const RIGHTS: [Access; 3] = [Access::READ, Access::EXECUTE, CHANGE];

impl Paths {
    /// What a directive says of a right.
    fn says(&self, entry: &Entry, right: Access) -> Option<bool> {
        let says = &entry.says;
        match right {
            Access::READ => says.read,
            Access::EXECUTE if says.runs => self.may_run(&entry.path).then_some(true),
            Access::EXECUTE => says.execute,
            _ => says.change,
        }
    }

    /// Whether the directives about execution, of which the deepest counts, leave it open at a path.
    fn may_run(&self, path: &Path) -> bool {
        self.entries
            .iter()
            .filter_map(|entry| Some((&entry.path, !entry.says.execute?)))
            .filter(|(above, _)| path.starts_with(above))
            .map(|(above, denied)| (above.components().count(), denied))
            .max()
            .is_none_or(|(_, denied)| !denied)
    }

    /// Whether anything is taken away again.
    pub(super) fn has_exceptions(&self) -> bool {
        let says = |wanted| {
            self.entries.iter().any(|entry| {
                RIGHTS
                    .iter()
                    .any(|&right| self.says(entry, right) == Some(wanted))
            })
        };
        says(true) && says(false)
    }

    /// The lines, narrower where they cannot say all.
    pub(super) fn granted(&self, notes: &mut Vec<String>) -> Vec<Granted> {
        let mut lines: BTreeMap<Root, Access> = BTreeMap::new();
        for right in RIGHTS {
            for root in self.roots(right, notes) {
                *lines.entry(root).or_insert(Access::empty()) |= right;
            }
        }
        lines
            .into_iter()
            .map(|((path, except, optional), access)| Granted {
                path,
                access,
                except,
                optional,
            })
            .collect()
    }

    /// Where a right is allowed, and what beneath is excepted.
    fn roots(&self, right: Access, notes: &mut Vec<String>) -> Vec<Root> {
        // Of directives about the same path, the strictest counts.
        let mut places: BTreeMap<&Path, (bool, bool, bool)> = BTreeMap::new();
        for entry in &self.entries {
            if let Some(allowed) = self.says(entry, right) {
                let place = places.entry(&entry.path).or_insert((true, true, false));
                place.0 &= allowed;
                place.1 &= entry.optional;
                place.2 |= entry.bound;
            }
        }
        let hiders = |hides: Hides| -> BTreeSet<&Path> {
            let hiders = self.entries.iter().filter(|entry| entry.hides == hides);
            hiders.map(|entry| entry.path.as_path()).collect()
        };
        let (all, all_unbound) = (hiders(Hides::All), hiders(Hides::AllUnbound));
        let hidden = |path: &Path, bound: bool| {
            path.ancestors()
                .find(|above| all.contains(above) || !bound && all_unbound.contains(above))
                .map(Path::to_path_buf)
        };
        let mut roots: Vec<Root> = Vec::new();
        // In the order of paths, what is above comes first.
        for (&path, &(allowed, optional, bound)) in &places {
            // So that only the last of those found before can be above.
            let above = roots.last_mut().filter(|(root, ..)| path.starts_with(root));
            let excepted = |except: &[PathBuf], root: &Path| {
                let last = except.last();
                last.is_some_and(|name| path.starts_with(root.join(name)))
            };
            match above {
                None if allowed => match hidden(path, bound) {
                    None => roots.push((path.to_owned(), Vec::new(), optional)),
                    Some(hider) => once(
                        notes,
                        format!(
                            "{} is left denied: the unit hides {}, or puts something else there",
                            path.display(),
                            hider.display()
                        ),
                    ),
                },
                Some((root, except, _)) if allowed && excepted(except, root) => once(
                    notes,
                    format!(
                        "{} is left denied: it is within what is taken away from {}; write lines for what stands \
                         beside",
                        path.display(),
                        root.display()
                    ),
                ),
                Some((root, except, _)) if !allowed && !excepted(except, root) => {
                    if let Ok(name) = path.strip_prefix(&*root) {
                        except.push(name.to_owned());
                    }
                }
                _ => {}
            }
        }
        roots
    }
}

/// Three rights may come to the same note.
fn once(notes: &mut Vec<String>, note: String) {
    if !notes.contains(&note) {
        notes.push(note);
    }
}
