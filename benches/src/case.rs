//! The cases: a policy each, over files that are made for it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// One policy to measure.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) rounds: usize,
    /// Whether the number of system calls has a target here.
    pub(crate) few_paths: bool,
    paths: Vec<PathRule>,
}

#[derive(Clone)]
struct PathRule {
    flag: &'static str,
    path: PathBuf,
}

impl Case {
    /// All of them, their files below `scratch`, which is free of symlinks.
    ///
    /// `tools` is the directory of the program that memory is measured with.
    pub(crate) fn all(scratch: &Path, tools: &Path) -> Result<Vec<Self>, Error> {
        let six = six(scratch, tools)?;
        let mut cases = vec![Self::of_six(six.clone())];
        for (count, rounds) in [(1_000, 100), (10_000, 30)] {
            let mut paths = six.clone();
            let files = leaves(&scratch.join(count.to_string()), count - six.len())?;
            paths.extend(
                files
                    .into_iter()
                    .map(|path| PathRule { flag: "--ro", path }),
            );
            paths.sort_by(|a, b| a.path.cmp(&b.path));
            let mut shuffled = paths.clone();
            Random::new(count as u64).shuffle(&mut shuffled);
            for (order, paths) in [("sorted", paths), ("shuffled", shuffled)] {
                cases.push(Self {
                    name: format!("{count} paths, {order}"),
                    rounds,
                    few_paths: false,
                    paths,
                });
            }
        }
        Ok(cases)
    }

    /// The smallest.
    pub(crate) fn small(scratch: &Path, tools: &Path) -> Result<Self, Error> {
        six(scratch, tools).map(Self::of_six)
    }

    fn of_six(paths: Vec<PathRule>) -> Self {
        Self {
            name: "6 paths and a port".to_owned(),
            rounds: 400,
            few_paths: true,
            paths,
        }
    }

    pub(crate) fn paths(&self) -> usize {
        self.paths.len()
    }

    /// The command line behind a wrapper's name.
    pub(crate) fn arguments(&self, command: &Path) -> Vec<OsString> {
        let paths = self
            .paths
            .iter()
            .flat_map(|rule| [rule.flag.into(), rule.path.clone().into()]);
        paths
            .chain(["--connect-tcp", "443", "--"].map(Into::into))
            .chain([command.into()])
            .collect()
    }
}

/// What a small tool gets: the system, a directory and a file of its own, and a device.
fn six(scratch: &Path, tools: &Path) -> Result<Vec<PathRule>, Error> {
    let state = scratch.join("state");
    let log = scratch.join("tool.log");
    fs::create_dir(&state).map_err(Error::io(format!("make {}", state.display())))?;
    fs::write(&log, "").map_err(Error::io(format!("make {}", log.display())))?;
    Ok([
        ("--ro", Path::new("/usr")),
        ("--ro", Path::new("/etc")),
        ("--ro", tools),
        ("--rw", &state),
        ("--rw", &log),
        ("--rw", Path::new("/dev/null")),
    ]
    .map(|(flag, path)| PathRule {
        flag,
        path: path.to_owned(),
    })
    .into())
}

/// Makes `count` files and directories below two levels of directories.
///
/// None lies in another: a wrapper that leaves out redundant rules has no fewer to add than one
/// that does not.
fn leaves(root: &Path, count: usize) -> Result<Vec<PathBuf>, Error> {
    const IN_A_DIRECTORY: usize = 20;
    const IN_A_GROUP: usize = 10 * IN_A_DIRECTORY;
    (0..count)
        .map(|number| {
            let directory = root
                .join(format!("group-{:03}", number / IN_A_GROUP))
                .join(format!("part-{}", number % IN_A_GROUP / IN_A_DIRECTORY));
            let path = directory.join(format!("entry-{:02}", number % IN_A_DIRECTORY));
            if number % 2 == 0 {
                fs::create_dir_all(&path)
            } else {
                fs::write(&path, "")
            }
            .map_err(Error::io(format!("make {}", path.display())))?;
            Ok(path)
        })
        .collect()
}

/// A generator that gives the same order in every run (xorshift).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            let pick = self.0 % (last as u64 + 1);
            items.swap(last, usize::try_from(pick).unwrap_or(last));
        }
    }
}
