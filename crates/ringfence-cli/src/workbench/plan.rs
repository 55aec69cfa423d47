//! `ringfence plan`: what of a policy holds on this kernel, or on another.

use std::fmt::Write as _;

use clap::{Arg, ArgAction, ArgMatches, Command};
use ringfence::{Abi, CallRow, Kernel, Plan, PlanReport};
use serde::Serialize;

use super::arguments::{abi_flag, json_flag, other_kernel, policy, with_policy};
use super::{NAME, print_json};
use crate::{run, ui};

mod html;

pub(super) fn command() -> Command {
    with_policy(Command::new("plan"))
        .about("Show what of a policy holds on this kernel, or on another, and by what")
        .long_about(
            "Show what of a policy holds on this kernel, or on another, and by what. For this \
             kernel the paths are looked up too: where symlinks lead, which lines are redundant, \
             which path is missing.",
        )
        .arg(abi_flag("Plan for a kernel with this Landlock ABI (0: none) instead of this one"))
        .arg(
            Arg::new("syscalls")
                .long("syscalls")
                .action(ArgAction::SetTrue)
                .help("Show each system call that the filter denies, always or by its arguments"),
        )
        .arg(
            Arg::new("html")
                .long("html")
                .action(ArgAction::SetTrue)
                .conflicts_with_all(["json", "syscalls"])
                .help("Print one page for a browser: the paths as a tree, for this kernel and all others"),
        )
        .arg(json_flag())
        .after_help(format!(
            "Exit codes:\n  0    the sandbox would start\n  1    it would not\n  125  the \
             command line cannot be used\n\nExamples:\n  ringfence plan --ro /usr --connect-tcp \
             443\n  ringfence plan --policy tool.yaml\n  ringfence plan --abi 2 --ro /usr --connect-tcp 443\n  ringfence plan --abi {} \
             --json --rw /tmp",
            Abi::NEWEST.number()
        ))
}

pub(super) fn main(matches: &ArgMatches) -> u8 {
    let policy = match policy(matches) {
        Ok(policy) => policy,
        Err(error) => return ui::fail(NAME, &error, run::SETUP_FAILED),
    };
    let title = matches
        .get_one::<std::ffi::OsString>("policy")
        .map_or_else(|| "A policy".to_owned(), |file| file.display().to_string());
    let (plan, trouble) = match other_kernel(matches) {
        Some(kernel) => (Plan::new(policy.clone(), kernel), None),
        None => Plan::new(policy.clone(), Kernel::probe()).look_up(),
    };
    let report = match &trouble {
        Some(trouble) => plan.report().stopped_by(trouble),
        None => plan.report(),
    };
    let starts = report.starts;
    if matches.get_flag("html") {
        let trouble = trouble.map(|error| ui::with_causes(&error));
        let page = html::page(&title, &policy, &plan, trouble.as_deref());
        return ui::print_as_it_is(&page).max(u8::from(!starts));
    }
    let shown = Shown {
        report,
        denied_calls: matches.get_flag("syscalls").then(|| plan.denied_calls()),
    };
    let printed = match (matches.get_flag("json"), &shown.denied_calls) {
        (false, _) => ui::print(&shown.text()),
        (true, None) => ui::print_json(&shown.report.to_json()),
        (true, Some(_)) => print_json(&shown),
    };
    printed.max(u8::from(!starts))
}

#[derive(Serialize)]
struct Shown {
    #[serde(flatten)]
    report: PlanReport,
    denied_calls: Option<Vec<CallRow>>,
}

impl Shown {
    fn text(&self) -> String {
        let mut text = self.report.to_string();
        if let Some(calls) = &self.denied_calls {
            let _ = writeln!(text, "\n{:18}  {:15}  FOR", "DENIED CALL", "ANSWER");
            for call in calls {
                let _ = writeln!(text, "{}", line(call));
            }
        }
        text
    }
}

fn line(row: &CallRow) -> String {
    let why = if row.classes.is_empty() {
        "a line of the policy".to_owned()
    } else {
        row.classes.join(", ")
    };
    let some = if row.by_arguments {
        ", by its arguments"
    } else {
        ""
    };
    format!("{:18}  {:15}  {why}{some}", row.call, row.answers.join(" "))
}
