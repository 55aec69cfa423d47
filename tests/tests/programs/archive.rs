//! tar needs nothing beyond its libraries; with `-z` it starts gzip, and that through `sh`. Owners
//! and modes that it restores are no matter of Landlock.

use ringfence_tests::trial::Test;

use crate::scene::{Scene, Skip, each_user};
use ringfence_tests::install::need;

const POLICY: &str = "--with-deps --ro /usr/bin/sh --ro /usr/bin/gzip --ro elsewhere --rw work";

pub fn tests() -> Vec<Test> {
    [
        each_user(
            "tar_packs_and_unpacks_where_it_may_write",
            packs_and_unpacks,
        ),
        each_user("tar_cannot_unpack_elsewhere", unpacks_nowhere_else),
        each_user(
            "tar_cannot_follow_absolute_names_out",
            follows_no_absolute_name,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn packs_and_unpacks(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    let sandbox = scene.sandbox(POLICY);
    scene.folders(&["work/unpacked"]);
    scene.allows(
        &sandbox,
        &["tar", "-C", "work", "-czf", "work/archive.tgz", "page"],
    );
    scene.allows(
        &sandbox,
        &["tar", "-C", "work/unpacked", "-xzf", "work/archive.tgz"],
    );
    assert_eq!(scene.text("work/unpacked/page"), "a page");
    Ok(())
}

fn unpacks_nowhere_else(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    scene.prepare(&["tar", "-C", "work", "-cf", "work/archive.tar", "page"]);
    let unpack = ["tar", "-C", "elsewhere", "-xf", "work/archive.tar"];
    scene.refuses(&scene.sandbox(POLICY), &unpack, |_| {
        scene.path("elsewhere/page").exists()
    });
    Ok(())
}

fn follows_no_absolute_name(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    let outside = scene.path("elsewhere/absolute");
    scene.file("elsewhere/absolute", "absolute");
    let name = outside
        .to_str()
        .expect("temporary folders have plain names");
    scene.prepare(&["tar", "-cPf", "work/archive.tar", name]);
    std::fs::remove_file(&outside).expect("our own file");

    let unpack = ["tar", "-xPf", "work/archive.tar"];
    scene.refuses(&scene.sandbox(POLICY), &unpack, |_| outside.exists());
    Ok(())
}

fn prepare(scene: &Scene) -> Result<(), Skip> {
    need("tar", "tar")?;
    need("gzip", "gzip")?;
    scene.folders(&["work", "elsewhere"]);
    scene.file("work/page", "a page");
    Ok(())
}
