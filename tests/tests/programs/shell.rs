//! A pipeline needs each of its programs by name: `--with-deps` speaks of the shell alone, whose
//! only library is the C library, as theirs is.

use ringfence_tests::trial::Test;

use crate::scene::{Scene, Skip, each_user};
use ringfence_tests::install::need;

const POLICY: &str = "--with-deps --ro /usr/bin/cat --ro /usr/bin/sort --ro /usr/bin/tee \
    --ro input --rw work";

pub fn tests() -> Vec<Test> {
    [
        each_user("a_pipeline_reads_and_writes_where_it_may", reads_and_writes),
        each_user("a_shell_cannot_redirect_elsewhere", redirects_nowhere_else),
        each_user(
            "each_process_of_a_pipeline_is_restricted",
            restricts_each_process,
        ),
        each_user(
            "a_shell_cannot_start_a_program_that_is_not_listed",
            starts_nothing_else,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn reads_and_writes(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    let pipeline = "cat input/lines | sort | tee work/sorted > work/copy";
    scene.allows(&scene.sandbox(POLICY), &["sh", "-c", pipeline]);
    assert_eq!(scene.text("work/sorted"), "a\nb\n");
    assert_eq!(scene.text("work/copy"), "a\nb\n");
    Ok(())
}

fn redirects_nowhere_else(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    let pipeline = "cat input/lines | sort > elsewhere/sorted";
    scene.refuses(&scene.sandbox(POLICY), &["sh", "-c", pipeline], |_| {
        scene.text("elsewhere/sorted") == "a\nb\n"
    });
    Ok(())
}

fn restricts_each_process(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    scene.file("elsewhere/secret", "a secret\n");
    // Only the last process decides how a pipeline ends, so this one looks at its result.
    let first = "cat elsewhere/secret | sort | tee work/first && test -s work/first";
    let middle = "cat input/lines | sort -o elsewhere/middle | cat && test -s elsewhere/middle";
    let last = "cat input/lines | sort | tee elsewhere/last";
    for (pipeline, effect) in [
        (first, "work/first"),
        (middle, "elsewhere/middle"),
        (last, "elsewhere/last"),
    ] {
        scene.refuses(&scene.sandbox(POLICY), &["sh", "-c", pipeline], |_| {
            !scene.text(effect).is_empty()
        });
    }
    Ok(())
}

fn starts_nothing_else(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    let script = "touch work/touched || exit 1";
    scene.refuses(&scene.sandbox(POLICY), &["sh", "-c", script], |_| {
        scene.path("work/touched").exists()
    });
    Ok(())
}

fn prepare(scene: &Scene) -> Result<(), Skip> {
    need("sort", "coreutils")?;
    scene.folders(&["input", "work", "elsewhere"]);
    scene.file("input/lines", "b\na\n");
    Ok(())
}
