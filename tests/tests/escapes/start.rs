//! The start of a sandbox: code that the environment brings along, and paths that change meanwhile.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

use ringfence::{Access, Class, Standing};
use ringfence_tests::executable;
use ringfence_tests::trial::{Outcome, Test};
use ringfence_tests::world::World;
use ringfence_tests::wrapper::{Sandbox, stderr};

use crate::{program, scene};

pub fn tests() -> Vec<Test> {
    let mut tests: Vec<_> = [
        Bringing::LD_PRELOAD,
        Bringing::LD_AUDIT,
        Bringing::GCONV_PATH,
    ]
    .into_iter()
    .map(|bringing| {
        let name = bringing.variable.to_lowercase();
        Test::may_skip(
            format!("start::code_outside_is_not_loaded_by_{name}"),
            move || loads(&bringing),
        )
    })
    .collect();
    tests.push(Test::may_skip(
        "start::a_command_that_is_swapped_meanwhile_never_runs_from_outside",
        swapped_command,
    ));
    tests
}

/// A way in which a variable makes a program load code.
struct Bringing {
    variable: &'static str,
    /// Its value below the directory with the code.
    value: &'static str,
    command: &'static [&'static str],
}

impl Bringing {
    const LD_PRELOAD: Self = Self {
        variable: "LD_PRELOAD",
        value: "code.so",
        command: &["/usr/bin/env", "true"],
    };
    const LD_AUDIT: Self = Self {
        variable: "LD_AUDIT",
        value: "code.so",
        command: &["/usr/bin/env", "true"],
    };
    const GCONV_PATH: Self = Self {
        variable: "GCONV_PATH",
        value: "",
        command: &[
            "/usr/bin/iconv",
            "-f",
            "FOREIGN",
            "-t",
            "UTF-8",
            "/dev/null",
        ],
    };
}

/// Says that it was loaded, to whoever loads it as whatever.
const CODE: &str = r#"
#include <unistd.h>
__attribute__((constructor)) static void here(void)
{
	if (write(2, "code from outside\n", 18) < 0)
		_exit(1);
}
unsigned int la_version(unsigned int version)
{
	return version;
}
"#;
const SAID: &str = "code from outside";

fn loads(bringing: &Bringing) -> Outcome {
    let world = World::new();
    let outside = world.outside();
    if let Err(why) = compile(CODE, &outside.join("code.so")) {
        return Outcome::Skipped(why);
    }
    let modules = "module FOREIGN// INTERNAL code 1\n";
    fs::write(outside.join("gconv-modules"), modules).expect("a file outside");
    let value = outside.join(bringing.value);

    let [command, arguments @ ..] = bringing.command else {
        unreachable!("a command has a name");
    };
    let twin = Command::new(command)
        .args(arguments)
        .env(bringing.variable, &value)
        .output();
    if !twin.is_ok_and(|twin| stderr(&twin).contains(SAID)) {
        return Outcome::Absent("it is not loaded without a sandbox either".to_owned());
    }

    let mut setting = std::ffi::OsString::from(format!("{}=", bringing.variable));
    setting.push(&value);
    let sandbox = scene::with_libraries(Sandbox::empty())
        .allow(Access::RO, "/usr/bin")
        .switch("--best-effort", ringfence::PolicyBuilder::best_effort)
        .flags(["--env".as_ref(), setting.as_os_str()]);
    let output = sandbox.run(bringing.command);
    let denied = sandbox.plan().standing(Class::Read) == Standing::Landlock;
    assert_eq!(
        !stderr(&output).contains(SAID),
        denied,
        "{}",
        stderr(&output)
    );
    Outcome::Passed
}

fn compile(code: &str, to: &Path) -> Result<(), String> {
    use std::io::Write as _;

    let mut gcc = Command::new("gcc")
        .args(["-shared", "-fPIC", "-x", "c", "-", "-o"])
        .arg(to)
        .stdin(Stdio::piped())
        .spawn()
        .map_err(|error| format!("gcc does not start: {error}"))?;
    let mut input = gcc.stdin.take().expect("the input is a pipe");
    input.write_all(code.as_bytes()).expect("gcc reads");
    drop(input);
    match gcc.wait() {
        Ok(status) if status.success() => Ok(()),
        _ => Err("gcc fails".to_owned()),
    }
}

/// The command is named by a symlink that points inside now and outside then, so that what the
/// wrapper looks at need not be what the kernel executes.
fn swapped_command() -> Outcome {
    const TRIES: usize = 60;
    /// What the program inside says to words that it does not know.
    const INSIDE: i32 = 99;

    let program = match program::ready() {
        Ok(program) => program,
        Err(why) => return Outcome::Skipped(why),
    };
    let world = World::new();
    let [inside, outside] = [world.inside(), world.outside()].map(|zone| zone.join("program"));
    fs::copy(&program, &inside).expect("a copy of the program");
    fs::copy(executable("landlock-runner"), &outside).expect("a copy of the wrapper");
    let name = world.path().join("now");
    symlink(&inside, &name).expect("a free name");

    let sandbox = Sandbox::empty()
        .allow(Access::RO, world.inside())
        .switch("--best-effort", ringfence::PolicyBuilder::best_effort)
        .flags(["--log", "off"]);
    if sandbox.plan().standing(Class::Execute) != Standing::Landlock {
        return Outcome::Absent("nothing on this kernel denies to execute".to_owned());
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| swap(&name, [&inside, &outside], &done));
        for _ in 0..TRIES {
            let output = sandbox.run([name.as_os_str(), "--version".as_ref()]);
            let said = stderr(&output);
            let is_ours = said.starts_with("landlock-runner: error");
            assert!(
                output.status.code() == Some(INSIDE) || is_ours,
                "{}: {said}",
                output.status
            );
        }
        done.store(true, Ordering::Relaxed);
    });
    Outcome::Passed
}

/// Points the name at one after the other, until done.
fn swap(name: &Path, targets: [&PathBuf; 2], done: &AtomicBool) {
    let next = name.with_extension("next");
    for target in targets.into_iter().cycle() {
        if done.load(Ordering::Relaxed) {
            return;
        }
        symlink(target, &next).expect("a free name");
        fs::rename(&next, name).expect("own names");
    }
}
