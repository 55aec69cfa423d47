//! `ringfence`: the workbench around a policy.

use std::ffi::OsString;

use clap::Command;
use ringfence_sys::Arguments;

use crate::flags::Group;
use crate::{run, ui, wrapper};

mod arguments;
mod check;
mod denials;
mod diff;
mod doctor;
mod explain;
mod export;
mod files;
mod fmt;
mod generate;
mod import;
mod learn;
mod plan;
mod schema;
mod status;
mod test;
mod why;

use arguments::{with_flags, with_own_command};

/// The name in messages and help.
pub const NAME: &str = "ringfence";

/// The program, with its exit code.
pub fn main(arguments: Arguments) -> u8 {
    let arguments: Vec<OsString> = arguments.collect();
    // `run` reads its line as the wrapper does, so that both take and refuse the same.
    if arguments.get(1).is_some_and(|first| first == "run")
        && let Some(code) = explain::run(arguments.clone().into_iter().skip(1))
    {
        return code;
    }
    // What `test` starts is for no person, and stands neither in help nor in man pages.
    let line = command().subcommand(test::probe_command());
    let matches = match line.try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(error) => {
            let code = if error.use_stderr() {
                run::SETUP_FAILED
            } else {
                0
            };
            // A reader that has gone away cannot be told.
            let _ = error.print();
            return code;
        }
    };
    // Not before `run`, which hands on what it was started with.
    ringfence_sys::keep_ends_of_children();
    match matches.subcommand() {
        Some(("plan", matches)) => plan::main(matches),
        Some(("doctor", matches)) => doctor::main(matches),
        Some(("status", matches)) => status::main(matches),
        Some(("learn", matches)) => learn::main(matches),
        Some(("why", matches)) => why::main(matches),
        Some(("denials", matches)) => denials::main(matches),
        Some(("check", matches)) => check::main(matches),
        Some(("diff", matches)) => diff::main(matches),
        Some(("fmt", matches)) => fmt::main(matches),
        Some(("schema", _)) => schema::main(),
        Some(("export", matches)) => export::main(matches),
        Some(("import", matches)) => import::main(matches),
        Some(("test", matches)) => test::main(matches),
        Some(("probe", matches)) => test::probe(matches),
        Some(("generate", matches)) => generate::main(matches),
        _ => run::SETUP_FAILED,
    }
}

/// The whole command line of the workbench.
pub fn command() -> Command {
    Command::new(NAME)
        .about("Sandbox programs with Landlock: run them, plan for any kernel, see what holds.")
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(
            "Examples:\n  ringfence doctor\n  ringfence plan --ro /usr --connect-tcp 443\n  \
             ringfence run --ro /usr --ro /lib64 -- /usr/bin/id",
        )
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            with_own_command(explain::with_flags(with_flags(
                Command::new("run").about("Run a command under a policy, as landlock-runner does"),
                &Group::ALL,
            )))
            .after_help(
                "Examples:\n  ringfence run --ro /usr --ro /lib64 -- /usr/bin/id\n  ringfence run --ro /usr --ro /lib64 --rw /tmp -- sh -c 'echo hello > /tmp/x'\n  ringfence run --explain --policy tool.yaml -- tool",
            ),
        )
        .subcommand(plan::command())
        .subcommand(learn::command())
        .subcommand(why::command())
        .subcommand(denials::command())
        .subcommand(check::command())
        .subcommand(diff::command())
        .subcommand(fmt::command())
        .subcommand(schema::command())
        .subcommand(test::command())
        .subcommand(export::command())
        .subcommand(import::command())
        .subcommand(doctor::command())
        .subcommand(status::command())
        .subcommand(generate::command())
}

/// The wrapper's command line in clap's terms, for its man page and completions.
pub fn wrapper_command() -> Command {
    with_own_command(with_flags(
        Command::new(wrapper::NAME)
            .about(wrapper::SUMMARY)
            .version(env!("CARGO_PKG_VERSION"))
            .after_help(wrapper::EPILOGUE),
        &Group::ALL,
    ))
}

/// Prints one value as JSON.
fn print_json(value: &impl serde::Serialize) -> u8 {
    match serde_json::to_string_pretty(value) {
        Ok(text) => ui::print_json(&format!("{text}\n")),
        Err(error) => ui::fail(NAME, &error, 1),
    }
}
