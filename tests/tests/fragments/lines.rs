//! Each line of a fragment by the file that it names, or one beneath it: read with the line, denied
//! without it.

use std::path::{Path, PathBuf};

use ringfence::{AccessFs, Kernel, PathLine, Plan, Policy, Request};
use ringfence_manifest::{Format, Fragment, Manifest, Variables};
use ringfence_tests::install::{Skip, need_found};
use ringfence_tests::world::World;
use ringfence_tests::wrapper::stderr;

use crate::{manifest, run};

const READER: &str = "/usr/bin/head";

/// The name that a fragment is read under here, to tell its own lines from those that it includes.
const NAME: &str = "fragment";

/// What every manifest here says.
const LINES: &str = "best-effort: true\nfs: [{path: /usr/bin/head, access: [read, execute]}]";

pub fn try_each(fragment: &Fragment) -> Result<(), Skip> {
    need_found(READER, "coreutils", || {
        Path::new(READER).exists().then(|| READER.into())
    })?;
    let whole = policy(fragment.text);
    let base = policy(if fragment.name == "base" {
        "version: 1"
    } else {
        "version: 1\ninclude: base"
    });
    let is_own = |line: &PathLine| {
        line.source
            .origin()
            .is_some_and(|origin| *origin.file == *Path::new(NAME))
    };
    let mut tried = 0;
    for line in whole.paths().iter().filter(|line| is_own(line)) {
        let path = line.path.to_str().expect("a fragment is UTF-8");
        // Patterns and loaders have programs of their own.
        let Some(file) = file_of(&line.path).filter(|_| !line.pattern) else {
            continue;
        };
        let others = whole.paths().iter().filter(|other| other.path != line.path);
        if reads(others.chain(base.paths()), &file) {
            continue;
        }
        let file = file.to_str().expect("a plain name");
        let command = [READER, "-c", "1", file];
        let world = World::new();
        let with = run(&world, &manifest(fragment.name, LINES, &[]), &command);
        assert!(
            with.status.success(),
            "{}: {}",
            fragment.name,
            stderr(&with)
        );
        let without = run(&world, &manifest(fragment.name, LINES, &[path]), &command);
        let said = stderr(&without);
        assert!(!without.status.success(), "{path} is not needed for {file}");
        assert!(said.contains("Permission denied"), "{path}: {said}");
        tried += 1;
    }
    if tried == 0 {
        return Err(Skip(format!(
            "nothing that {} is about is installed",
            fragment.name
        )));
    }
    Ok(())
}

fn policy(text: &str) -> Policy {
    let read = Manifest::parse(NAME, text, Format::Yaml, &Variables::default());
    let (manifest, _) = read.unwrap_or_else(|faults| panic!("{faults}"));
    manifest.policy
}

/// Whether lines let a file be read, wherever their paths and its own lead.
fn reads<'l>(lines: impl Iterator<Item = &'l PathLine>, file: &Path) -> bool {
    let end = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let policy = lines.fold(Policy::builder(), |policy, line| {
        let path = if line.pattern {
            line.path.clone()
        } else {
            end(&line.path)
        };
        policy.path_line(PathLine {
            path,
            ..line.clone()
        })
    });
    let plan = Plan::new(
        policy.build().expect("lines that were read"),
        Kernel::with_abi(11),
    );
    let read = Request::Path(AccessFs::READ_FILE, &end(file));
    plan.decide(read).is_allowed()
}

/// A file that anyone may read, at a path or not deep beneath it.
fn file_of(path: &Path) -> Option<PathBuf> {
    let facts = path.metadata().ok()?;
    if !facts.is_dir() {
        return std::fs::File::open(path).is_ok().then(|| path.into());
    }
    let mut entries: Vec<_> = std::fs::read_dir(path).ok()?.flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    let files = entries.iter().map(std::fs::DirEntry::path).take(50);
    files
        .filter(|entry| entry.symlink_metadata().is_ok_and(|facts| facts.is_file()))
        .find(|entry| std::fs::File::open(entry).is_ok())
}
