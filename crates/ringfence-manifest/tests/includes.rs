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
