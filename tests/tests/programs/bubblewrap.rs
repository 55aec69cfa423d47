//! Containers are made of namespaces and mounts. The first need a word, `--allow namespaces`; the
//! second Landlock denies to every sandbox that governs paths, whatever the filter says. So tools
//! like bubblewrap, podman and Docker start nothing inside a sandbox, but in one that leaves paths
//! alone.

use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::stdout;

use crate::scene::{Scene, Skip, each_user, words};
use ringfence_tests::install::need;

pub fn tests() -> Vec<Test> {
    each_user(
        "bubblewrap_makes_a_container_only_where_paths_are_left_alone",
        makes_a_container,
    )
}

fn makes_a_container(scene: &Scene) -> Result<(), Skip> {
    need("bwrap", "bubblewrap")?;
    let run = words("bwrap --unshare-user --unshare-pid --ro-bind / / echo contained");
    let contained = |output: &_| stdout(output).contains("contained");

    // Also with the maps of the namespace's users, which are files to write.
    let paths = "--ro / --fs write=/proc";
    let by_filter = "No permissions to create new namespace";
    scene.refuses_saying(by_filter, &scene.sandbox(paths), &run, contained);

    let by_landlock = "Failed to make / slave: Operation not permitted";
    for flags in ["--allow namespaces", "--unrestricted-syscalls"] {
        let sandbox = scene.sandbox(&format!("{paths} {flags}"));
        scene.refuses_saying(by_landlock, &sandbox, &run, contained);
    }

    let sandbox = scene.sandbox("--unrestricted-fs --allow namespaces");
    assert!(contained(&scene.allows(&sandbox, &run)));
    Ok(())
}
