//! Patterns: what matches when the sandbox is made.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::{MOST_RULES, Making};
use crate::paths::{self, Opened};
use crate::plan::{Entries, Found, PathPlan};
use crate::policy::{Part, Pattern};
use crate::sandbox::{PathError, PrepareError};

/// Adds a rule for each match, unless one for a directory above it was added before.
pub(super) fn allow(making: &Making, plan: &PathPlan<'_>) -> Result<Found, PrepareError> {
    let line = plan.line;
    // A pattern is valid in any policy that was built.
    let pattern = Pattern::parse(&line.path)
        .map_err(|why| PathError::open(line, io::Error::new(io::ErrorKind::InvalidInput, why)))?;
    let mut walk = Walk::default();
    let start = if pattern.absolute { "/" } else { "" };
    walk.step(Path::new(start), &pattern.parts)
        .map_err(|fault| match fault {
            Fault::TooMany => PathError::TooMany {
                line: line.to_string(),
                most: MOST_RULES,
            },
            Fault::Unread(path, error) => PathError::open_at(&path, line, error),
        })?;
    walk.matches.sort();
    walk.matches.dedup();

    let mut entries = Entries {
        unread: walk.unread,
        ..Entries::default()
    };
    for path in walk.matches {
        let Opened { object, elsewhere } = match paths::open(&path) {
            Ok(opened) => opened,
            // Gone since it was seen, or a symlink that leads nowhere: nothing is there to allow.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(PathError::open_at(&path, line, error).into()),
        };
        if pattern.of_directories && !is_directory(&object, &path, plan)? {
            continue;
        }
        let place = match elsewhere {
            Some(place) => {
                entries.led.push((path, place.clone()));
                place
            }
            None => path,
        };
        // Where nothing can be enforced nothing is added.
        if !plan.granted.is_empty() && !entries.insert(place.clone()) {
            making.allow_object(&object, plan, &place)?;
        }
    }
    let nothing = entries.granted.is_empty() && !plan.granted.is_empty();
    match (nothing, line.optional) {
        (false, _) => Ok(Found::Entries(Box::new(entries))),
        (true, true) => Ok(Found::Missing),
        (true, false) => Err(PathError::NoMatch {
            line: line.to_string(),
        }
        .into()),
    }
}

fn is_directory(
    object: &rustix::fd::OwnedFd,
    path: &Path,
    plan: &PathPlan<'_>,
) -> Result<bool, PathError> {
    let stat = rustix::fs::fstat(object)
        .map_err(|errno| PathError::open_at(path, plan.line, errno.into()))?;
    Ok(rustix::fs::FileType::from_raw_mode(stat.st_mode).is_dir())
}

enum Fault {
    TooMany,
    Unread(PathBuf, io::Error),
}

#[derive(Default)]
struct Walk {
    matches: Vec<PathBuf>,
    unread: usize,
}

impl Walk {
    fn step(&mut self, at: &Path, parts: &[Part]) -> Result<(), Fault> {
        match parts {
            [] => {
                if self.matches.len() == MOST_RULES {
                    return Err(Fault::TooMany);
                }
                self.matches.push(at.to_owned());
                Ok(())
            }
            [Part::Name(name), rest @ ..] => {
                let path = at.join(name);
                // What is missing here ends the walk; the last name is looked at when it is opened.
                if path.symlink_metadata().is_ok() {
                    self.step(&path, rest)?;
                }
                Ok(())
            }
            [part @ Part::Like(_), rest @ ..] => {
                for (name, kind) in self.list(at)? {
                    let may_lead_on = rest.is_empty() || kind.is_dir() || kind.is_symlink();
                    if may_lead_on && name.to_str().is_some_and(|name| part.accepts(name)) {
                        self.step(&at.join(name), rest)?;
                    }
                }
                Ok(())
            }
            [part @ Part::Directories, rest @ ..] => {
                self.step(at, rest)?;
                for (name, kind) in self.list(at)? {
                    // Not through symlinks: a few that lead upwards would make this endless.
                    if kind.is_dir() && name.to_str().is_some_and(|name| part.accepts(name)) {
                        self.step(&at.join(name), parts)?;
                    }
                }
                Ok(())
            }
        }
    }

    /// The names in a directory; none if it is no directory, or may not be read, which is counted.
    fn list(&mut self, at: &Path) -> Result<Vec<(std::ffi::OsString, std::fs::FileType)>, Fault> {
        let here = if at.as_os_str().is_empty() {
            OsStr::new(".")
        } else {
            at.as_os_str()
        };
        let unread = |error| Fault::Unread(at.to_owned(), error);
        let entries = match std::fs::read_dir(here) {
            Ok(entries) => entries,
            Err(error) => {
                return match error.raw_os_error().map(Errno::from_raw_os_error) {
                    Some(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => Ok(Vec::new()),
                    Some(Errno::ACCESS | Errno::PERM) => {
                        self.unread += 1;
                        Ok(Vec::new())
                    }
                    _ => Err(unread(error)),
                };
            }
        };
        entries
            .map(|entry| {
                let entry = entry?;
                Ok((entry.file_name(), entry.file_type()?))
            })
            .filter(|entry: &io::Result<_>| {
                let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
                !entry.as_ref().is_err_and(gone)
            })
            .collect::<io::Result<_>>()
            .map_err(unread)
    }
}
