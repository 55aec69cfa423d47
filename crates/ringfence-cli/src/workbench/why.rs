//! `ringfence why`: whether a policy allows an access, by which line, or what would have to be added.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, ArgMatches, Command};
use ringfence::{AccessFs, Kernel};
use ringfence_observe::{Answer, Asked, Proposal, Question, Sensitive};
use serde_json::json;

use super::arguments::{abi_flag, json_flag, other_kernel, policy, with_policy};
use super::{NAME, print_json};
use crate::{run, ui};

pub(super) fn command() -> Command {
    with_policy(Command::new("why"))
        .about("Say whether a policy allows an access and by which line, or what to add, without running anything")
        .arg(
            Arg::new("access")
                .value_name("ACCESS")
                .required(true)
                .help("A word or several (read,execute), or the name of a class of acts as `ringfence plan` shows it"),
        )
        .arg(
            Arg::new("about")
                .value_name("PATH|PORT")
                .value_parser(clap::value_parser!(OsString))
                .value_hint(clap::ValueHint::AnyPath)
                .help("What is accessed; of an entry that is created or removed, its own path"),
        )
        .arg(abi_flag("Answer for a kernel with this Landlock ABI (0: none) instead of this one"))
        .arg(json_flag())
        .after_help(
            "Exit codes:\n  0    allowed\n  1    denied\n  125  the question or the policy cannot be used\n\n\
             Examples:\n  ringfence why read /etc/shadow --policy tool.yaml\n  ringfence why connect-tcp 443 --ro /usr\n  \
             ringfence why create /var/lib/tool/new --policy tool.yaml --abi 4",
        )
}

pub(super) fn main(matches: &ArgMatches) -> u8 {
    let policy = match policy(matches) {
        Ok(policy) => policy,
        Err(error) => return ui::fail(NAME, &error, run::SETUP_FAILED),
    };
    let access = matches
        .get_one::<String>("access")
        .map_or("", String::as_str);
    let about = matches.get_one::<OsString>("about");
    let question = match Question::read(access, about.map(OsString::as_os_str)) {
        Ok(question) => question,
        Err(error) => return ui::fail(NAME, &error, run::SETUP_FAILED),
    };
    let other = other_kernel(matches);
    let is_running = other.is_none();
    let kernel = other.unwrap_or_else(Kernel::probe);
    let sensitive = Sensitive::of_this_user();
    let answer = question.answer(&policy, kernel, is_running, &sensitive);
    let printed = if matches.get_flag("json") {
        print_json(&as_json(&answer))
    } else {
        ui::print(&text(&answer, &question))
    };
    printed.max(u8::from(!answer.is_allowed))
}

fn text(answer: &Answer, question: &Question) -> String {
    let verdict = if answer.is_allowed {
        "allowed"
    } else {
        "denied"
    };
    let mut text = format!("{verdict}: {}\n", answer.question.replace('\n', "\\n"));
    for line in &answer.by {
        let _ = writeln!(text, "  by `{line}`");
    }
    if !answer.reason.is_empty() {
        let _ = writeln!(text, "  {}", answer.reason);
    }
    if !answer.is_allowed {
        let _ = write!(text, "\n{}", ways(answer));
    }
    if !answer.is_allowed
        && let Some(path) = missing(question)
    {
        let _ = writeln!(
            text,
            "\nnote: nothing is at {} that this user can see: such a line names the directory that it would be in",
            ui::shown(path)
        );
    }
    if let Some(refused) = &answer.refused {
        let _ = writeln!(text, "\nnote: the policy does not start at all: {refused}");
    }
    text
}

/// What is asked about and not there, though what would be done with it needs it.
fn missing(question: &Question) -> Option<&Path> {
    match &question.asked {
        Asked::Path(rights, path) if !AccessFs::OF_PARENT.intersects(*rights) => {
            (!path.exists()).then_some(path)
        }
        _ => None,
    }
}

/// What would allow it, in every form; or why nothing can be added.
pub(super) fn ways(answer: &Answer) -> String {
    let mut text = String::new();
    for (number, proposal) in answer.proposals.iter().enumerate() {
        let start = if number == 0 {
            "to allow it, add"
        } else {
            "or"
        };
        let gap = if number == 0 { "" } else { "\n" };
        let _ = writeln!(text, "{gap}{start}\n  {}", proposal.flags);
        add_yaml(&mut text, proposal);
        if let Some(warning) = &proposal.warning {
            let _ = writeln!(text, "warning: that {warning}");
        }
    }
    for why in &answer.impossible {
        let gap = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{gap}cannot be added: {why}");
    }
    text
}

fn add_yaml(text: &mut String, proposal: &Proposal) {
    match &proposal.yaml {
        Some(yaml) => {
            text.push_str("or in the manifest\n");
            for line in yaml.lines() {
                let _ = writeln!(text, "  {line}");
            }
        }
        None => text.push_str("a manifest cannot say it: the path is no UTF-8\n"),
    }
}

pub(super) fn as_json(answer: &Answer) -> serde_json::Value {
    let proposals = answer.proposals.iter().map(|proposal| {
        json!({
            "flags": proposal.flags,
            "manifest": proposal.yaml,
            "warning": proposal.warning,
        })
    });
    json!({
        "question": answer.question,
        "allowed": answer.is_allowed,
        "by": answer.by,
        "reason": answer.reason,
        "add": proposals.collect::<Vec<_>>(),
        "cannot-be-added": answer.impossible,
        "refused": answer.refused,
    })
}
