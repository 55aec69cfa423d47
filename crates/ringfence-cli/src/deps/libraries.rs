//! The libraries of one program, breadth first, as the loader loads them.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::mem;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::error::Error;
use super::file::Identity;
use super::image::{Abi, Image};
use super::loader::{Family, Loader, preload_words};
use super::report::{Note, Reason};
use super::tokens::Tokens;
use super::walk::{MAX_LIBRARIES, Walk};

/// The place of the program among the objects.
const PROGRAM: usize = 0;

/// The program or a library, with its search paths ready.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) path: PathBuf,
    /// `$ORIGIN`
    pub(super) origin: PathBuf,
    pub(super) rpath: Rc<[PathBuf]>,
    pub(super) runpath: Option<Rc<[PathBuf]>>,
    pub(super) default_directories: bool,
    /// Who asked for it first; nobody for the program.
    pub(super) loaded_by: Option<usize>,
    needed: Vec<OsString>,
}

/// What is loaded into one process.
#[derive(Debug)]
pub(super) struct Namespace<'w, 'a> {
    pub(super) walk: &'w mut Walk<'a>,
    pub(super) loader: Loader,
    pub(super) abi: Abi,
    pub(super) objects: Vec<Object>,
    pub(super) library_path: Rc<[PathBuf]>,
    /// The names that need not be looked for again.
    names: HashSet<OsString>,
    identities: HashSet<Identity>,
}

impl<'w, 'a> Namespace<'w, 'a> {
    pub(super) fn new(walk: &'w mut Walk<'a>, abi: Abi, interpreter: &Path) -> Result<Self, Error> {
        let loader = Loader::new(walk, interpreter, abi)?;
        Ok(Self {
            walk,
            loader,
            abi,
            objects: Vec::new(),
            library_path: Rc::default(),
            names: HashSet::from([interpreter.into()]),
            identities: HashSet::new(),
        })
    }

    pub(super) fn add_loader(&mut self, identity: Identity, image: Image) {
        self.identities.insert(identity);
        self.names.extend(image.soname);
    }

    pub(super) fn add_program(&mut self, path: &Path, identity: Identity, image: Image) {
        // The loader asks the kernel, through /proc/self/exe, where the program is.
        let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let origin = real.parent().unwrap_or(path).to_owned();
        let text = self.walk.environment.library_path.unwrap_or_default();
        let separators: &[u8] = match self.loader.family {
            Family::Glibc => b":;",
            Family::Musl => b":\n",
        };
        self.library_path = self
            .tokens(&origin)
            .directories(text.as_bytes(), separators);
        self.add(path.to_owned(), origin, identity, image, None);
    }

    /// Lists all libraries that the program leads to.
    pub(super) fn close(mut self) -> Result<(), Error> {
        let preload = self.walk.environment.preload.unwrap_or_default();
        let configured = mem::take(&mut self.loader.preloads);
        for name in preload_words(preload.as_bytes()).chain(configured) {
            if !self.load(&name, PROGRAM, &Reason::Preload)? {
                self.walk.note(Note::PreloadNotFound { name });
            }
        }
        let mut next = 0;
        while next < self.objects.len() {
            for soname in mem::take(&mut self.objects[next].needed) {
                let needed_by = self.objects[next].path.clone();
                let reason = Reason::Library {
                    soname: soname.clone(),
                    needed_by: needed_by.clone(),
                };
                if !self.load(&soname, next, &reason)? {
                    self.walk.note(Note::LibraryNotFound { soname, needed_by });
                }
            }
            next += 1;
        }
        Ok(())
    }

    pub(super) fn tokens<'t>(&'t self, origin: &'t Path) -> Tokens<'t> {
        Tokens {
            origin,
            lib: &self.loader.lib,
            platform: self.loader.platform,
        }
    }

    /// Finds the files that `name` may stand for, and lists those that can be loaded: a name or a link may lead to any
    /// file, and what is listed may be read. Says whether there is one.
    fn load(&mut self, name: &OsStr, by: usize, reason: &Reason) -> Result<bool, Error> {
        if self.names.contains(name) || self.loader.contains(name) {
            return Ok(true);
        }
        let found = self.find(name, by)?;
        if self.walk.is_exhausted() || self.objects.len() + found.len() > MAX_LIBRARIES {
            return Err(Error::TooManyLibraries {
                program: mem::take(&mut self.objects[PROGRAM].path),
            });
        }
        if found.is_empty() {
            return Ok(false);
        }
        self.names.insert(name.to_owned());
        for found in found {
            match found.image {
                Ok(image) => {
                    self.walk.list(&found.path, found.identity, reason.clone());
                    let origin = found.path.parent().unwrap_or(&found.path).to_owned();
                    self.add(found.path, origin, found.identity, image, Some(by));
                }
                Err(flaw) => self.walk.note(Note::BrokenLibrary {
                    path: found.path,
                    flaw,
                }),
            }
        }
        Ok(true)
    }

    fn add(
        &mut self,
        path: PathBuf,
        origin: PathBuf,
        identity: Identity,
        image: Image,
        loaded_by: Option<usize>,
    ) {
        if !self.identities.insert(identity) {
            return;
        }
        // musl knows a library only by the names it was asked for.
        if self.loader.family == Family::Glibc {
            self.names.extend(image.soname);
        }
        let tokens = self.tokens(&origin);
        let directories = |text: OsString| tokens.directories(text.as_bytes(), b":");
        let (rpath, runpath) = (image.rpath.map(directories), image.runpath.map(directories));
        self.objects.push(Object {
            path,
            origin,
            rpath: rpath.unwrap_or_default(),
            runpath,
            default_directories: image.default_directories,
            loaded_by,
            needed: image.needed,
        });
    }
}
