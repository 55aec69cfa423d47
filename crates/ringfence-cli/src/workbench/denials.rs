//! `ringfence denials`: what Landlock denied, from the kernel's audit records, with the lines to add.

use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches, Command};
use ringfence::Kernel;
use ringfence_observe::Sensitive;
use ringfence_observe::audit::Log;

use super::NAME;
use super::arguments::{json_flag, other_kernel, policy, with_policy};
use crate::{run, ui};
use filter::Filter;
use report::Report;
use since::Since;
use source::{Place, Source};

mod doubts;
mod filter;
mod follow;
mod journal;
mod report;
mod since;
mod source;

pub(super) fn command() -> Command {
    let value = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    with_policy(Command::new("denials"))
        .about("Show what Landlock denied, from the kernel's audit records, and what to add to a policy")
        .long_about(
            "Show what Landlock denied, from the kernel's audit records (ABI 7, Linux 6.15, where audit is on), \
             each act once with how often it was denied, and what would allow it: to the policy that is given, or \
             by itself. Of programs that a sandbox executes denials are recorded only if it was started with \
             --audit.",
        )
        .arg(
            value("source", "SOURCE", "Where to read; without this, the first that can be read")
                .value_parser(Place::NAMES)
                .conflicts_with("file"),
        )
        .arg(
            value("file", "FILE", "Read a text: audit.log, ausearch, dmesg, journalctl -o json; - is standard input")
                .value_parser(clap::value_parser!(PathBuf))
                .value_hint(clap::ValueHint::FilePath),
        )
        .arg(
            Arg::new("follow")
                .short('f')
                .long("follow")
                .help("Go on and show denials as they come, until Ctrl-C")
                .action(ArgAction::SetTrue),
        )
        .arg(value(
            "since",
            "TIME",
            "Leave out what was earlier: 10min, 2h, today, 2026-11-26, 2026-11-26T09:00",
        ))
        .arg(
            value("pid", "N", "Only domains that this process made, and what it did")
                .value_parser(clap::value_parser!(u32)),
        )
        .arg(value("domain", "ID", "Only this domain, as the records write it"))
        .arg(value(
            "exe",
            "NAME",
            "Only where a program of this name or path made the domain, or did it",
        ))
        .arg(
            value(
                "abi",
                "N",
                "Propose lines for a kernel with this Landlock ABI instead of this one (of a file, the newest)",
            )
            .value_parser(clap::value_parser!(u32)),
        )
        .arg(json_flag())
        .after_help(
            "Sources, and what each needs:\n  \
             netlink     records as they come; CAP_AUDIT_READ in the initial user namespace, as root has it\n  \
             audit-log   /var/log/audit/audit.log, which auditd writes; root, or log_group of auditd.conf\n  \
             journal     journalctl; the group systemd-journal or adm\n  \
             kernel-log  /dev/kmsg; root, CAP_SYSLOG, or kernel.dmesg_restrict=0\n\n\
             Exit codes:\n  0    the records were read\n  1    some could not be understood, or were lost\n  \
             125  no source can be read, or the policy cannot be used\n\n\
             Examples:\n  ringfence denials --since 10min --policy tool.yaml\n  ringfence denials --follow\n  \
             ausearch -m LANDLOCK_ACCESS --raw | ringfence denials --file -",
        )
}

/// Why nothing is shown.
#[derive(Debug, thiserror::Error)]
enum DenialsError {
    #[error(transparent)]
    Usage(#[from] crate::invocation::UsageError),
    #[error("--since")]
    Since(#[from] since::NoTime),
    #[error(
        "--domain: `{0}` is no number of a domain; write it as the records do, such as 195ba459b"
    )]
    Domain(String),
    #[error(transparent)]
    Source(#[from] source::SourceError),
    #[error("cannot wait for signals")]
    Signals(#[source] nix::Error),
}

pub(super) fn main(matches: &ArgMatches) -> u8 {
    match show(matches) {
        Ok(code) => code,
        Err(error) => ui::fail(NAME, &error, run::SETUP_FAILED),
    }
}

fn show(matches: &ArgMatches) -> Result<u8, DenialsError> {
    let policy = policy(matches)?;
    let text = |name: &str| matches.get_one::<String>(name);
    let since = text("since").map(|text| Since::read(text)).transpose()?;
    let filter = Filter::new(
        matches.get_one::<u32>("pid").copied(),
        text("domain").map(String::as_str),
        text("exe").map(String::as_str),
    )
    .map_err(DenialsError::Domain)?;
    let follow = matches.get_flag("follow");
    let place = match (matches.get_one::<PathBuf>("file"), text("source")) {
        (Some(file), _) => Some(Place::File(file.clone())),
        (None, Some(name)) => Place::named(name),
        (None, None) => None,
    };
    // Before the source is opened: what happens once it is open counts, however long the rest takes.
    let start = Since::now();
    let (place, mut source) = match place {
        Some(place) => {
            let source = Source::open(&place, follow, since)?;
            (place, source)
        }
        None => Source::first(follow, since)?,
    };
    ui::note(NAME, &format!("reading {place}"));
    let is_live = place.is_of_this_kernel();
    if is_live {
        for doubt in doubts::doubts() {
            ui::note(NAME, &doubt);
        }
    }
    let other = other_kernel(matches);
    let is_running = other.is_none() && is_live;
    // What is followed begins at the start; what was said before of domains that go on is read all the same. The
    // kernel's group has nothing of before.
    let is_past_there = is_live && place != Place::Netlink;
    let from = since.or((follow && is_past_there).then_some(start));
    let report = Report {
        kernel: match other {
            Some(kernel) => kernel,
            None if is_running => Kernel::probe(),
            None => Kernel::with_abi(u32::MAX),
        },
        is_running,
        policy,
        sensitive: Sensitive::of_this_user(),
        filter,
        json: matches.get_flag("json"),
        place,
    };
    let mut log = Log::since(from.map_or(0, Since::millis));
    if follow {
        return follow::follow(&mut source, &mut log, &report);
    }
    while source.read(&mut log)? != source::Read::End {}
    log.end_of_text();
    Ok(report.all(&log))
}
