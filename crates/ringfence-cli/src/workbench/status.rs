//! `ringfence status`: what holds for this process, and what can be known of another.

use std::fmt::Write as _;
use std::io;

use clap::{Arg, ArgMatches, Command};
use rustix::thread::SecureComputingMode;
use serde::Serialize;

use super::{NAME, json_flag, print_json};
use crate::ui;

/// Why nothing is said of another process's domain.
const FROM_OUTSIDE: &str = "cannot be known from outside: the kernel shows no process's Landlock \
                            domain to another";

pub(super) fn command() -> Command {
    Command::new("status")
        .about("Show what this process is restricted by, or what can be known of another")
        .arg(
            Arg::new("pid")
                .value_name("PID")
                .value_parser(clap::value_parser!(u32).range(1..))
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
        Ok(status) => ui::print(&status.text()),
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

#[derive(Serialize)]
struct Status {
    pid: u32,
    /// The number of Landlock layers; none where it cannot be known, which `landlock_note` tells.
    landlock_layers: Option<u32>,
    landlock_note: Option<String>,
    no_new_privs: bool,
    /// 0 none, 1 strict, 2 filter.
    seccomp_mode: u32,
    /// From Linux 5.9 on.
    seccomp_filters: Option<u32>,
}

impl Status {
    /// This process: by system calls, which answer in every sandbox.
    fn own() -> Self {
        let (landlock_layers, landlock_note) = match ringfence::layers() {
            Ok(layers) => (Some(layers), None),
            Err(error) => (None, Some(format!("cannot be counted: {error}"))),
        };
        Self {
            pid: std::process::id(),
            landlock_layers,
            landlock_note,
            no_new_privs: rustix::thread::no_new_privs().unwrap_or(false),
            seccomp_mode: own_seccomp_mode(),
            seccomp_filters: read("self")
                .ok()
                .and_then(|status| field(&status, "Seccomp_filters")),
        }
    }

    /// Another process: what /proc shows of it.
    fn of(pid: u32) -> io::Result<Self> {
        let status = read(&pid.to_string())?;
        Ok(Self {
            pid,
            landlock_layers: None,
            landlock_note: Some(FROM_OUTSIDE.to_owned()),
            no_new_privs: field(&status, "NoNewPrivs") == Some(1),
            seccomp_mode: field(&status, "Seccomp").unwrap_or(0),
            seccomp_filters: field(&status, "Seccomp_filters"),
        })
    }

    fn text(&self) -> String {
        let layers = match (self.landlock_layers, &self.landlock_note) {
            (Some(layers), _) => format!("{layers} of at most 16"),
            (None, note) => note.clone().unwrap_or_default(),
        };
        let mode = match self.seccomp_mode {
            0 => "none",
            1 => "strict",
            _ => "filter",
        };
        let filters = self
            .seccomp_filters
            .filter(|&filters| filters > 0)
            .map_or(String::new(), |filters| format!(" ({filters} installed)"));
        let set = if self.no_new_privs { "set" } else { "not set" };
        let mut text = String::new();
        let _ = writeln!(text, "process          {}", self.pid);
        let _ = writeln!(text, "landlock layers  {layers}");
        let _ = writeln!(text, "no_new_privs     {set}");
        let _ = writeln!(text, "seccomp          {mode}{filters}");
        text
    }
}

/// The seccomp mode of this process: 0 none, 1 strict, 2 filter.
pub(super) fn own_seccomp_mode() -> u32 {
    match rustix::thread::secure_computing_mode() {
        Ok(SecureComputingMode::Filter) => 2,
        Ok(SecureComputingMode::Strict) => 1,
        _ => 0,
    }
}

fn read(process: &str) -> io::Result<String> {
    let bytes = std::fs::read(format!("/proc/{process}/status"))?;
    // The name of the process may be any bytes; the fields that we read are digits.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn field(status: &str, name: &str) -> Option<u32> {
    status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?
        .trim()
        .parse()
        .ok()
}
