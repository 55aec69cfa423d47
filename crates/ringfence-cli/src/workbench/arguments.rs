//! What several subcommands take on their command line, and how it is read.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command};
use ringfence::{Abi, Kernel, Policy};
use ringfence_manifest::Variables;

use crate::flags::{FLAGS, Flag, Group};
use crate::invocation::{Invocation, UsageError};

/// Adds the flags that say a policy, for the subcommands that run nothing under it.
pub(super) fn with_policy(command: Command) -> Command {
    let groups = [
        Group::Manifest,
        Group::Paths,
        Group::Network,
        Group::Syscalls,
        Group::Strictness,
    ];
    with_flags(command, &groups)
}

/// The policy that those flags say.
pub(super) fn policy(matches: &ArgMatches) -> Result<Policy, UsageError> {
    let mut invocation = invocation(matches)?;
    invocation.read_manifest()?;
    invocation.take_policy()
}

/// Adds the flags of these groups.
pub(super) fn with_flags(command: Command, groups: &[Group]) -> Command {
    FLAGS
        .iter()
        .filter(|flag| groups.contains(&flag.group))
        .fold(command, |command, flag| command.arg(argument(flag)))
}

fn argument(flag: &'static Flag) -> Arg {
    let argument = Arg::new(flag.name)
        .long(flag.name)
        .help(flag.help)
        .help_heading(flag.group.title());
    let argument = match flag.short {
        Some(short) => argument.short(short),
        None => argument,
    };
    match flag.value {
        Some(value) => argument
            .value_name(value)
            .value_parser(clap::value_parser!(OsString))
            .value_hint(hint(flag))
            .action(ArgAction::Append),
        // Counted by presence: each occurrence is an empty value, which keeps its place in line.
        None => argument
            .num_args(0)
            .default_missing_value("")
            .value_parser(clap::value_parser!(OsString))
            .action(ArgAction::Append),
    }
}

fn hint(flag: &Flag) -> clap::ValueHint {
    match flag.value {
        Some("PATH") => clap::ValueHint::AnyPath,
        Some("DIR") => clap::ValueHint::DirPath,
        _ => clap::ValueHint::Other,
    }
}

/// Adds the command, which a manifest may name instead.
pub(super) fn with_own_command(command: Command) -> Command {
    with_command(command).mut_arg("command", |command| {
        command
            .required(false)
            .help("The command and its arguments; without one, the manifest's")
    })
}

/// Adds the command.
pub(super) fn with_command(command: Command) -> Command {
    command.arg(
        Arg::new("command")
            .value_name("COMMAND")
            .help("The command and its arguments")
            .value_parser(clap::value_parser!(OsString))
            .value_hint(clap::ValueHint::CommandWithArguments)
            .num_args(1..)
            .required(true)
            .trailing_var_arg(true)
            .allow_hyphen_values(true),
    )
}

/// What a parsed command line asks for, its flags in the order in which they were written.
pub(super) fn invocation(matches: &ArgMatches) -> Result<Invocation, UsageError> {
    let mut written: Vec<(usize, &'static Flag, &OsStr)> = Vec::new();
    for flag in FLAGS {
        let Ok(Some(values)) = matches.try_get_many::<OsString>(flag.name) else {
            continue;
        };
        let places = matches.indices_of(flag.name).into_iter().flatten();
        written.extend(
            places
                .zip(values)
                .map(|(place, value)| (place, flag, value.as_os_str())),
        );
    }
    written.sort_by_key(|(place, ..)| *place);

    let mut invocation = Invocation::default();
    for (_, flag, value) in written {
        invocation.apply(flag, value.to_owned())?;
    }
    Ok(invocation)
}

/// The flag that gives variables of a manifest their values.
pub(super) fn variables_flag() -> Arg {
    Flag::named("set").map_or_else(|| Arg::new("set"), argument)
}

/// The variables of a manifest, for commands that take no flags of the policy.
pub(super) fn variables(matches: &ArgMatches) -> Result<Variables, UsageError> {
    invocation(matches).map(|invocation| invocation.variables)
}

/// The switch for machine-readable output.
pub(super) fn json_flag() -> Arg {
    Arg::new("json")
        .long("json")
        .help("Print JSON instead of a table")
        .action(ArgAction::SetTrue)
}

/// A file that must be named.
pub(super) fn file_argument(id: &'static str, help: &'static str) -> Arg {
    Arg::new(id)
        .value_name(id.to_ascii_uppercase())
        .required(true)
        .value_parser(clap::value_parser!(PathBuf))
        .value_hint(clap::ValueHint::FilePath)
        .help(help)
}

/// The file that [`file_argument`] asks for.
pub(super) fn file<'m>(matches: &'m ArgMatches, id: &str) -> &'m Path {
    matches
        .get_one::<PathBuf>(id)
        .map_or(Path::new(""), PathBuf::as_path)
}

/// The flag that names another kernel.
pub(super) fn abi_flag(help: &'static str) -> Arg {
    Arg::new("abi")
        .long("abi")
        .value_name("N")
        .value_parser(|text: &str| {
            let newest = Abi::NEWEST.number();
            text.parse::<u32>().map_err(|_| {
                format!("write a Landlock ABI as a number: 0 is none, {newest} the newest known")
            })
        })
        .help(help)
}

/// The kernel that it names, if it names one.
pub(super) fn other_kernel(matches: &ArgMatches) -> Option<Kernel> {
    matches
        .get_one::<u32>("abi")
        .map(|&abi| Kernel::with_abi(abi))
}
