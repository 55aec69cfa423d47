//! Exceptions: a rule for each entry beside what is excepted, none for the directories on the way.

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::{MOST_RULES, Making, hard_links};
use crate::access::AccessFs;
use crate::paths::{self, Opened};
use crate::plan::{Entries, Found, PathPlan};
use crate::sandbox::{PathError, PrepareError};

/// Adds the rules of a line with exceptions, whose directory was opened.
pub(super) fn allow(
    making: &Making,
    plan: &PathPlan<'_>,
    opened: Opened,
) -> Result<Found, PrepareError> {
    let line = plan.line;
    let Opened { object, elsewhere } = opened;
    let here = |errno: Errno| PathError::open(line, errno.into());
    let stat = rustix::fs::fstat(&object).map_err(here)?;
    if !is(&stat, FileType::Directory) {
        return Err(PathError::NothingBeneath {
            path: line.path.clone(),
            line: line.to_string(),
        }
        .into());
    }
    let mut entries = Entries::default();
    let top = elsewhere.unwrap_or_else(|| line.path.clone());
    if top != line.path {
        entries.led.push((line.path.clone(), top.clone()));
    }
    entries.excepted = excepted(plan, &top)?;
    // Where nothing can be enforced nothing is added.
    if !plan.granted.is_empty() {
        hard_links::require_beneath(line, &entries.excepted)?;
        let identities = identities(plan, &top, &entries.excepted)?;
        let mut tree = Tree {
            making,
            plan,
            identities,
            entries: &mut entries,
        };
        if !tree.is_excepted(&top) {
            let names = list(&object).map_err(|errno| tree.unreadable(&top, errno))?;
            tree.allow_beside(names, &top)?;
        }
    }
    entries.granted.sort();
    entries.top = Some(top);
    Ok(Found::Entries(Box::new(entries)))
}

/// The excepted paths, and where they lead if symlinks are on the way; those symlinks as well, since
/// who replaces one chooses what is excepted.
fn excepted(plan: &PathPlan<'_>, top: &Path) -> Result<Vec<PathBuf>, PathError> {
    let mut all = BTreeSet::new();
    for name in &plan.line.except {
        let path = top.join(name);
        let walk =
            paths::walk(&path).map_err(|error| PathError::open_at(&path, plan.line, error))?;
        all.extend(walk.symlinks);
        all.extend([path, walk.end]);
    }
    // In the order of components a path is followed by those beneath it, which it stands for.
    let mut outermost: Vec<PathBuf> = Vec::new();
    for path in all {
        if !outermost
            .last()
            .is_some_and(|above| path.starts_with(above))
        {
            outermost.push(path);
        }
    }
    Ok(outermost)
}

/// Which objects get no rule under whatever name they are found: on a file system that ignores case,
/// or by a bind mount, the same directory goes by several.
fn identities(
    plan: &PathPlan<'_>,
    top: &Path,
    excepted: &[PathBuf],
) -> Result<HashSet<(u64, u64)>, PathError> {
    let on_the_way = |path: &PathBuf| {
        path.ancestors()
            .take_while(|above| above.starts_with(top))
            .map(Path::to_owned)
            .collect::<Vec<_>>()
    };
    let mut identities = HashSet::new();
    for path in excepted
        .iter()
        .chain(&excepted.iter().flat_map(on_the_way).collect::<Vec<_>>())
    {
        match rustix::fs::statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => _ = identities.insert(identity(&stat)),
            Err(Errno::NOENT | Errno::NOTDIR) => {}
            Err(errno) => return Err(PathError::open_at(path, plan.line, errno.into())),
        }
    }
    Ok(identities)
}

struct Tree<'t, 'p> {
    making: &'t Making,
    plan: &'t PathPlan<'p>,
    identities: HashSet<(u64, u64)>,
    entries: &'t mut Entries,
}

impl Tree<'_, '_> {
    fn is_excepted(&self, path: &Path) -> bool {
        let above = |excepted: &PathBuf| path.starts_with(excepted);
        self.entries.excepted.iter().any(above)
    }

    fn leads_to_an_exception(&self, path: &Path) -> bool {
        let beneath = |excepted: &PathBuf| excepted.starts_with(path);
        self.entries.excepted.iter().any(beneath)
    }

    /// Adds a rule for each of a directory's entries that is not excepted nor leads to what is.
    ///
    /// Each is opened in the directory that was read, and no symlink is followed: whoever renames
    /// things meanwhile cannot lead this elsewhere.
    fn allow_beside(&mut self, mut names: Dir, directory: &Path) -> Result<(), PrepareError> {
        let parent = names
            .fd()
            .and_then(|fd| fd.try_clone_to_owned().map_err(|_| Errno::MFILE))
            .map_err(|errno| PathError::open_at(directory, self.plan.line, errno.into()))?;
        while let Some(entry) = names.read() {
            let entry = entry.map_err(|errno| self.unreadable(directory, errno))?;
            let name = OsStr::from_bytes(entry.file_name().to_bytes());
            let path = directory.join(name);
            if name == "." || name == ".." || self.is_excepted(&path) {
                continue;
            }
            self.allow_entry(&parent, name, path)?;
        }
        Ok(())
    }

    fn allow_entry(
        &mut self,
        parent: &OwnedFd,
        name: &OsStr,
        path: PathBuf,
    ) -> Result<(), PrepareError> {
        let line = self.plan.line;
        let fault = |errno: Errno| PathError::open_at(&path, line, errno.into());
        let object = match rustix::fs::openat(parent, name, ENTRY, Mode::empty()) {
            Ok(object) => object,
            // Removed since the directory was read.
            Err(Errno::NOENT) => return Ok(()),
            Err(errno) => return Err(fault(errno).into()),
        };
        let stat = rustix::fs::fstat(&object).map_err(fault)?;
        if self.leads_to_an_exception(&path) {
            if is(&stat, FileType::Directory) {
                let names = list(&object).map_err(|errno| self.unreadable(&path, errno))?;
                self.allow_beside(names, &path)?;
            }
            return Ok(());
        }
        let rights = if is(&stat, FileType::Directory) {
            self.plan.granted
        } else {
            self.plan.granted & AccessFs::OF_FILES
        };
        // A symlink leads where other rules say.
        if is(&stat, FileType::Symlink)
            || rights.is_empty()
            || self.identities.contains(&identity(&stat))
        {
            return Ok(());
        }
        if self.entries.granted.len() == MOST_RULES {
            return Err(PathError::TooMany {
                line: line.to_string(),
                most: MOST_RULES,
            }
            .into());
        }
        self.making
            .add(&object, rights)
            .map_err(|error| PathError::rule(&path, line, error))?;
        self.entries.granted.push(path);
        Ok(())
    }

    fn unreadable(&self, path: &Path, errno: Errno) -> PathError {
        PathError::unreadable(path, self.plan.line, errno.into())
    }
}

const ENTRY: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens a directory to read the names in it.
fn list(directory: &impl AsFd) -> Result<Dir, Errno> {
    // What was opened to name an object cannot be read.
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    rustix::fs::openat(directory, ".", flags, Mode::empty()).and_then(Dir::new)
}

fn is(stat: &Stat, kind: FileType) -> bool {
    FileType::from_raw_mode(stat.st_mode) == kind
}

fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}
