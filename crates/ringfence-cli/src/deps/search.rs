//! Where the loader looks for a library, in its order.

use std::ffi::OsStr;
use std::iter;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::error::Error;
use super::file::Identity;
use super::image::{Flaw, Image};
use super::libraries::{Namespace, Object};
use super::loader::Family;

/// A file that the loader would load, or fail on.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) identity: Identity,
    pub(super) image: Result<Image, Flaw>,
}

impl Namespace<'_, '_> {
    /// The files that `name` may stand for in the object `by`: variants for newer processors, and the first that
    /// every processor takes.
    pub(super) fn find(&mut self, name: &OsStr, by: usize) -> Result<Vec<Found>, Error> {
        let origin = &self.objects[by].origin;
        let Some(expanded) = self.tokens(origin).expand(name.as_bytes()) else {
            return Ok(Vec::new());
        };
        if expanded.as_os_str().is_empty() {
            return Ok(Vec::new());
        }
        if expanded.as_os_str().as_bytes().contains(&b'/') {
            return Ok(self.probe(&expanded)?.into_iter().collect());
        }
        let mut found = Vec::new();
        for directories in self.own_paths(by) {
            if self.look_in(&directories, &expanded, &mut found)? {
                return Ok(found);
            }
        }
        if !self.look_in_cache(&expanded, by, &mut found)? {
            self.look_in_defaults(&expanded, by, &mut found)?;
        }
        Ok(found)
    }

    /// The search paths that the environment and the objects themselves name.
    fn own_paths(&self, by: usize) -> Vec<Rc<[PathBuf]>> {
        let object = &self.objects[by];
        let loaders = iter::successors(Some(object), |o| Some(&self.objects[o.loaded_by?]));
        let library_path = iter::once(&self.library_path);
        match self.loader.family {
            Family::Glibc => {
                let rpath = loaders
                    .filter(|_| object.runpath.is_none())
                    .map(|o| &o.rpath);
                rpath
                    .chain(library_path)
                    .chain(&object.runpath)
                    .cloned()
                    .collect()
            }
            Family::Musl => {
                let inherited = loaders.map(|o| o.runpath.as_ref().unwrap_or(&o.rpath));
                library_path.chain(inherited).cloned().collect()
            }
        }
    }

    /// Says whether it found a file that every processor takes, which ends the search.
    fn look_in(
        &mut self,
        directories: &[PathBuf],
        name: &Path,
        found: &mut Vec<Found>,
    ) -> Result<bool, Error> {
        for directory in directories {
            if self.loader.family == Family::Glibc {
                let directory = self.walk.absolute(directory);
                for variant in self.walk.variants(&directory)?.iter() {
                    found.extend(self.probe(&variant.join(name))?);
                }
            }
            if let Some(universal) = self.probe(&directory.join(name))? {
                found.push(universal);
                return Ok(true);
            }
            if self.walk.is_exhausted() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn look_in_cache(
        &mut self,
        name: &Path,
        by: usize,
        found: &mut Vec<Found>,
    ) -> Result<bool, Error> {
        // Out of the loader for a moment, since probing borrows all of the namespace.
        let Some(cache) = self.loader.cache.take() else {
            return Ok(false);
        };
        let mut end = false;
        for candidate in cache.candidates(name.as_os_str()) {
            if self.is_barred(&self.objects[by], candidate.path) {
                continue;
            }
            if let Some(file) = self.probe(candidate.path)? {
                found.push(file);
                end = candidate.universal;
            }
            if end || self.walk.is_exhausted() {
                break;
            }
        }
        self.loader.cache = Some(cache);
        Ok(end)
    }

    fn look_in_defaults(
        &mut self,
        name: &Path,
        by: usize,
        found: &mut Vec<Found>,
    ) -> Result<bool, Error> {
        let defaults = Rc::clone(&self.loader.defaults);
        Ok(self.objects[by].default_directories && self.look_in(&defaults, name, found)?)
    }

    /// Whether `path` is in a default directory that the object was linked not to use.
    fn is_barred(&self, object: &Object, path: &Path) -> bool {
        let mut defaults = self.loader.defaults.iter();
        !object.default_directories && defaults.any(|directory| path.starts_with(directory))
    }

    /// Opens a candidate. Those for another machine are passed over, as the loader does.
    fn probe(&mut self, path: &Path) -> Result<Option<Found>, Error> {
        let path = self.walk.absolute(path);
        let Some(file) = self.walk.probe(&path)? else {
            return Ok(None);
        };
        let image = Image::read(&file);
        if image.as_ref().is_ok_and(|image| image.abi != self.abi) {
            return Ok(None);
        }
        let identity = file.identity;
        Ok(Some(Found {
            path,
            identity,
            image,
        }))
    }
}
