//! The container image: built without a daemon from its recipe, and started.

use std::path::Path;
use std::process::{Command, Output};

use ringfence_book::root;
use ringfence_tests::install::need;
use ringfence_tests::world::is_root;

use crate::tree::{Skip, run, target};

/// What is denied execution, by the wrapper.
const CANNOT_EXECUTE: i32 = 126;

pub fn starts() -> Result<(), Skip> {
    if !is_root() {
        return Err(Skip("only root can build an image without a daemon".into()));
    }
    let executables = target().join("static");
    if !executables.join("landlock-runner").exists() {
        return Err(Skip(
            "there are no static executables; `cargo xtask build` makes them".into(),
        ));
    }
    let buildah = need("buildah", "buildah")?;
    let store = tempfile::tempdir().expect("a directory");
    let buildah = |arguments: &[&str]| {
        let mut command = Command::new(&buildah);
        command
            .args(["--storage-driver=vfs", "--root"])
            .arg(store.path().join("root"))
            .arg("--runroot")
            .arg(store.path().join("run"))
            .args(arguments);
        command
    };

    let recipe = root().join("packaging/Containerfile");
    run(
        buildah(&["build", "--isolation=chroot", "--tag=ringfence", "--file"])
            .args([recipe.as_path(), Path::new(&executables)]),
    );
    let container = text(&run(&mut buildah(&["from", "ringfence"])));
    let start = |arguments: &[&str]| {
        buildah(&["run", "--isolation=chroot", container.trim(), "--"])
            .args(arguments)
            .output()
            .expect("buildah starts")
    };
    let version = ["/usr/bin/ringfence", "--version"];
    assert!(text(&start(&version)).starts_with("ringfence "));
    let allowed = [
        &["/usr/bin/landlock-runner", "--ro", "/usr", "--"],
        &version[..],
    ]
    .concat();
    assert!(text(&start(&allowed)).starts_with("ringfence "));
    let denied = [&["/usr/bin/landlock-runner", "--"], &version[..]].concat();
    let denied = start(&denied);
    assert_eq!(denied.status.code(), Some(CANNOT_EXECUTE), "{denied:?}");
    Ok(())
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
