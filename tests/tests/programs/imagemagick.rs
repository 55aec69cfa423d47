//! ImageMagick needs its modules, which are among the machine's libraries. It runs without its
//! configuration too, but then in silence without Debian's `policy.xml`, which switches PDF,
//! PostScript and URLs off and sets limits: a policy should allow it.

use std::path::PathBuf;

use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{Sandbox, stdout};

use crate::scene::{Scene, Skip, each_user, libraries};
use ringfence_tests::install::{need, need_found};

pub fn tests() -> Vec<Test> {
    [
        each_user("imagemagick_draws_where_it_may_write", draws),
        each_user("imagemagick_cannot_read_another_picture", reads_no_other),
        each_user(
            "imagemagick_knows_its_own_policy_only_where_it_may_read_it",
            knows_its_policy,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn draws(scene: &Scene) -> Result<(), Skip> {
    let sandbox = prepare(scene)?;
    let draw = ["convert", "-size", "64x48", "gradient:red-blue"];
    scene.allows(
        &sandbox,
        &[&draw[..], &["-resize", "50%", "work/picture.png"]].concat(),
    );
    let identify = ["identify", "-format", "%m %w %h", "work/picture.png"];
    assert_eq!(stdout(&scene.prepare(&identify)), "PNG 32 24");
    Ok(())
}

fn reads_no_other(scene: &Scene) -> Result<(), Skip> {
    let sandbox = prepare(scene)?;
    scene.prepare(&["convert", "-size", "8x8", "xc:red", "elsewhere/secret.png"]);
    let copy = ["convert", "elsewhere/secret.png", "work/copy.png"];
    scene.refuses_saying("UnableToOpenBlob", &sandbox, &copy, |_| {
        scene.path("work/copy.png").exists()
    });
    Ok(())
}

fn knows_its_policy(scene: &Scene) -> Result<(), Skip> {
    let list = ["convert", "-list", "policy"];
    let with = stdout(&scene.allows(&prepare(scene)?, &list));
    assert!(with.contains("pattern: PDF"), "{with}");

    let tighter = scene.sandbox(&format!("--with-deps --ro {}", libraries()));
    let without = stdout(&scene.allows(&tighter, &list));
    assert!(!without.contains("pattern: PDF"), "{without}");
    Ok(())
}

fn prepare(scene: &Scene) -> Result<Sandbox, Skip> {
    need("convert", "imagemagick")?;
    let settings = settings()?;
    scene.folders(&["work", "elsewhere"]);
    Ok(scene.sandbox(&format!(
        "--with-deps --ro {} --ro {} --rw work",
        libraries(),
        settings.display()
    )))
}

/// The folder with ImageMagick's configuration; its version is part of the name.
fn settings() -> Result<PathBuf, Skip> {
    need_found("ImageMagick's policy.xml", "imagemagick-6-common", || {
        let folders = std::fs::read_dir("/etc").ok()?;
        folders
            .filter_map(|folder| Some(folder.ok()?.path()))
            .filter(|folder| folder.join("policy.xml").exists())
            .find(|folder| folder.display().to_string().contains("ImageMagick"))
    })
}
