//! What the kernel does at `execve`: scripts lead to their interpreters, the last of them to its loader.

use std::collections::HashSet;
use std::ffi::OsString;
use std::mem;
use std::path::{Path, PathBuf};

use elf::abi::ELFMAGIC;
use ringfence::process::find_program;
use rustix::fs::{Access, AtFlags, CWD, accessat};

use super::error::{Error, with_descriptors};
use super::file::{Identity, Opened};
use super::image::{Flaw, Image};
use super::libraries::Namespace;
use super::report::{Closure, Note, Reason};
use super::script::{HEAD, Line, NotAScript};
use super::walk::Walk;

/// How many scripts in a row the kernel follows before it says `ELOOP`.
pub(super) const MAX_SCRIPTS: usize = 5;

impl Walk<'_> {
    pub(super) fn run(mut self, command: &Path) -> Result<Closure, Error> {
        let path = self.resolve(command).ok_or_else(|| Error::NotFound {
            name: command.to_owned(),
        })?;
        let mut scripts = HashSet::new();
        let mut next = Some((path, Reason::Command));
        while let Some((path, reason)) = next {
            next = self.execute(path, reason, &mut scripts)?;
        }
        Ok(self.closure)
    }

    /// Follows one `execve`, and says what `env` would execute next.
    fn execute(
        &mut self,
        mut path: PathBuf,
        mut reason: Reason,
        scripts: &mut HashSet<Identity>,
    ) -> Result<Option<(PathBuf, Reason)>, Error> {
        let mut by_env = None;
        for _ in 0..=MAX_SCRIPTS {
            let file = open(&path, &reason)?;
            self.list(&path, file.identity, reason);
            let mut head = [0; HEAD];
            let read = file.read_at(&mut head, 0);
            let read = read.map_err(|source| Error::Unreadable {
                path: path.clone(),
                source,
            })?;
            if head.starts_with(&ELFMAGIC) {
                self.load(&path, &file)?;
                return Ok(by_env.and_then(|(name, script)| self.started_by_env(name, script)));
            }
            let line = Line::parse(&head[..read]).map_err(|e| match e {
                NotAScript::NoInterpreter => Error::NotAProgram { path: path.clone() },
                NotAScript::TooLong => Error::LineTooLong {
                    script: path.clone(),
                },
            })?;
            if !scripts.insert(file.identity) {
                break;
            }
            by_env = line.env_program().map(|name| (name, path.clone()));
            let interpreter = self.absolute(&line.interpreter);
            let of = mem::replace(&mut path, interpreter);
            reason = Reason::ScriptInterpreter { of };
        }
        Err(Error::InterpreterLoop { script: path })
    }

    fn load(&mut self, path: &Path, file: &Opened) -> Result<(), Error> {
        let image = read_image(path, file)?;
        let Some(interpreter) = &image.interpreter else {
            return Ok(());
        };
        let reason = Reason::ElfInterpreter {
            of: path.to_owned(),
        };
        let interpreter = self.absolute(interpreter);
        let loader = open(&interpreter, &reason)?;
        let loader_image = read_image(&interpreter, &loader)?;
        if loader_image.abi != image.abi {
            return Err(Error::Corrupt {
                path: interpreter,
                flaw: Flaw::Machine,
            });
        }
        self.list(&interpreter, loader.identity, reason);

        let mut namespace = Namespace::new(self, image.abi, &interpreter)?;
        namespace.add_loader(loader.identity, loader_image);
        namespace.add_program(path, file.identity, image);
        namespace.close()
    }

    fn started_by_env(&mut self, name: OsString, script: PathBuf) -> Option<(PathBuf, Reason)> {
        let found = self.resolve(Path::new(&name));
        if let Some(path) = found.filter(|path| is_executable(path)) {
            return Some((path, Reason::EnvProgram { of: script }));
        }
        self.note(Note::EnvProgramNotFound { name, script });
        None
    }

    /// The file that `execvp` takes for `command`.
    fn resolve(&self, command: &Path) -> Option<PathBuf> {
        let found = find_program(command.as_os_str(), self.environment.path, &self.directory);
        found.ok().map(|path| self.absolute(&path))
    }
}

fn is_executable(path: &Path) -> bool {
    path.is_file() && accessat(CWD, path, Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

fn read_image(path: &Path, file: &Opened) -> Result<Image, Error> {
    Image::read(file).map_err(|flaw| Error::Corrupt {
        path: path.to_owned(),
        flaw,
    })
}

fn open(path: &Path, reason: &Reason) -> Result<Opened, Error> {
    with_descriptors(path, Opened::open(path))?.map_err(|source| match reason {
        Reason::ScriptInterpreter { of } | Reason::ElfInterpreter { of } => {
            Error::InterpreterMissing {
                interpreter: path.to_owned(),
                of: of.clone(),
                source,
            }
        }
        _ => Error::Unreadable {
            path: path.to_owned(),
            source,
        },
    })
}
