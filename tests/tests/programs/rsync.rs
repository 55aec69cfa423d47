//! rsync needs nothing beyond its libraries for a copy on one machine. With `-a` it sets modes and
//! times: a policy that lets programs create files leaves that open.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use ringfence_tests::trial::Test;

use crate::scene::{Scene, Skip, each_user};
use ringfence_tests::install::need;

const POLICY: &str = "--with-deps --ro source --rw work";

pub fn tests() -> Vec<Test> {
    [
        each_user("rsync_copies_modes_and_times_where_it_may_write", copies),
        each_user("rsync_cannot_copy_elsewhere", copies_nowhere_else),
        each_user("rsync_cannot_change_its_source", changes_no_source),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn copies(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    let sandbox = scene.sandbox(POLICY);
    scene.allows(&sandbox, &["rsync", "-a", "source/", "work/copy"]);
    assert_eq!(scene.text("work/copy/page"), "a page");
    let attributes = |name| {
        let metadata = std::fs::metadata(scene.path(name)).expect("a file with metadata");
        (metadata.mode(), metadata.mtime(), metadata.uid())
    };
    assert_eq!(attributes("work/copy/page"), attributes("source/page"));
    Ok(())
}

fn copies_nowhere_else(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    let copy = ["rsync", "-a", "source/", "elsewhere"];
    scene.refuses(&scene.sandbox(POLICY), &copy, |_| {
        scene.path("elsewhere/page").exists()
    });
    Ok(())
}

fn changes_no_source(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    let r#move = ["rsync", "-a", "--remove-source-files", "source/", "work"];
    scene.refuses(&scene.sandbox(POLICY), &r#move, |_| {
        !scene.path("source/page").exists()
    });
    Ok(())
}

fn prepare(scene: &Scene) -> Result<(), Skip> {
    need("rsync", "rsync")?;
    scene.folders(&["source", "work", "elsewhere"]);
    scene.file("source/page", "a page");
    std::fs::set_permissions(scene.path("source/page"), Permissions::from_mode(0o640))
        .expect("our own file");
    scene.prepare(&["touch", "--date=2001-02-03", "source/page"]);
    Ok(())
}
