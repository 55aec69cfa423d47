//! What the end-to-end tests share: the wrapper under test, and a runner that can skip out loud.
//!
//! Tests are [`libtest_mimic`] trials, so that one which this machine cannot run is shown as
//! ignored with its reason; `RINGFENCE_REQUIRE=all` turns each of those into a failure.

#![forbid(unsafe_code)]

pub mod agreement;
pub mod bpf;
pub mod filtering;
pub mod fuzz;
pub mod install;
pub mod leak;
pub mod libseccomp;
pub mod ports;
pub mod reuse;
pub mod terminal;
pub mod trial;
pub mod watched;
pub mod world;
pub mod wrapper;

use std::path::PathBuf;

/// One of our executables: from the environment (in a virtual machine), or beside the test itself.
///
/// # Panics
/// If it has not been built.
pub fn executable(name: &str) -> PathBuf {
    let variable = match name {
        "landlock-runner" => Some("RINGFENCE_RUNNER"),
        "ringfence" => Some("RINGFENCE_WORKBENCH"),
        _ => None,
    };
    let path = variable.and_then(std::env::var_os).map_or_else(
        || {
            let test = std::env::current_exe().expect("a test knows its own path");
            let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
            profile.join(name)
        },
        PathBuf::from,
    );
    assert!(
        path.exists(),
        "{} is not built; run `cargo build --workspace` first, or `cargo xtask test`",
        path.display()
    );
    path
}
