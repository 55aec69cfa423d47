//! `ringfence check`: what is wrong with a manifest, and what is seldom meant.

use std::cell::OnceCell;
use std::ffi::OsString;
use std::fmt::Write as _;

use clap::{Arg, ArgAction, ArgMatches, Command};
use ringfence::{Kernel, Plan, Policy, PolicyBuilder};
use ringfence_manifest::Manifest;
use ringfence_observe::Sensitive;

use super::NAME;
use super::arguments::{
    abi_flag, file, file_argument, json_flag, other_kernel, variables, variables_flag,
};
use crate::check::{LINTS, Subject, lint, proposal};
use crate::invocation::{Invocation, require_used};
use crate::{run, ui};

mod kernels;
mod report;
mod sarif;

use kernels::Kernels;
use report::Report;

/// The exit codes.
const FINDINGS: u8 = 1;
const UNUSABLE: u8 = 2;

pub(super) fn command() -> Command {
    Command::new("check")
        .about("Show what is wrong with a manifest, and what in it is seldom meant")
        .arg(
            file_argument("file", "The manifest")
        )
        .arg(variables_flag())
        .arg(abi_flag("Check for a kernel with this Landlock ABI instead of this one"))
        .arg(
            Arg::new("all-kernels")
                .long("all-kernels")
                .action(ArgAction::SetTrue)
                .conflicts_with("abi")
                .help("Show too for each ABI whether the policy starts, which lines hold, and what stays open"),
        )
        .arg(
            Arg::new("allow")
                .long("allow")
                .value_name("LINT")
                .action(ArgAction::Append)
                .help("Switch a lint off; `lints: {allow: [...]}` in the manifest does the same"),
        )
        .arg(
            Arg::new("format")
                .long("format")
                .value_name("FORMAT")
                .value_parser(["text", "json", "sarif"])
                .default_value("text")
                .help("How the findings are printed"),
        )
        .arg(json_flag().help("The same as --format json"))
        .arg(
            Arg::new("command")
                .value_name("COMMAND")
                .value_parser(clap::value_parser!(OsString))
                .num_args(1..)
                .last(true)
                .help("The command to check the policy for, instead of the manifest's"),
        )
        .after_help(format!(
            "Lints:\n{}\nExit codes:\n  0  nothing is found\n  1  something is\n  2  the manifest cannot be \
             used\n\nExamples:\n  ringfence check policy.yaml\n  ringfence check --all-kernels policy.yaml\n  ringfence check policy.yaml -- /usr/bin/tool --flag\n  \
             ringfence check --format sarif policy.yaml > policy.sarif",
            lints()
        ))
}

fn lints() -> String {
    LINTS.iter().fold(String::new(), |mut text, lint| {
        let _ = writeln!(text, "  {}\n      {}", lint.name, lint.summary);
        text
    })
}

pub(super) fn main(matches: &ArgMatches) -> u8 {
    let file = file(matches, "file");
    let format = if matches.get_flag("json") {
        "json"
    } else {
        matches
            .get_one::<String>("format")
            .map_or("text", String::as_str)
    };
    let off: Vec<String> = matches
        .get_many::<String>("allow")
        .map(|names| names.cloned().collect())
        .unwrap_or_default();
    if let Some(unknown) = off
        .iter()
        .find(|name| LINTS.iter().all(|lint| lint.name != **name))
    {
        ui::note(
            NAME,
            &format!("error: there is no lint `{unknown}`; {}", proposal(unknown)),
        );
        return UNUSABLE;
    }
    let variables = match variables(matches) {
        Ok(variables) => variables,
        Err(error) => return ui::fail(NAME, &error, UNUSABLE),
    };
    let (manifest, sources) = match Manifest::read(file, &variables) {
        Ok((manifest, sources)) => match require_used(&variables, &sources) {
            Ok(()) => (manifest, sources),
            Err(error) => return ui::fail(NAME, &error, UNUSABLE),
        },
        Err(faults) => {
            let report = Report {
                file,
                findings: &faults.findings,
                more: faults.more,
                sources: &faults.sources,
                kernels: None,
            };
            let drawn = |colour| format!("{}\n\n", faults.render(colour));
            return report.print(format, drawn).max(UNUSABLE);
        }
    };
    let mut invocation = Invocation::default();
    let command = matches.get_many("command").into_iter().flatten();
    invocation.command = command.cloned().collect();
    let (policy, trouble) = complete(&manifest, &mut invocation);
    let (plan, is_looked_up) = match other_kernel(matches) {
        Some(kernel) => (Plan::new(policy.clone(), kernel), false),
        // What cannot be looked up is what the lints explain.
        None => (Plan::new(policy.clone(), Kernel::probe()).look_up().0, true),
    };
    let subject = Subject {
        manifest: &manifest,
        sources: &sources,
        invocation: &invocation,
        plan: &plan,
        trouble: trouble.as_deref(),
        is_looked_up,
        sensitive: Sensitive::of_this_user(),
        denied_calls: OnceCell::new(),
    };
    let findings = lint(&subject, &off);
    let kernels = matches
        .get_flag("all-kernels")
        .then(|| Kernels::of(&policy));
    let report = Report {
        file,
        findings: &findings,
        more: 0,
        sources: &sources,
        kernels: kernels.as_ref(),
    };
    let drawn = |colour| {
        findings.iter().fold(String::new(), |mut text, finding| {
            let _ = writeln!(text, "{}\n", finding.render(&sources, colour));
            text
        })
    };
    report
        .print(format, drawn)
        .max(if findings.is_empty() { 0 } else { FINDINGS })
}

/// The policy as `run` would enforce it, with what the command needs to start where the manifest asks
/// for that; and why that is not known, if it is not.
fn complete(manifest: &Manifest, invocation: &mut Invocation) -> (Policy, Option<String>) {
    invocation.start_as(manifest);
    invocation.add(|flags| PolicyBuilder::from(manifest.policy.clone()).merge(flags));
    match run::policy(NAME, invocation) {
        Ok(policy) => (policy, None),
        Err(error) => (
            manifest.policy.clone(),
            Some(ui::with_causes(error.as_ref())),
        ),
    }
}
