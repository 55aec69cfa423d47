//! The container images, ours and the one that a page shows: built without a daemon from their recipes, and started.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use ringfence_book::block::blocks;
use ringfence_book::{root, text as page};
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

    // The page's recipe, upon nothing instead of an image from a registry.
    let context = tempfile::tempdir().expect("a directory");
    let file = |name: &str| context.path().join(name);
    fs::write(file("Containerfile"), shown()).expect("a recipe");
    fs::write(file("policy.yaml"), "version: 1\nro: [/usr/local/bin]\n").expect("a policy");
    fs::copy(executables.join("landlock-runner"), file("landlock-runner")).expect("the wrapper");
    run(buildah(&["build", "--isolation=chroot", "--tag=shown"]).arg(context.path()));
    let container = text(&run(&mut buildah(&["from", "shown"])));
    let entry = text(&run(&mut buildah(&[
        "inspect",
        "--format={{range .OCIv1.Config.Entrypoint}}{{.}} {{end}}",
        container.trim(),
    ])));
    let entry = entry
        .trim()
        .replacen("landlock-runner", "/usr/local/bin/landlock-runner", 1);
    let mut wrapped = buildah(&["run", "--isolation=chroot", container.trim(), "--"]);
    wrapped
        .args(entry.split(' '))
        .args(["/usr/local/bin/landlock-runner", "--version"]);
    assert!(text(&run(&mut wrapped)).starts_with("landlock-runner "));
    Ok(())
}

/// The recipe of the page about containers, with the base that a test has.
fn shown() -> String {
    let page = page(Path::new("docs/howto/containers.md"));
    let recipe = blocks(&page)
        .into_iter()
        .find(|block| block.language == "dockerfile");
    let recipe = recipe.expect("the page has a recipe").text;
    let (from, rest) = recipe.split_once('\n').expect("lines");
    assert!(from.starts_with("FROM "), "{from}");
    format!("FROM scratch\n{rest}")
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}
