//! `ringfence test`: proves what a manifest expects, by really doing it in the sandbox.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command};
use ringfence::{Kernel, Plan};
use ringfence_manifest::{Expectation, Expected, Manifest};

use super::arguments::{file_argument, invocation, json_flag, variables, variables_flag};
use super::{NAME, print_json};
use crate::invocation::require_used;
use crate::{run, ui};
use output::{Row, Standing};

mod act;
mod outcome;
mod output;
mod scene;
mod started;

/// The exit code if nothing can be tried.
const UNUSABLE: u8 = 2;

pub(super) fn command() -> Command {
    Command::new("test")
        .about("Prove what a manifest expects (`expect:`), by really doing it in the sandbox")
        .arg(file_argument("file", "The manifest"))
        .arg(variables_flag())
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .value_parser(["text", "tap", "junit", "json"])
                .help("Print this instead of a table"),
        )
        .arg(json_flag())
        .arg(
            Arg::new("require-all")
                .long("require-all")
                .action(ArgAction::SetTrue)
                .help("Fail if an expectation cannot be tried"),
        )
        .arg(
            Arg::new("command")
                .value_name("COMMAND")
                .value_parser(clap::value_parser!(OsString))
                .num_args(1..)
                .last(true)
                .help("The command for `ready` and `exits`, instead of the manifest's"),
        )
        .after_help(
            "Exit codes:\n  0  every expectation holds\n  1  some do not\n  2  the manifest cannot be \
             used\n\nExamples:\n  ringfence test policy.yaml\n  ringfence test policy.yaml --format tap\n  \
             ringfence test policy.yaml -- /usr/bin/server --port 8080",
        )
}

/// What `test` starts for each act: not for people.
pub(super) fn probe_command() -> Command {
    Command::new("probe")
        .hide(true)
        .arg(file_argument("file", "The manifest"))
        .arg(variables_flag())
        .arg(Arg::new("free").long("free").action(ArgAction::SetTrue))
        .arg(
            Arg::new("program")
                .long("program")
                .action(ArgAction::Append),
        )
        .arg(Arg::new("act").num_args(1..).last(true).required(true))
}

/// The plan of a manifest as `run` would make it.
fn plan(matches: &ArgMatches, command: Vec<OsString>) -> Result<Plan, Box<dyn std::error::Error>> {
    let mut invocation = invocation(matches)?;
    invocation.manifest = matches.get_one::<PathBuf>("file").cloned();
    invocation.command = command;
    invocation.read_manifest()?;
    let policy = run::policy(NAME, &mut invocation)?;
    Ok(Plan::new(policy, Kernel::probe()))
}

/// Does one act, in the sandbox unless told otherwise, and answers by its exit code alone.
pub(super) fn probe(matches: &ArgMatches) -> u8 {
    let words: Vec<String> = matches
        .get_many("act")
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    if !matches.get_flag("free") {
        let command = matches.get_many::<String>("program").into_iter().flatten();
        let sandbox = match plan(matches, command.map(OsString::from).collect()) {
            Ok(plan) => plan.prepare(),
            Err(_) => return act::POLICY,
        };
        let Ok(sandbox) = sandbox else {
            return act::POLICY;
        };
        // This process has one thread.
        if sandbox.enforce_this_thread().is_err() {
            return act::ENFORCE;
        }
    }
    act::perform(&words)
}

pub(super) fn main(matches: &ArgMatches) -> u8 {
    let variables = match variables(matches) {
        Ok(variables) => variables,
        Err(error) => return ui::fail(NAME, &error, UNUSABLE),
    };
    let Some(file) = matches.get_one::<PathBuf>("file") else {
        return UNUSABLE;
    };
    let manifest = match Manifest::read(file, &variables) {
        Ok((manifest, sources)) => match require_used(&variables, &sources) {
            Ok(()) => manifest,
            Err(error) => return ui::fail(NAME, &error, UNUSABLE),
        },
        Err(faults) => return ui::fail_manifest(NAME, file, &faults, UNUSABLE),
    };
    let mut command: Vec<OsString> = matches
        .get_many("command")
        .into_iter()
        .flatten()
        .cloned()
        .collect();
    if command.is_empty() {
        command = manifest.command.iter().map(OsString::from).collect();
    }
    let rows = match prove(matches, &manifest.expectations, &command) {
        Ok(rows) => rows,
        Err(message) => {
            ui::message(&format!("{NAME}: error: {message}"));
            return UNUSABLE;
        }
    };
    let format = matches.get_one::<String>("format").map(String::as_str);
    let printed = match format {
        _ if matches.get_flag("json") => print_json(&rows),
        Some("json") => print_json(&rows),
        Some("tap") => ui::print(&output::tap(&rows)),
        Some("junit") => ui::print(&output::junit(&file.display().to_string(), &rows)),
        _ => ui::print(&output::text(&rows)),
    };
    let fails = rows.iter().any(|row| row.standing == Standing::Fails);
    printed.max(u8::from(fails))
}

fn prove(
    matches: &ArgMatches,
    expectations: &[Expectation],
    command: &[OsString],
) -> Result<Vec<Row>, String> {
    if expectations.is_empty() {
        return Err("the manifest expects nothing; add such a line as `expect: [{deny: read, path: /etc/shadow}]`".to_owned());
    }
    let plan = plan(matches, command.to_vec()).map_err(|error| ui::with_causes(&*error))?;
    let sandbox = plan.prepare().map_err(|error| ui::with_causes(&error))?;
    let prober = outcome::Prober {
        matches,
        command,
        plan: sandbox.plan(),
    };
    let of_command = |expectation: &&Expectation| {
        matches!(
            expectation.expected,
            Expected::Ready { .. } | Expected::Exits { .. }
        )
    };
    let mut started = match expectations
        .iter()
        .any(|expectation| of_command(&expectation))
    {
        false => None,
        true if command.is_empty() => {
            return Err(
                "`ready` and `exits` are about a command, and none is named; write it \
                        behind `--`, or as `command:` in the manifest"
                    .to_owned(),
            );
        }
        true => Some(started::Started::new(matches, command, expectations)?),
    };
    let rows = expectations.iter().map(|expectation| {
        let (standing, detail) = match (&expectation.expected, &mut started) {
            (Expected::Allowed(act), _) => prober.prove(act, true),
            (Expected::Denied(act), _) => prober.prove(act, false),
            (Expected::Ready { at, within }, Some(started)) => started.ready(at, *within),
            (Expected::Exits { code, within }, Some(started)) => started.exits(*code, *within),
            _ => (Standing::Untried, "not known to this version".to_owned()),
        };
        let standing = match standing {
            Standing::Untried if matches.get_flag("require-all") => Standing::Fails,
            standing => standing,
        };
        Row {
            place: format!(
                "{}:{}",
                expectation.origin.file.display(),
                expectation.origin.line
            ),
            expectation: outcome::said(&expectation.expected),
            standing,
            detail,
        }
    });
    Ok(rows.collect())
}
