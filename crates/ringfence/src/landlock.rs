//! Plan lines → ruleset: what the plan handles is denied, and each line becomes a rule.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

use ringfence_sys::landlock::{self, RulesetAttr};
use rustix::io::Errno;

use crate::access::{AccessFs, AccessNet, Scope};
use crate::paths::{self, Opened};
use crate::plan::{Found, PathPlan, Plan, Standing};
use crate::policy::{Dependency, Ports, Source};
use crate::sandbox::{PathError, PrepareError};
use cover::Cover;

mod cover;

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

    /// Allows what a line grants on its object: all of it on a directory, on anything else the
    /// rights that mean something there.
    fn allow_object(&self, object: &OwnedFd, plan: &PathPlan<'_>) -> Result<(), PrepareError> {
        let line = plan.line;
        let add = |rights: AccessFs| {
            landlock::add_path_rule(self.0.as_fd(), object.as_fd(), rights.bits())
        };
        let refused = match add(plan.granted) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        // All rights are handled, so EINVAL can only mean that one is a directory's and this is
        // none. Asking the kernel first spares a system call for each directory.
        let on_files = plan.granted & AccessFs::OF_FILES;
        let not_a_directory = refused.raw_os_error() == Some(Errno::INVAL.raw_os_error());
        if !not_a_directory || on_files == plan.granted {
            return Err(PathError::rule(line, refused).into());
        }
        if on_files.is_empty() {
            return Err(PrepareError::NotADirectory {
                line: line.to_string(),
                words: line.access,
            });
        }
        add(on_files).map_err(|error| PathError::rule(line, error).into())
    }

    pub(crate) fn allow_port(&self, port: u16, rights: AccessNet) -> io::Result<()> {
        landlock::add_port_rule(self.0.as_fd(), port, rights.bits())
    }

    /// Restricts the calling thread.
    pub(crate) fn restrict_this_thread(&self) -> io::Result<()> {
        landlock::restrict_self(self.0.as_fd(), 0)
    }

    /// Restricts every thread of the process at once (ABI 8).
    pub(crate) fn restrict_all_threads(&self) -> io::Result<()> {
        landlock::restrict_self(self.0.as_fd(), landlock::RESTRICT_SELF_TSYNC)
    }
}

/// Makes the ruleset of a plan, and notes in the plan what was found at each path.
///
/// One ruleset for all of it: each further layer would deny renames that the first one allows.
pub(crate) fn ruleset(plan: &mut Plan) -> Result<Ruleset, PrepareError> {
    let ruleset = Ruleset::new(plan.handled_fs, plan.handled_net, plan.scoped)
        .map_err(PrepareError::Ruleset)?;
    if !plan.handled_fs.is_empty() {
        let cover = Cover::of(plan);
        plan.found = plan
            .paths()
            .enumerate()
            .map(|(number, path)| allow_path(&ruleset, number, &path, &cover))
            .collect::<Result<_, _>>()?;
        require_own_symlinks(plan)?;
    }
    for port in &plan.ports {
        if let (Standing::Landlock, Ports::Range(range)) = (port.standing, &port.line.ports) {
            let right = port.line.class.right();
            range
                .clone()
                .try_for_each(|number| ruleset.allow_port(number, right))
                .map_err(|source| PrepareError::PortRule {
                    line: port.line.to_string(),
                    source,
                })?;
        }
    }
    Ok(ruleset)
}

/// Adds the rule of one line, unless its path is missing or a wider line covers it.
fn allow_path(
    ruleset: &Ruleset,
    number: usize,
    plan: &PathPlan<'_>,
    cover: &Cover<'_>,
) -> Result<Found, PrepareError> {
    let line = plan.line;
    let Opened { object, elsewhere } = match paths::open(&line.path) {
        Ok(opened) => opened,
        Err(error) => {
            let error = PathError::open(line, error);
            return match error {
                PathError::Missing { .. } if line.optional => Ok(Found::Missing),
                error => Err(error.into()),
            };
        }
    };
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
        ruleset.allow_object(&object, plan)?;
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
    let where_symlinks_are_made: Vec<_> = plan
        .paths()
        .filter(|path| path.granted.contains(AccessFs::MAKE_SYM))
        .filter_map(|path| Some((path.path()?, path.line)))
        .collect();
    if where_symlinks_are_made.is_empty() {
        return Ok(());
    }
    for path in plan.paths() {
        let Found::At(place) = path.found else {
            continue;
        };
        let walk =
            paths::walk(&path.line.path).map_err(|error| PathError::open(path.line, error))?;
        if walk.end != **place {
            return Err(PathError::open(path.line, Errno::STALE.into()).into());
        }
        let planted = where_symlinks_are_made.iter().find(|(top, _)| {
            let made_there = |directory: &PathBuf| directory.starts_with(top);
            walk.symlinks_in.iter().any(made_there)
        });
        if let Some((_, maker)) = planted {
            return Err(PathError::planted(path.line, place, maker).into());
        }
    }
    Ok(())
}
