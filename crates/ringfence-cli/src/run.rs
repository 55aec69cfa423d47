//! From a command line to the running command, for the wrapper and for `ringfence run`.

use std::error::Error;

use ringfence::{Access, Found, Kernel, PathLine, Plan, Sandbox, Source};

use crate::command::{Command, Environment};
use crate::invocation::{Invocation, LogFormat};
use crate::{deps, log, ui};

/// The exit code if the sandbox could not be set up.
pub(crate) const SETUP_FAILED: u8 = 125;

/// Restricts this process and becomes the command. Returns only on failure, with the exit code.
pub(crate) fn run(program: &str, mut invocation: Invocation) -> u8 {
    if let Err(error) = ringfence_sys::close_on_exec_above_stderr(&invocation.keep_fds) {
        return ui::fail(program, &error, SETUP_FAILED);
    }
    let environment = Environment::of(&invocation);
    let command = match Command::new(&invocation, &environment) {
        Ok(command) => command,
        Err(error) => return ui::fail(program, &error, error.exit_code()),
    };
    let sandbox = match prepare(program, &mut invocation, &command, &environment) {
        Ok(sandbox) => sandbox,
        Err(error) => return ui::fail(program, &*error, SETUP_FAILED),
    };
    if let Some(directory) = &invocation.chdir
        && let Err(error) = std::env::set_current_dir(directory)
    {
        let text = format!(
            "{program}: error: cannot change to {}: {error}",
            directory.display()
        );
        ui::message(&text);
        return SETUP_FAILED;
    }
    // A program just executed has one thread, and this one starts no other.
    let plan = match sandbox.enforce_this_thread() {
        Ok(plan) => plan,
        Err(error) => return ui::fail(program, &error, SETUP_FAILED),
    };
    let error = command.execute(&plan);
    ui::fail(program, &error, error.exit_code())
}

fn prepare(
    program: &str,
    invocation: &mut Invocation,
    command: &Command,
    environment: &Environment,
) -> Result<Sandbox, Box<dyn Error>> {
    if invocation.with_deps {
        add_dependencies(program, invocation, command, environment)?;
    }
    let plan = Plan::new(invocation.take_policy()?, Kernel::probe_landlock());
    let sandbox = plan.prepare()?;
    if invocation.log != Some(LogFormat::Off) {
        print_skipped(program, sandbox.plan());
    }
    if invocation.verbose {
        print_paths(program, sandbox.plan());
    }
    log::start(program, invocation.log, sandbox.plan());
    Ok(sandbox)
}

/// Allows what the command needs in order to start.
fn add_dependencies(
    program: &str,
    invocation: &mut Invocation,
    command: &Command,
    environment: &Environment,
) -> Result<(), deps::Error> {
    let (path, library_path, preload) = (
        environment.get("PATH"),
        environment.get("LD_LIBRARY_PATH"),
        environment.get("LD_PRELOAD"),
    );
    let closure = deps::closure(
        &command.program,
        &deps::Environment {
            path: path.as_deref(),
            library_path: library_path.as_deref(),
            preload: preload.as_deref(),
            directory: invocation.chdir.as_deref(),
        },
    )?;
    for file in closure.files {
        let line = PathLine {
            path: file.path,
            access: Access::RO,
            optional: false,
            source: Source::Dependency(file.reason.to_string()),
        };
        invocation.add(|policy| policy.path_line(line));
    }
    if invocation.verbose {
        for note in closure.notes {
            ui::note(program, &format!("--with-deps: {note}"));
        }
    }
    Ok(())
}

fn print_skipped(program: &str, plan: &Plan) {
    for path in plan.paths() {
        if path.found == Found::Missing {
            let missing = path.line.path.display();
            ui::note(
                program,
                &format!("skipped `{}`: {missing} does not exist", path.line),
            );
        }
    }
}

/// Shows each path that was added, led elsewhere or is redundant.
fn print_paths(program: &str, plan: &Plan) {
    for path in plan.paths() {
        let added = matches!(path.line.source, Source::Dependency(_));
        let place = path.path().filter(|place| *place != path.line.path);
        let redundant = matches!(path.found, Found::CoveredAt(_));
        if !added && place.is_none() && !redundant {
            continue;
        }
        let place = place.map_or(String::new(), |place| format!(" is at {}", place.display()));
        let redundant = if redundant {
            " (redundant: a wider line covers it)"
        } else {
            ""
        };
        ui::note(program, &format!("`{}`{place}{redundant}", path.line));
    }
}
