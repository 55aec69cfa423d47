//! What a manifest takes from the files that it includes, and what it does not.

use std::path::Path;

use ringfence_manifest::{Manifest, Variables};

fn read(directory: &Path, top: &str) -> Manifest {
    let path = directory.join("top.yaml");
    std::fs::write(&path, top).expect("a file");
    match Manifest::read(&path, &Variables::default()) {
        Ok((manifest, _)) => manifest,
        Err(faults) => panic!("{faults}"),
    }
}

#[test]
fn the_description_of_an_included_file_is_not_the_manifests() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let included = "version: 1\ndescription: what every tool may read\nro: [/usr]\n";
    std::fs::write(directory.path().join("in.yaml"), included).expect("a file");
    let description = |own: &str| {
        let top = format!("version: 1\n{own}include: [./in.yaml, base]\n");
        read(directory.path(), &top).description
    };
    assert_eq!(description(""), None);
    assert_eq!(description("description: mine\n"), Some("mine".to_owned()));
}

#[test]
fn a_file_that_is_included_beneath_two_directories_speaks_of_both() {
    let world = tempfile::tempdir().expect("a temporary directory");
    let at = |name: &str| world.path().join(name);
    for name in ["a", "b"] {
        std::fs::create_dir(at(name)).expect("a directory");
    }
    std::fs::write(at("a/in.yaml"), "version: 1\nro: [data]\n").expect("a file");
    std::os::unix::fs::symlink("../a/in.yaml", at("b/in.yaml")).expect("a symlink");
    for order in [
        "./a/in.yaml, ./b/in.yaml",
        "./b/in.yaml, ./a/in.yaml, ./a/../a/in.yaml",
    ] {
        let manifest = read(world.path(), &format!("version: 1\ninclude: [{order}]\n"));
        let lines = manifest.policy.paths().iter();
        let mut paths: Vec<_> = lines.map(|line| line.path.clone()).collect();
        paths.sort();
        assert_eq!(paths, [at("a/data"), at("b/data")], "{order}");
    }
}
