//! `ringfence status`: what holds for this process, and what can be known of another.

use std::fmt::Write as _;

use clap::{Arg, ArgMatches, Command};
use ringfence::Status;

use super::arguments::json_flag;
use super::{NAME, print_json};
use crate::ui;

pub(super) fn command() -> Command {
    Command::new("status")
        .about("Show what this process is restricted by, or what can be known of another")
        .arg(
            Arg::new("pid")
                .value_name("PID")
                .value_parser(|text: &str| match text.parse::<u32>() {
                    Ok(pid @ 1..) => Ok(pid),
                    _ => Err("write the number of a process"),
                })
                .help("Another process; without it, the one that runs this command"),
        )
        .arg(json_flag())
        .after_help(
            "Without PID it counts the Landlock layers of its own process, which are those of \
             the shell that started it. The kernel has no question for it: a child stacks layers \
             until the kernel refuses one more. From outside nothing of the kind is possible.\n\n\
             Examples:\n  ringfence status\n  landlock-runner --ro / -- ringfence status\n  \
             ringfence status 1 --json",
        )
}

pub(super) fn main(matches: &ArgMatches) -> u8 {
    let status = match matches.get_one::<u32>("pid") {
        None => Ok(Status::own()),
        Some(&pid) => Status::of(pid),
    };
    match status {
        Ok(status) if matches.get_flag("json") => print_json(&status),
        Ok(status) => ui::print(&text(&status)),
        Err(error) => {
            let pid = matches.get_one::<u32>("pid").copied().unwrap_or_default();
            ui::message(&format!(
                "{NAME}: error: cannot read /proc/{pid}/status: {error}; there is no such process, \
                 /proc is not mounted, or a sandbox denies it"
            ));
            1
        }
    }
}

fn text(status: &Status) -> String {
    let layers = match (status.landlock_layers, &status.landlock_note) {
        (Some(layers), _) => format!("{layers} of at most 16"),
        (None, note) => note.clone().unwrap_or_default(),
    };
    let mode = match status.seccomp_mode {
        0 => "none",
        1 => "strict",
        _ => "filter",
    };
    let filters = status
        .seccomp_filters
        .filter(|&filters| filters > 0)
        .map_or(String::new(), |filters| format!(" ({filters} installed)"));
    let set = if status.no_new_privs {
        "set"
    } else {
        "not set"
    };
    let mut text = String::new();
    let _ = writeln!(text, "process          {}", status.pid);
    let _ = writeln!(text, "landlock layers  {layers}");
    let _ = writeln!(text, "no_new_privs     {set}");
    let _ = writeln!(text, "seccomp          {mode}{filters}");
    text
}
