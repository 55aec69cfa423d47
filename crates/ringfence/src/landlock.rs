//! Plan lines → ruleset: what the plan handles is denied, and each line becomes a rule.

use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use ringfence_sys::landlock::{self, RulesetAttr};
use rustix::io::Errno;

use crate::access::{AccessFs, AccessNet, Scope};
use crate::paths::{self, Opened};
use crate::plan::{Found, PathPlan, Plan, Standing};
use crate::policy::{Dependency, PathLine, Ports, Source};
use crate::sandbox::{PathError, PrepareError};
use cover::Cover;

mod cover;
mod except;
mod hard_links;
mod matches;

/// The most rules that one line may come to.
const MOST_RULES: usize = 100_000;

/// A ruleset of the kernel.
#[derive(Debug)]
pub(crate) struct Ruleset(OwnedFd);

impl Ruleset {
    pub(crate) fn new(fs: AccessFs, net: AccessNet, scoped: Scope) -> io::Result<Self> {
        landlock::create_ruleset(&RulesetAttr {
            handled_access_fs: fs.bits(),
            handled_access_net: net.bits(),
            scoped: scoped.bits(),
        })
        .map(Self)
    }

    fn allow_path(&self, object: &OwnedFd, rights: AccessFs) -> io::Result<()> {
        landlock::add_path_rule(self.0.as_fd(), object.as_fd(), rights.bits())
    }

    pub(crate) fn allow_port(&self, port: u16, rights: AccessNet) -> io::Result<()> {
        landlock::add_port_rule(self.0.as_fd(), port, rights.bits())
    }

    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// Restricts the calling thread.
    pub(crate) fn restrict_this_thread(&self, flags: u32) -> io::Result<()> {
        landlock::restrict_self(self.0.as_fd(), flags)
    }
}

/// A rule about a path, which other rulesets can have too.
#[derive(Debug)]
pub(crate) struct Rule {
    object: OwnedFd,
    rights: AccessFs,
}

/// A ruleset that is being made.
struct Making {
    ruleset: Ruleset,
    /// Whether the rules are kept for other rulesets.
    keep: bool,
    kept: RefCell<Vec<Rule>>,
}

impl Making {
    /// Allows what a line grants on its object: all of it on a directory, on anything else the
    /// rights that mean something there.
    fn allow_object(
        &self,
        object: &OwnedFd,
        plan: &PathPlan<'_>,
        path: &Path,
    ) -> Result<(), PrepareError> {
        let line = plan.line;
        let refused = match self.add(object, plan.granted) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        // All rights are handled, so EINVAL can only mean that one is a directory's and this is
        // none. Asking the kernel first spares a system call for each directory.
        let on_files = plan.granted & AccessFs::OF_FILES;
        let not_a_directory = refused.raw_os_error() == Some(Errno::INVAL.raw_os_error());
        if !not_a_directory || on_files == plan.granted {
            return Err(PathError::rule(path, line, refused).into());
        }
        if on_files.is_empty() {
            return Err(PrepareError::NotADirectory {
                line: line.to_string(),
                words: line.access,
                path: path.to_owned(),
            });
        }
        self.add(object, on_files)
            .map_err(|error| PathError::rule(path, line, error).into())
    }

    fn add(&self, object: &OwnedFd, rights: AccessFs) -> io::Result<()> {
        self.ruleset.allow_path(object, rights)?;
        if self.keep {
            let object = object.try_clone()?;
            self.kept.borrow_mut().push(Rule { object, rights });
        }
        Ok(())
    }
}

/// Makes the ruleset of a plan, and notes in the plan what was found at each path.
///
/// One ruleset for all of it: each further layer would deny renames that the first one allows.
pub(crate) fn ruleset(plan: &mut Plan) -> Result<Ruleset, PrepareError> {
    make(plan, &[], false).map(|making| making.ruleset)
}

/// The same, with the rules about paths for further rulesets.
pub(crate) fn ruleset_and_rules(plan: &mut Plan) -> Result<(Ruleset, Vec<Rule>), PrepareError> {
    make(plan, &[], true).map(|making| (making.ruleset, making.kept.into_inner()))
}

/// Makes the ruleset of a plan whose first lines have been looked up before and came to these rules.
pub(crate) fn ruleset_with(plan: &mut Plan, rules: &[Rule]) -> Result<Ruleset, PrepareError> {
    make(plan, rules, false).map(|making| making.ruleset)
}

fn make(plan: &mut Plan, rules: &[Rule], keep: bool) -> Result<Making, PrepareError> {
    let ruleset = Ruleset::new(plan.handled_fs, plan.handled_net, plan.scoped)
        .map_err(PrepareError::Ruleset)?;
    let making = Making {
        ruleset,
        keep,
        kept: RefCell::default(),
    };
    if !plan.handled_fs.is_empty() {
        for rule in rules {
            making
                .ruleset
                .allow_path(&rule.object, rule.rights)
                .map_err(PrepareError::Ruleset)?;
        }
        let cover = Cover::of(plan);
        let known = plan.found.len();
        let found: Vec<_> = plan
            .paths()
            .enumerate()
            .skip(known)
            .map(|(number, path)| allow_path(&making, number, &path, &cover))
            .collect::<Result<_, _>>()?;
        plan.found.extend(found);
        require_own_symlinks(plan)?;
        if let Some(undone) = plan.undone().next() {
            return Err(PathError::from(undone).into());
        }
    }
    for port in &plan.ports {
        if let (Standing::Landlock, Ports::Range(range)) = (port.standing, &port.line.ports) {
            let right = port.line.class.right();
            range
                .clone()
                .try_for_each(|number| making.ruleset.allow_port(number, right))
                .map_err(|source| PrepareError::PortRule {
                    line: port.line.to_string(),
                    source,
                })?;
        }
    }
    Ok(making)
}

/// Adds the rule of one line, unless its path is missing or a wider line covers it.
fn allow_path(
    making: &Making,
    number: usize,
    plan: &PathPlan<'_>,
    cover: &Cover<'_>,
) -> Result<Found, PrepareError> {
    let line = plan.line;
    if line.pattern {
        return matches::allow(making, plan);
    }
    let opened = match paths::open(&line.path) {
        Ok(opened) => opened,
        Err(error) => {
            let error = PathError::open(line, error);
            return match error {
                PathError::Missing { .. } if line.optional => Ok(Found::Missing),
                error => Err(error.into()),
            };
        }
    };
    if !line.except.is_empty() {
        return except::allow(making, plan, opened);
    }
    let Opened { object, elsewhere } = opened;
    if let Source::Dependency(dependency) = &line.source {
        require_same_file(&object, dependency).map_err(|error| PathError::open(line, error))?;
    }
    // A line of which this kernel can enforce nothing adds no rule, and no other line covers it.
    if !plan.granted.is_empty() {
        let redundant = match &elsewhere {
            None => cover.makes_redundant(number, plan.granted),
            Some(resolved) => cover.makes_redundant_at(resolved, plan.granted),
        };
        if redundant {
            let resolved = elsewhere.unwrap_or_else(|| line.path.clone());
            return Ok(Found::CoveredAt(resolved.into()));
        }
        making.allow_object(&object, plan, &line.path)?;
    }
    Ok(elsewhere.map_or(Found::AsWritten, |path| Found::At(path.into())))
}

/// Fails if a file is no longer the one that was looked into: whoever can replace it must not
/// choose what is allowed.
fn require_same_file(object: &OwnedFd, dependency: &Dependency) -> io::Result<()> {
    let stat = rustix::fs::fstat(object)?;
    if (stat.st_dev, stat.st_ino) == (dependency.device, dependency.inode) {
        Ok(())
    } else {
        Err(Errno::STALE.into())
    }
}

/// Fails if a line leads elsewhere through a symlink that a program in such a sandbox could have
/// made: an earlier run must not choose what a later one allows.
fn require_own_symlinks(plan: &Plan) -> Result<(), PrepareError> {
    let makers: Vec<_> = plan
        .paths()
        .filter(|path| path.granted.contains(AccessFs::MAKE_SYM))
        .collect();
    if makers.is_empty() {
        return Ok(());
    }
    for path in plan.paths() {
        match path.found {
            Found::At(place) => require_own(path.line, &path.line.path, place, &makers)?,
            Found::Entries(entries) => {
                for (written, place) in &entries.led {
                    require_own(path.line, written, place, &makers)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Fails if a symlink on the way to `place` is where one of these lines lets programs make some.
fn require_own(
    line: &PathLine,
    written: &Path,
    place: &Path,
    makers: &[PathPlan<'_>],
) -> Result<(), PathError> {
    let walk = paths::walk(written).map_err(|error| PathError::open_at(written, line, error))?;
    if walk.end != place {
        return Err(PathError::open_at(written, line, Errno::STALE.into()));
    }
    let directories: Vec<_> = walk
        .symlinks
        .iter()
        .filter_map(|link| link.parent())
        .collect();
    let planted = makers
        .iter()
        .find(|maker| directories.iter().any(|directory| maker.covers(directory)));
    match planted {
        Some(maker) => Err(PathError::planted(written, line, place, maker.line)),
        None => Ok(()),
    }
}
