//! What the real loader says, and what it takes to make files for it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

use super::super::file::Opened;
use super::super::image::Image;
use super::super::{Closure, Environment, closure};
use super::{libraries, notes};

/// Has the loader list what it would load, and compares: all of that must be in the closure, and nothing else
/// but variants for other processors. `Err` tells the difference.
pub(super) fn compare(program: &Path, environment: &Environment<'_>) -> Result<Closure, String> {
    let closure = closure(program, environment).map_err(|e| e.to_string())?;
    let (loaded, missing) = ask_loader(program, environment);
    let ours: BTreeSet<_> = closure.files.iter().map(|f| real(&f.path)).collect();
    let forgotten: Vec<_> = loaded.difference(&ours).collect();
    let spare: Vec<_> = libraries(&closure)
        .iter()
        .map(|path| real(path))
        .filter(|path| !loaded.contains(path) && !path.to_string_lossy().contains("hwcaps"))
        .collect();
    if forgotten.is_empty() && spare.is_empty() && (missing == 0) == closure.notes.is_empty() {
        return Ok(closure);
    }
    let notes = notes(&closure);
    Err(format!(
        "{}: forgotten {forgotten:?}, too many {spare:?}, {missing} not found but noted {notes:?}",
        program.display()
    ))
}

/// The files that the loader lists, and how many it does not find.
fn ask_loader(program: &Path, environment: &Environment<'_>) -> (BTreeSet<PathBuf>, usize) {
    let mode = fs::metadata(program).expect("the program exists").mode();
    let mut command = Command::new(program);
    if mode & 0o6000 != 0 {
        // Such a program lists nothing when it gains rights by its start.
        let loader = Opened::open(program).map(|file| Image::read(&file));
        let loader = loader.ok().and_then(|image| image.ok()?.interpreter);
        command = Command::new(loader.expect("the program has a loader"));
        command.arg("--list").arg(program);
    }
    command.env_clear().env("LD_TRACE_LOADED_OBJECTS", "1");
    let variables = [
        ("LD_LIBRARY_PATH", environment.library_path),
        ("LD_PRELOAD", environment.preload),
    ];
    for (name, value) in variables {
        command.envs(value.map(|value| (name, value)));
    }
    if let Some(directory) = environment.directory {
        command.current_dir(directory);
    }
    let listing = command.output().expect("the program starts").stdout;
    let listing = String::from_utf8_lossy(&listing).into_owned();
    let missing = listing.matches("=> not found").count();
    let directory = environment.directory.unwrap_or(Path::new("/"));
    let loaded = listing
        .lines()
        .filter_map(|line| line.trim().rsplit("=> ").next()?.split(" (0x").next())
        .filter(|path| !path.starts_with("linux-vdso.so") && !path.starts_with("not found"))
        .map(|path| real(&directory.join(path)))
        .collect();
    (loaded, missing)
}

pub(super) fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// A directory with a C compiler.
pub(super) struct Workshop(TempDir);

impl Workshop {
    /// Opens it, or says why the test is skipped.
    pub(super) fn open() -> Option<Self> {
        if Command::new("gcc").arg("--version").output().is_err() {
            eprintln!(
                "skipped: gcc is not installed, and this test compares with files that it makes"
            );
            return None;
        }
        Some(Self(TempDir::new().expect("a temporary directory")))
    }

    pub(super) fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// Makes a library whose soname is its file name.
    pub(super) fn library(&self, path: &str, options: &[&str]) -> PathBuf {
        let soname = path.rsplit('/').next().unwrap_or(path);
        let soname = format!("-Wl,-soname,{soname}");
        self.compile(path, &[&["-shared", "-fPIC", &soname], options].concat())
    }

    /// Makes a program that returns 0.
    pub(super) fn program(&self, path: &str, options: &[&str]) -> PathBuf {
        self.compile(path, options)
    }

    /// Runs gcc in the directory, so that options name files relative to it.
    fn compile(&self, path: &str, options: &[&str]) -> PathBuf {
        let output = self.at(path);
        let parent = output.parent().expect("a path in the workshop");
        fs::create_dir_all(parent).expect("a directory");
        let source = self.at("source.c");
        fs::write(&source, "int main(void) { return 0; }").expect("a source");
        self.run("gcc", |gcc| {
            gcc.arg("-Wl,--no-as-needed,--allow-shlib-undefined")
                .args(["-o", path, "source.c"])
                .args(options)
        });
        output
    }

    pub(super) fn run(
        &self,
        tool: impl AsRef<OsStr>,
        arrange: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Output {
        let mut command = Command::new(tool);
        command.current_dir(self.0.path());
        let output = arrange(&mut command).output().expect("the tool starts");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command:?}: {complaint}");
        output
    }
}
