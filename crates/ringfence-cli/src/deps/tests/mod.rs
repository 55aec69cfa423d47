//! The answers are compared with those of the real loader and kernel wherever there is one to ask.

mod built;
mod cached;
mod disclosure;
mod formats;
mod hostile;
mod machine;
mod opening;
mod oracle;
mod scripts;

use std::path::{Path, PathBuf};

use super::{Closure, Environment, Error, Reason, System, walk};

/// A system without loader cache and preloaded libraries.
fn bare_system() -> System<'static> {
    System {
        cache: Path::new("/nonexistent/ld.so.cache"),
        preload: Path::new("/nonexistent/ld.so.preload"),
    }
}

/// [`super::closure`] with the loader's files elsewhere.
fn closure_on(
    system: System<'_>,
    command: &Path,
    environment: &Environment<'_>,
) -> Result<Closure, Error> {
    walk::Walk::new(environment, system).run(command)
}

/// The libraries among the files.
fn libraries(closure: &Closure) -> Vec<PathBuf> {
    let is_library = |reason: &Reason| matches!(reason, Reason::Library { .. } | Reason::Preload);
    let files = closure.files.iter();
    files
        .filter(|file| is_library(&file.reason))
        .map(|file| file.path.clone())
        .collect()
}

fn notes(closure: &Closure) -> Vec<String> {
    closure.notes.iter().map(ToString::to_string).collect()
}
