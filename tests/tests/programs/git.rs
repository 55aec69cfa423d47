//! git needs beyond its libraries: its own programs and templates, the system's configuration
//! where there is one, `sh`, through which it starts the other side of a clone, `/dev/null`, which
//! it opens for writing before anything else, and `/dev/urandom` for the names of new objects.
//!
//! A local clone would rather hard-link objects than copy them. A source that is only readable
//! cannot be linked from, and git copies without a word.

use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::stdout;

use crate::scene::{Scene, Skip, each_user};
use ringfence_tests::install::need;

const POLICY: &str = "--with-deps --ro /usr/bin/sh --ro /usr/lib/git-core --ro /usr/share/git-core \
    --optional --ro /etc/gitconfig --fs read,write=/dev/null --fs read=/dev/urandom \
    --ro .gitconfig --ro source --rw work";

pub fn tests() -> Vec<Test> {
    [
        each_user(
            "git_clones_and_commits_where_it_may_write",
            clones_and_commits,
        ),
        each_user(
            "git_cannot_change_a_repository_that_it_may_read",
            only_reads,
        ),
        each_user("git_cannot_clone_to_another_place", clones_nowhere_else),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn clones_and_commits(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    let sandbox = scene.sandbox(POLICY);
    scene.allows(&sandbox, &["git", "clone", "source", "work/clone"]);
    assert_eq!(scene.text("work/clone/page"), "first\n");

    scene.file("work/clone/page", "second\n");
    scene.allows(
        &sandbox,
        &["git", "-C", "work/clone", "commit", "-am", "Second"],
    );
    assert_eq!(subject(scene, "work/clone"), "Second");
    Ok(())
}

fn only_reads(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    let sandbox = scene.sandbox(POLICY);
    let log = scene.allows(&sandbox, &["git", "-C", "source", "log", "--format=%s"]);
    assert_eq!(stdout(&log).trim(), "First");

    scene.file("source/page", "second\n");
    let commit = ["git", "-C", "source", "commit", "-am", "Second"];
    scene.refuses(&sandbox, &commit, |_| subject(scene, "source") == "Second");
    Ok(())
}

fn clones_nowhere_else(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    scene.folders(&["elsewhere"]);
    let clone = ["git", "clone", "source", "elsewhere/clone"];
    scene.refuses(&scene.sandbox(POLICY), &clone, |_| {
        scene.path("elsewhere/clone/page").exists()
    });
    Ok(())
}

fn prepare(scene: &Scene) -> Result<(), Skip> {
    need("git", "git")?;
    scene.folders(&["source", "work"]);
    scene.file(
        ".gitconfig",
        "[user]\nname = Tester\nemail = tester@example.org\n",
    );
    scene.prepare(&["git", "init", "--quiet", "source"]);
    scene.file("source/page", "first\n");
    scene.prepare(&["git", "-C", "source", "add", "page"]);
    scene.prepare(&["git", "-C", "source", "commit", "--quiet", "-m", "First"]);
    Ok(())
}

fn subject(scene: &Scene, repository: &str) -> String {
    let log = scene.prepare(&["git", "-C", repository, "log", "-1", "--format=%s"]);
    stdout(&log).trim().to_owned()
}
