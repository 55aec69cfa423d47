//! What a sandbox adds to the start of a program from C, against `posix_spawn` in the same process and run:
//! from one of 1 GiB unless told otherwise. Builds the C library as it ships, compiles `spawn.c` against it, and judges what that measures.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use lexopt::{Arg, Parser, ValueExt as _};

/// What a start in Landlock may cost in terms of `posix_spawn`.
const MOST: f64 = 1.06;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    match run() {
        Ok(met) => ExitCode::from(u8::from(!met)),
        Err(error) => {
            eprintln!("spawn_c: {error}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<bool, Failure> {
    let (mut rounds, mut sizes) = (301_u32, vec![1024_u32]);
    let mut parser = Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("rounds") => rounds = parser.value()?.parse()?,
            Arg::Long("size") => {
                let values = parser.values()?.map(|size| size.parse());
                sizes = values.collect::<Result<_, _>>()?;
            }
            argument => return Err(argument.unexpected().into()),
        }
    }
    let directory = tempfile::tempdir()?;
    let program = program(directory.path())?;
    let mut met = true;
    println!("start and end of /bin/true from C, µs");
    for size in sizes {
        let output = succeeds(
            Command::new(&program.path)
                .args([size.to_string(), rounds.to_string()])
                .env("LD_LIBRARY_PATH", &program.libraries),
        )?;
        let mut first = None;
        println!("\nfrom a process of {size} MiB");
        for line in output.lines() {
            let (name, time) = line.split_once('\t').ok_or("an unreadable line")?;
            let time: f64 = time.parse()?;
            let ratio = time / *first.get_or_insert(time);
            println!("{name:20}  {:8.0}  {ratio:5.3}", time / 1000.0);
            if name == "Landlock" {
                met &= ratio <= MOST;
            }
        }
    }
    let verdict = if met { "met" } else { "missed" };
    println!("\nLandlock, at most {MOST} × posix_spawn: {verdict}");
    Ok(met)
}

struct Program {
    path: PathBuf,
    libraries: PathBuf,
}

fn program(directory: &Path) -> Result<Program, Failure> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    succeeds(
        Command::new(cargo)
            .args(["xtask", "install-c", "--prefix", "/", "--destdir"])
            .arg(directory)
            .current_dir(source),
    )?;
    let program = Program {
        path: directory.join("spawn"),
        libraries: directory.join("lib"),
    };
    succeeds(
        Command::new("gcc")
            .args(["-O2", "-Wall", "-Wextra", "-Werror"])
            .arg("-I")
            .arg(directory.join("include"))
            .arg(source.join("spawn.c"))
            .arg("-o")
            .arg(&program.path)
            .arg("-L")
            .arg(&program.libraries)
            .arg("-lringfence"),
    )?;
    Ok(program)
}

/// Runs a command to its end and gives what it writes.
fn succeeds(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .output()
        .map_err(|error| format!("cannot start {}: {error}", command.get_program().display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let name = command.get_program().display();
        return Err(format!("{name}: {}: {said}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
