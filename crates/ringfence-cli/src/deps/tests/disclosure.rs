//! What is listed may be read, so that a hostile program must not have a file listed that is no code.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use super::super::{Closure, Environment, Error, Flaw, closure};
use super::notes;
use super::oracle::{Workshop, real};

/// A file that a program may want to read, but cannot load.
fn secret(workshop: &Workshop) -> PathBuf {
    let path = workshop.at("secret");
    fs::write(&path, "root:$y$j9T$:20000:0:99999:7:::\n".repeat(9)).unwrap();
    path
}

fn lists(closure: &Closure, file: &Path) -> bool {
    let metadata = fs::metadata(file).unwrap();
    let identity = (metadata.dev(), metadata.ino());
    let mut files = closure.files.iter();
    files.any(|f| (f.device, f.inode) == identity || real(&f.path) == real(file))
}

fn assert_only_noted(closure: &Closure, secret: &Path, named: &Path) {
    assert!(!lists(closure, secret), "{closure:?}");
    let expected = format!(
        "{} cannot be loaded: its ELF header is not valid",
        named.display()
    );
    assert!(notes(closure).contains(&expected), "{closure:?}");
}

#[test]
fn a_file_named_as_a_needed_library_is_not_listed() {
    let Some(w) = Workshop::open() else { return };
    let secret = secret(&w);
    w.library("libx.so", &[&format!("-Wl,-soname,{}", secret.display())]);
    let program = w.program("program", &["libx.so"]);
    let closure = closure(&program, &Environment::default()).unwrap();
    assert_only_noted(&closure, &secret, &secret);
}

#[test]
fn a_file_that_a_library_in_the_rpath_links_to_is_not_listed() {
    let Some(w) = Workshop::open() else { return };
    let secret = secret(&w);
    let program = w.program("program", &["-Wl,-rpath,$ORIGIN"]);
    let link = w.at("libc.so.6");
    symlink(&secret, &link).unwrap();
    let closure = closure(&program, &Environment::default()).unwrap();
    assert_only_noted(&closure, &secret, &link);
}

#[test]
fn a_file_named_to_be_preloaded_is_not_listed() {
    let Some(w) = Workshop::open() else { return };
    let secret = secret(&w);
    let environment = Environment {
        preload: Some(secret.as_os_str()),
        ..Environment::default()
    };
    let closure = closure(&w.program("program", &[]), &environment).unwrap();
    assert_only_noted(&closure, &secret, &secret);
}

#[test]
fn a_loader_must_be_code_for_the_machine_of_its_program() {
    let Some(w) = Workshop::open() else { return };
    let secret = secret(&w);
    let foreign = w.library("foreign.so", &[]);
    let mut bytes = fs::read(&foreign).unwrap();
    bytes[18] = 183;
    fs::write(&foreign, bytes).unwrap();
    let answer = |loader: &Path| {
        let option = format!("-Wl,--dynamic-linker,{}", loader.display());
        closure(&w.program("program", &[&option]), &Environment::default())
    };
    let (of_text, of_foreign) = (answer(&secret), answer(&foreign));
    assert!(
        matches!(&of_text, Err(Error::Corrupt { path, flaw: Flaw::Header }) if *path == secret),
        "{of_text:?}"
    );
    assert!(
        matches!(&of_foreign, Err(Error::Corrupt { path, flaw: Flaw::Machine }) if *path == foreign),
        "{of_foreign:?}"
    );
}

#[test]
fn a_link_in_the_place_of_musls_search_path_is_not_followed() {
    let Some(w) = Workshop::open() else { return };
    let secret = secret(&w);
    let loader = w.program("lib/ld-musl-x86_64.so.1", &["-static"]);
    let option = format!("-Wl,--dynamic-linker,{}", loader.display());
    let program = w.program("program", &[&option]);
    fs::create_dir(w.at("etc")).unwrap();
    let path = w.at("etc/ld-musl-x86_64.path");
    symlink(&secret, &path).unwrap();
    let closure = closure(&program, &Environment::default()).unwrap();
    assert!(!lists(&closure, &secret), "{closure:?}");
    let expected = format!("{} was ignored: it is not a regular file", path.display());
    assert!(notes(&closure).contains(&expected), "{closure:?}");
}
