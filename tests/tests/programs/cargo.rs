//! cargo and rustc need the toolchain's folder, the linker with what gcc needs for it (`cc`,
//! `/usr/lib/gcc`, `ld`), `/dev/null`, a TMPDIR, and the crate and CARGO_HOME under `rw`:
//! `Cargo.lock` is written beside the manifest. Rustup's `cargo` in PATH is a stand-in that looks
//! for the real one in its own folder; here the real one is named.

use std::path::Path;

use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::{Sandbox, stdout};

use crate::scene::{Scene, Skip, libraries, own_user};
use ringfence_tests::install::{need, need_found};

/// The very cargo that built this test.
const CARGO: &str = env!("CARGO");

const MANIFEST: &str = r#"[package]
name = "small"
version = "0.1.0"
edition = "2021"
"#;

/// A build script that does harm, if a file says to what.
const BUILD: &str = r#"fn main() {
    if let Ok(victim) = std::fs::read_to_string("victim") {
        std::fs::remove_file(victim).map_err(|error| error.to_string()).unwrap();
    }
}
"#;

const COMMAND: [&str; 5] = [
    CARGO,
    "build",
    "--offline",
    "--manifest-path",
    "crate/Cargo.toml",
];

pub fn tests() -> Vec<Test> {
    // The toolchain may be in a home that others cannot enter.
    [
        own_user("cargo_builds_a_crate_where_it_may_write", builds),
        own_user("a_build_script_cannot_remove_another_file", removes_nothing),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn builds(scene: &Scene) -> Result<(), Skip> {
    let sandbox = prepare(scene)?;
    scene.allows(&sandbox, &COMMAND);
    let output = scene.prepare(&["crate/target/debug/small"]);
    assert_eq!(stdout(&output), "built\n");
    Ok(())
}

fn removes_nothing(scene: &Scene) -> Result<(), Skip> {
    let sandbox = prepare(scene)?;
    scene.file("page", "a page");
    scene.file("crate/victim", "../page");
    scene.refuses(&sandbox, &COMMAND, |_| !scene.path("page").exists());
    Ok(())
}

fn prepare(scene: &Scene) -> Result<Sandbox, Skip> {
    need("gcc", "gcc")?;
    need_found("crt1.o", "libc6-dev", || {
        let start = Path::new(&libraries()).join("crt1.o");
        start.exists().then_some(start)
    })?;
    let toolchain = Path::new(CARGO).ancestors().nth(2);
    let toolchain = toolchain.filter(|toolchain| toolchain.join("bin/rustc").exists());
    let toolchain = toolchain.ok_or_else(|| Skip(format!("there is no rustc beside {CARGO}")))?;

    scene.folders(&[".cargo", "crate", "crate/src"]);
    let rustc = toolchain.join("bin/rustc");
    let settings = format!("[build]\nrustc = {:?}\n", rustc.display().to_string());
    scene.file(".cargo/config.toml", &settings);
    scene.file("crate/Cargo.toml", MANIFEST);
    scene.file("crate/build.rs", BUILD);
    scene.file("crate/src/main.rs", "fn main() { println!(\"built\"); }\n");
    let (toolchain, libraries, temporary) = (toolchain.display(), libraries(), scene.path("crate"));
    Ok(scene.sandbox(&format!(
        "--with-deps --ro {toolchain} --ro {libraries} --ro /usr/bin/cc --ro /usr/bin/ld \
         --ro /usr/lib/gcc --optional --ro /usr/libexec/gcc --fs read,write=/dev/null \
         --rw .cargo --rw crate --env TMPDIR={}",
        temporary.display()
    )))
}
