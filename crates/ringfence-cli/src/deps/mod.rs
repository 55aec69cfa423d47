//! Everything on disk that a command needs so that it can start: `--with-deps`.
//!
//! [`closure`] follows the kernel (`#!` lines, the ELF interpreter) and then the dynamic loader (preloaded and
//! needed libraries, where glibc's or musl's `ld.so` would look for them), and lists each file once, in the order
//! in which it was met. Nothing is executed: the answer comes from the files alone, of which only the few pages
//! that matter are read.
//!
//! What a program opens later by itself (`dlopen`, locales, plugins) cannot be known from here. Of the libraries
//! that exist in variants for newer processors (`glibc-hwcaps`) all are listed, since which one is loaded depends on
//! the machine. The older `tls`, `haswell`, `avx512_1` … subdirectories (glibc before 2.37) are known only as far as
//! `/etc/ld.so.cache` lists them.

mod cache;
mod error;
mod file;
mod image;
mod libraries;
mod loader;
mod program;
mod report;
mod script;
mod search;
mod tokens;
mod walk;

#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::path::Path;

pub use error::Error;
pub use image::Flaw;
pub use report::{Closure, Dependency, Note, Reason};

/// The part of the command's future environment that decides which files it is made of.
#[derive(Clone, Copy, Debug, Default)]
pub struct Environment<'a> {
    /// `PATH`: where a command without a slash, and the program that `#!/usr/bin/env` names, are looked up.
    pub path: Option<&'a OsStr>,
    /// `LD_LIBRARY_PATH`.
    pub library_path: Option<&'a OsStr>,
    /// `LD_PRELOAD`.
    pub preload: Option<&'a OsStr>,
    /// The directory in which the command starts, for relative paths; that of this process if none is given.
    pub directory: Option<&'a Path>,
}

/// Where the loader's system-wide files are; only tests look elsewhere.
#[derive(Clone, Copy, Debug)]
struct System<'a> {
    cache: &'a Path,
    preload: &'a Path,
}

/// Lists the files that `command` needs to start in `environment`.
///
/// A command without a slash is looked up in `PATH`, as `execvp` does. A library that is not found is a
/// [`Note`], not an error: the loader itself will complain if it really needs it.
pub fn closure(command: &Path, environment: &Environment<'_>) -> Result<Closure, Error> {
    let system = System {
        cache: Path::new("/etc/ld.so.cache"),
        preload: Path::new("/etc/ld.so.preload"),
    };
    walk::Walk::new(environment, system).run(command)
}
