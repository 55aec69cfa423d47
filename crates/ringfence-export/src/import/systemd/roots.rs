//! What a unit says of paths → lines.
//!
//! Of directives that nest, the deepest counts for systemd; Landlock only ever adds. So each right, to
//! read, to execute, to change, is looked at by itself: where a directive allows it, a line does, and
//! where one beneath takes it away again, that is an exception of the line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ringfence::Access;

use super::Granted;
use super::paths::{Paths, Says};

/// What a directive says of a right.
type Right = fn(&Says) -> Option<bool>;

/// Where a right is allowed, what beneath is excepted, and whether it may be missing.
type Root = (PathBuf, Vec<PathBuf>, bool);

/// What each right is in a manifest.
const RIGHTS: [(Right, Access); 3] = [
    (|says| says.read, Access::READ),
    (|says| says.execute, Access::EXECUTE),
    (
        |says| says.change,
        Access::WRITE
            .union(Access::CREATE)
            .union(Access::REMOVE)
            .union(Access::RENAME),
    ),
];

impl Paths {
    /// Whether anything is taken away again.
    pub(super) fn has_exceptions(&self) -> bool {
        let says = |wanted| {
            self.entries
                .iter()
                .any(|entry| RIGHTS.iter().any(|(of, _)| of(&entry.says) == Some(wanted)))
        };
        says(true) && says(false)
    }

    /// The lines, narrower where they cannot say all.
    pub(super) fn granted(&self, notes: &mut Vec<String>) -> Vec<Granted> {
        let mut lines: BTreeMap<Root, Access> = BTreeMap::new();
        for (of, access) in RIGHTS {
            for root in self.roots(of, notes) {
                *lines.entry(root).or_insert(Access::empty()) |= access;
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
    fn roots(&self, of: Right, notes: &mut Vec<String>) -> Vec<Root> {
        // Of directives about the same path, the strictest counts.
        let mut places: BTreeMap<&Path, (bool, bool)> = BTreeMap::new();
        for entry in &self.entries {
            if let Some(allowed) = of(&entry.says) {
                let place = places.entry(&entry.path).or_insert((true, true));
                place.0 &= allowed;
                place.1 &= entry.optional;
            }
        }
        let hidden = |path: &Path| {
            let mut hiders = self.entries.iter().filter(|entry| entry.hidden);
            hiders.find(|entry| path.starts_with(&entry.path))
        };
        let mut roots: Vec<Root> = Vec::new();
        // In the order of paths, what is above comes first.
        for (&path, &(allowed, optional)) in &places {
            let above = roots.iter_mut().find(|(root, ..)| path.starts_with(root));
            let excepted = |except: &[PathBuf], root: &Path| {
                except.iter().any(|name| path.starts_with(root.join(name)))
            };
            match above {
                None if allowed => match hidden(path) {
                    None => roots.push((path.to_owned(), Vec::new(), optional)),
                    Some(hider) => once(
                        notes,
                        format!(
                            "{} is left denied: the unit hides {}, or puts something else there",
                            path.display(),
                            hider.path.display()
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
