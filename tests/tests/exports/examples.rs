//! The example policies: every one is exported to every format.

use std::path::Path;

use ringfence::{Arch, Kernel, Plan, PolicyBuilder};
use ringfence_export::{Exported, Line};
use ringfence_export::{KubernetesOptions, OciOptions, apparmor, kubernetes, oci_seccomp};
use ringfence_manifest::{Manifest, Variables};
use ringfence_tests::install::Skip;
use ringfence_tests::trial::{Outcome, Test};

pub fn tests() -> Vec<Test> {
    vec![Test::may_skip(
        "examples::every_line_has_a_fate_in_every_format",
        || match every_line() {
            Ok(()) => Outcome::Passed,
            Err(Skip(reason)) => Outcome::Skipped(reason),
        },
    )]
}

/// All of them, with directories beneath this one for the variables that have no default.
pub fn all(scratch: &Path) -> Result<Vec<Manifest>, Skip> {
    const VARIABLES: [&str; 8] = [
        "APP", "BIN", "DATA", "HOME", "JOB", "PROJECT", "TMP", "TREE",
    ];

    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/policies");
    let Ok(entries) = std::fs::read_dir(directory) else {
        return Err(Skip(
            "the example policies are not on this machine".to_owned(),
        ));
    };
    let mut variables = Variables::default();
    for name in VARIABLES {
        let value = scratch.join(name);
        std::fs::create_dir_all(&value).expect("a directory");
        variables = variables.set(name, value.display().to_string());
    }
    let manifests: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let read = Manifest::read(&path, &variables);
            read.unwrap_or_else(|faults| panic!("{faults}")).0
        })
        .collect();
    assert!(manifests.len() >= 7, "{}", manifests.len());
    Ok(manifests)
}

/// What the lines of a manifest come to here. A path that is missing does not matter, but patterns
/// have to be looked up.
pub fn looked_up(manifest: &Manifest) -> Result<Option<Plan>, Skip> {
    let policy = PolicyBuilder::from(manifest.policy.clone()).best_effort();
    match Plan::new(policy.lines().clone(), Kernel::probe()).prepare() {
        Ok(sandbox) => Ok(Some(sandbox.plan().clone())),
        Err(error) if manifest.policy.paths().iter().any(|line| line.pattern) => {
            Err(Skip(format!("a pattern cannot be looked up here: {error}")))
        }
        Err(_) => Ok(None),
    }
}

fn every_line() -> Result<(), Skip> {
    let complete = |manifest: &Manifest, exported: &Exported| {
        let lines = Line::all(manifest);
        for (line, fate) in lines.iter().zip(&exported.account) {
            assert_eq!(line.to_string(), fate.line);
            assert!(fate.by.is_some() || !fate.note.is_empty(), "{}", fate.line);
        }
        assert!(exported.account.len() >= lines.len());
    };
    let scratch = tempfile::tempdir().expect("a temporary directory");
    for mut manifest in all(scratch.path())? {
        if manifest.command.is_empty() {
            manifest.command = vec!["/usr/bin/tool".to_owned()];
        }
        for (abi, runner) in [(0, false), (0, true), (9, true)] {
            let options = OciOptions {
                arch: Arch::X86_64,
                abi,
                runner,
            };
            complete(
                &manifest,
                &oci_seccomp(&manifest, options).expect("it can be exported"),
            );
        }
        let options = KubernetesOptions {
            name: "tool",
            image: "tool",
            runner: "landlock-runner",
            deployment: false,
            arch: Arch::X86_64,
        };
        complete(
            &manifest,
            &kubernetes(&manifest, options).expect("it can be exported"),
        );
        let looked_up = looked_up(&manifest)?;
        let profile = apparmor(&manifest, looked_up.as_ref(), "tool");
        complete(&manifest, &profile.expect("it can be exported"));
    }
    Ok(())
}
