//! What is gathered on the way, and the only places that look at the file system by name.

use std::collections::{HashMap, HashSet};
use std::env;
use std::fs;
use std::io;
use std::path::{self, Path, PathBuf};
use std::rc::Rc;

use super::error::{Error, with_descriptors};
use super::file::{Identity, Opened};
use super::report::{Closure, Dependency, Note, Reason};
use super::{Environment, System};

/// How many libraries one program may lead to.
pub(super) const MAX_LIBRARIES: usize = 2048;
/// How many places may be looked at for libraries, over all search paths.
pub(super) const MAX_PROBES: usize = 200_000;
/// How many `glibc-hwcaps` subdirectories of one directory are looked into; no architecture has ten.
const MAX_VARIANTS: usize = 64;

/// One search, from the command on.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    pub(super) environment: &'a Environment<'a>,
    pub(super) system: System<'a>,
    pub(super) closure: Closure,
    /// Where relative paths begin.
    pub(super) directory: PathBuf,
    listed: HashSet<Identity>,
    probes: usize,
    variants: HashMap<PathBuf, Rc<[PathBuf]>>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(environment: &'a Environment<'a>, system: System<'a>) -> Self {
        // Without a working directory relative paths stay what they are, and fail to open with the kernel's reason.
        let directory = environment
            .directory
            .map_or_else(|| env::current_dir().unwrap_or_default(), Path::to_owned);
        Self {
            environment,
            system,
            closure: Closure::default(),
            directory,
            listed: HashSet::new(),
            probes: 0,
            variants: HashMap::new(),
        }
    }

    pub(super) fn absolute(&self, path: &Path) -> PathBuf {
        let path = self.directory.join(path);
        path::absolute(&path).unwrap_or(path)
    }

    pub(super) fn list(&mut self, path: &Path, identity: Identity, reason: Reason) {
        if self.listed.insert(identity) {
            let (device, inode) = identity;
            self.closure.files.push(Dependency {
                path: path.to_owned(),
                device,
                inode,
                reason,
            });
        }
    }

    pub(super) fn note(&mut self, note: Note) {
        self.closure.notes.push(note);
    }

    /// Opens a place where a library may be. `None` also stands for one that may not be read: the loader goes on.
    pub(super) fn probe(&mut self, path: &Path) -> Result<Option<Opened>, Error> {
        self.probes += 1;
        if self.is_exhausted() {
            return Ok(None);
        }
        Ok(with_descriptors(path, Opened::open(path))?.ok())
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.probes > MAX_PROBES
    }

    /// Reads and lists `opened`, a file of the loader's configuration, if there is one.
    pub(super) fn configuration(
        &mut self,
        path: &Path,
        opened: io::Result<Opened>,
        limit: u64,
        reason: Reason,
    ) -> Result<Option<Vec<u8>>, Error> {
        let read = with_descriptors(path, opened)?.and_then(|file| {
            let data = file.read_all(limit)?;
            Ok((file, data))
        });
        Ok(match read {
            Ok((file, data)) => {
                self.list(path, file.identity, reason);
                Some(data)
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => {
                self.note(Note::ConfigurationIgnored {
                    path: path.to_owned(),
                    why: e.to_string(),
                });
                None
            }
        })
    }

    /// The subdirectories of `directory` for newer processors.
    pub(super) fn variants(&mut self, directory: &Path) -> Result<Rc<[PathBuf]>, Error> {
        if let Some(known) = self.variants.get(directory) {
            return Ok(Rc::clone(known));
        }
        self.probes += 1;
        let parent = directory.join("glibc-hwcaps");
        let listing = with_descriptors(&parent, fs::read_dir(&parent))?;
        let mut found: Vec<_> = listing
            .into_iter()
            .flatten()
            .take(MAX_VARIANTS)
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        found.sort();
        let found: Rc<[PathBuf]> = found.into();
        self.variants
            .insert(directory.to_owned(), Rc::clone(&found));
        Ok(found)
    }
}
