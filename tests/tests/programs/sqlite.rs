//! sqlite3 needs nothing beyond its libraries. It makes a journal beside each database, so a
//! database wants its folder under `rw`, not its file alone.

use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::stdout;

use crate::scene::{Scene, Skip, each_user};
use ringfence_tests::install::need;

const POLICY: &str = "--with-deps --rw work";

pub fn tests() -> Vec<Test> {
    [
        each_user(
            "sqlite_keeps_a_database_where_it_may_write",
            keeps_a_database,
        ),
        each_user(
            "sqlite_cannot_attach_a_database_elsewhere",
            attaches_nothing_else,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn keeps_a_database(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    let sandbox = scene.sandbox(POLICY);
    let write = "create table pages (text); insert into pages values ('a page');";
    scene.allows(&sandbox, &["sqlite3", "work/database", write]);
    let read = ["sqlite3", "work/database", "select text from pages"];
    assert_eq!(stdout(&scene.allows(&sandbox, &read)), "a page\n");
    assert_eq!(stdout(&scene.prepare(&read)), "a page\n");
    Ok(())
}

fn attaches_nothing_else(scene: &Scene) -> Result<(), Skip> {
    prepare(scene)?;
    let secret = "create table secrets (text); insert into secrets values ('a secret');";
    scene.prepare(&["sqlite3", "elsewhere/database", secret]);
    let attach = "attach 'elsewhere/database' as other; select text from other.secrets;";
    let command = ["sqlite3", "work/database", ".log stderr", attach];
    scene.refuses(&scene.sandbox(POLICY), &command, |output| {
        stdout(output).contains("a secret")
    });
    Ok(())
}

fn prepare(scene: &Scene) -> Result<(), Skip> {
    need("sqlite3", "sqlite3")?;
    scene.folders(&["work", "elsewhere"]);
    Ok(())
}
