//! `ringfence plan`: what of a policy holds on this kernel, or on another.

use clap::{Arg, ArgMatches, Command};
use ringfence::{Abi, Kernel, Plan};

use super::{NAME, invocation, json_flag, print_json, with_flags};
use crate::flags::Group;
use crate::{run, ui};

pub(super) fn command() -> Command {
    let policy = [Group::Paths, Group::Network, Group::Strictness];
    with_flags(Command::new("plan"), &policy)
        .about("Show what of a policy holds on this kernel, or on another, and by what")
        .arg(
            Arg::new("abi")
                .long("abi")
                .value_name("N")
                .value_parser(clap::value_parser!(u32))
                .help("Plan for a kernel with this Landlock ABI (0: none) instead of this one"),
        )
        .arg(json_flag())
        .after_help(format!(
            "Exit codes:\n  0    the sandbox would start\n  1    it would not\n  125  the \
             command line cannot be used\n\nExamples:\n  ringfence plan --ro /usr --connect-tcp \
             443\n  ringfence plan --abi 2 --ro /usr --connect-tcp 443\n  ringfence plan --abi {} \
             --json --rw /tmp",
            Abi::NEWEST.number()
        ))
}

pub(super) fn main(matches: &ArgMatches) -> u8 {
    let kernel = match matches.get_one::<u32>("abi") {
        Some(&abi) => Kernel::with_abi(abi),
        None => Kernel::probe(),
    };
    let policy = invocation(matches).and_then(|mut invocation| invocation.take_policy());
    let report = match policy {
        Ok(policy) => Plan::new(policy, kernel).report(),
        Err(error) => return ui::fail(NAME, &error, run::SETUP_FAILED),
    };
    let printed = if matches.get_flag("json") {
        print_json(&report)
    } else {
        ui::print(&report.to_string())
    };
    printed.max(u8::from(!report.starts))
}
