//! Every program of this machine.

use std::fs;
use std::path::{Path, PathBuf};

use super::super::Environment;
use super::super::file::Opened;
use super::super::image::Image;
use super::oracle::compare;

#[test]
fn every_program_of_this_machine_needs_what_the_loader_says() {
    let (mut agreed, mut differences) = (0, Vec::new());
    for program in ["/usr/bin", "/usr/sbin", "/usr/libexec"]
        .iter()
        .flat_map(|directory| files_in(Path::new(directory)))
        .filter(|path| is_loaded_by_glibc(path))
    {
        match compare(&program, &Environment::default()) {
            Ok(_) => agreed += 1,
            Err(difference) => differences.push(difference),
        }
    }
    if agreed + differences.len() == 0 {
        eprintln!("skipped: no program of this machine is loaded by glibc");
    }
    eprintln!("{agreed} programs agree, {} differ", differences.len());
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

fn files_in(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect()
}

/// Only such a program lists its libraries instead of running.
fn is_loaded_by_glibc(path: &Path) -> bool {
    let interpreter = Opened::open(path)
        .ok()
        .and_then(|file| Image::read(&file).ok()?.interpreter);
    let name = interpreter.as_deref().and_then(Path::file_name);
    name.is_some_and(|name| name.to_string_lossy().starts_with("ld-linux"))
}
