//! What a search found: files with why each is needed, and what was looked for in vain.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use super::image::Flaw;

/// What [`closure`](super::closure) found.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Closure {
    /// Each file once, in the order in which the kernel and the loader meet it.
    pub files: Vec<Dependency>,
    /// What was looked for in vain or passed over; for `-v`.
    pub notes: Vec<Note>,
}

/// One file that the command needs in order to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Absolute, as the kernel or the loader names it: symbolic links are left to whoever opens it.
    pub path: PathBuf,
    /// The device of the file that was looked at: another may be at `path` by the time it is opened.
    pub device: u64,
    /// Its inode on that device.
    pub inode: u64,
    /// Why it is needed.
    pub reason: Reason,
}

/// Why a file is needed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// It is the command.
    Command,
    /// The first line of the script `of` names it.
    ScriptInterpreter {
        /// The script.
        of: PathBuf,
    },
    /// `env` starts it for the script `of`.
    EnvProgram {
        /// The script.
        of: PathBuf,
    },
    /// It loads the ELF file `of`.
    ElfInterpreter {
        /// The ELF file.
        of: PathBuf,
    },
    /// It is a shared library.
    Library {
        /// The name by which it was asked for.
        soname: OsString,
        /// The file that asks for it.
        needed_by: PathBuf,
    },
    /// `LD_PRELOAD` or `/etc/ld.so.preload` names it.
    Preload,
    /// The loader looks libraries up in it.
    LoaderCache,
    /// The loader reads its preloaded libraries or its search path from it.
    LoaderConfiguration,
}

impl Reason {
    /// Whether the kernel executes the file, rather than the program reading it: only then is the right to
    /// execute needed besides the right to read.
    pub fn is_executed(&self) -> bool {
        matches!(
            self,
            Self::Command
                | Self::ScriptInterpreter { .. }
                | Self::EnvProgram { .. }
                | Self::ElfInterpreter { .. }
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command => f.write_str("the command"),
            Self::ScriptInterpreter { of } => write!(f, "interpreter of {}", of.display()),
            Self::EnvProgram { of } => write!(f, "program that env starts for {}", of.display()),
            Self::ElfInterpreter { of } => write!(f, "loader of {}", of.display()),
            Self::Library { soname, needed_by } => write!(
                f,
                "shared library {} of {}",
                soname.display(),
                needed_by.display()
            ),
            Self::Preload => f.write_str("preloaded library"),
            Self::LoaderCache => f.write_str("the loader's list of libraries"),
            Self::LoaderConfiguration => f.write_str("configuration of the loader"),
        }
    }
}

/// Something that was looked for in vain or passed over. The command may start all the same.
#[derive(Debug)]
#[non_exhaustive]
pub enum Note {
    /// A library that no search path has.
    LibraryNotFound {
        /// The name by which it was asked for.
        soname: OsString,
        /// The file that asks for it.
        needed_by: PathBuf,
    },
    /// A preloaded library that no search path has.
    PreloadNotFound {
        /// The name as given.
        name: OsString,
    },
    /// A program that `env` would not find.
    EnvProgramNotFound {
        /// The name as given.
        name: OsString,
        /// The script that names it.
        script: PathBuf,
    },
    /// A library that is found, but not listed since it cannot be loaded.
    BrokenLibrary {
        /// The library.
        path: PathBuf,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// A file of the loader that was not used.
    ConfigurationIgnored {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LibraryNotFound { soname, needed_by } => write!(
                f,
                "{}, needed by {}, was not found",
                soname.display(),
                needed_by.display()
            ),
            Self::PreloadNotFound { name } => {
                write!(f, "{}, to be preloaded, was not found", name.display())
            }
            Self::EnvProgramNotFound { name, script } => write!(
                f,
                "{}, which env is to start for {}, was not found in PATH",
                name.display(),
                script.display()
            ),
            Self::BrokenLibrary { path, flaw } => {
                write!(f, "{} cannot be loaded: {flaw}", path.display())
            }
            Self::ConfigurationIgnored { path, why } => {
                write!(f, "{} was ignored: {why}", path.display())
            }
        }
    }
}
