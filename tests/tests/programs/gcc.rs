//! gcc is a driver: it needs the compiler proper (`/usr/lib/gcc`, on newer Debian also
//! `/usr/libexec/gcc`), `as` and `ld`, their libraries and the start files beside them, and the
//! headers. Between its stages it writes to TMPDIR, which is therefore set inside the `rw` folder.

use ringfence_tests::trial::Test;
use ringfence_tests::wrapper::Sandbox;

use crate::scene::{Scene, Skip, each_user, libraries};
use ringfence_tests::install::{need, need_found};

const SOURCE: &str = r#"#include <stdio.h>

int main(int count, char **arguments) {
    FILE *file = fopen(arguments[1], "w");
    if (!file) {
        perror(arguments[1]);
        return 1;
    }
    fputs("compiled", file);
    return fclose(file);
}
"#;

const COMPILE: [&str; 4] = ["gcc", "-o", "work/program", "work/program.c"];

pub fn tests() -> Vec<Test> {
    [
        each_user(
            "gcc_compiles_a_program_that_runs_where_it_may_write",
            compiles_and_runs,
        ),
        each_user(
            "gcc_cannot_write_a_program_elsewhere",
            compiles_nowhere_else,
        ),
        each_user("a_compiled_program_inherits_the_sandbox", inherits),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn compiles_and_runs(scene: &Scene) -> Result<(), Skip> {
    let sandbox = prepare(scene)?;
    scene.allows(&sandbox, &COMPILE);
    scene.allows(&sandbox, &["work/program", "work/effect"]);
    assert_eq!(scene.text("work/effect"), "compiled");
    Ok(())
}

fn compiles_nowhere_else(scene: &Scene) -> Result<(), Skip> {
    let sandbox = prepare(scene)?;
    let compile = ["gcc", "-o", "elsewhere/program", "work/program.c"];
    scene.refuses(&sandbox, &compile, |_| {
        scene.path("elsewhere/program").exists()
    });
    Ok(())
}

fn inherits(scene: &Scene) -> Result<(), Skip> {
    let sandbox = prepare(scene)?;
    scene.allows(&sandbox, &COMPILE);
    let script = "work/program elsewhere/effect || exit 1";
    scene.refuses(&sandbox, &["sh", "-c", script], |_| {
        scene.text("elsewhere/effect") == "compiled"
    });
    Ok(())
}

fn prepare(scene: &Scene) -> Result<Sandbox, Skip> {
    need("gcc", "gcc")?;
    need_found("stdio.h", "libc6-dev", || {
        let header = std::path::PathBuf::from("/usr/include/stdio.h");
        header.exists().then_some(header)
    })?;
    scene.folders(&["work", "elsewhere"]);
    scene.file("work/program.c", SOURCE);
    let (libraries, temporary) = (libraries(), scene.path("work"));
    Ok(scene.sandbox(&format!(
        "--with-deps --ro /usr/lib/gcc --optional --ro /usr/libexec/gcc \
         --ro /usr/bin/as --ro /usr/bin/ld --ro {libraries} --ro /usr/include \
         --rw work --env TMPDIR={}",
        temporary.display()
    )))
}
