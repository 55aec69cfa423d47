//! Manifest → a seccomp profile for container runtimes.
//!
//! A profile says all that the filter of a plan says, and nothing that Landlock does. So by default
//! no Landlock is counted on: the profile closes all that a filter can, and the account names what
//! `landlock-runner` in the image would enforce beside it.

use ringfence::{Arch, Calls, Class, Kernel, Plan, Standing, Syscall, SyscallLine};
use ringfence_manifest::Manifest;

use crate::exported::{ExportError, Exported, ExportedFile, Fate};
use crate::line::Line;
use crate::wrapper;

mod needs;
mod profile;
mod rules;

use profile::Profile;

/// What enforces its lines, in accounts.
pub(crate) const BY: &str = "seccomp profile";

/// What enforces what Landlock does, in accounts.
const RUNNER: &str = "landlock-runner";

/// How a seccomp profile is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OciOptions {
    /// The architecture of the nodes.
    pub arch: Arch,
    /// The Landlock ABI that something in the container applies; 0 if none is counted on.
    pub abi: u32,
    /// Whether the container starts its command by `landlock-runner`, whose calls have to pass.
    pub runner: bool,
}

/// Writes the filter of a manifest as a seccomp profile of the OCI runtime specification.
///
/// # Errors
/// A policy that leaves system calls alone.
pub fn oci_seccomp(manifest: &Manifest, options: OciOptions) -> Result<Exported, ExportError> {
    let plan = Plan::new(manifest.policy.clone(), Kernel::with_abi(options.abi));
    let Some(filter) = plan.filter() else {
        return Err(ExportError::Nothing("a seccomp profile"));
    };
    let mut notes = notes(options);
    let passing = if options.runner {
        needs::denied(&filter, &wrapper::NEEDS)
    } else {
        Vec::new()
    };
    if !passing.is_empty() {
        notes.push(format!(
            "landlock-runner needs {}, which the policy denies: the profile lets them pass, and the filter of \
             landlock-runner denies them to the command",
            listed(&passing)
        ));
    }
    let mut denied = needs::denied(&filter, &needs::RUNTIME);
    denied.retain(|call| !passing.contains(call));
    if !denied.is_empty() {
        notes.push(format!(
            "runc and crun make calls of their own between loading the profile and starting the command, and \
             the policy denies {} of those: the container does not start where it is made",
            listed(&denied)
        ));
    }
    let profile = Profile::new(&filter, options.arch, &passing);
    if profile.passes_unknown_calls() {
        notes.push(
            "newer-calls is left alone, so that calls pass that no rule names, and those with it that the \
             libseccomp of the node does not know by name"
                .to_owned(),
        );
    }
    let mut ports = plan.ports().iter();
    let lines = Line::all(manifest).into_iter();
    let fates = lines.map(|line| {
        let standing = match line {
            Line::Port(_) => ports.next().map(|port| port.standing),
            Line::Class(class) => Some(plan.standing(class.class)),
            _ => None,
        };
        fate(&line, standing, &plan, &passing, options)
    });
    let mut account: Vec<_> = fates.collect();
    account.extend(plan.open().map(|class| open(class, options)));
    Ok(Exported {
        files: vec![ExportedFile {
            name: "seccomp.json".to_owned(),
            text: profile.json(),
        }],
        account,
        notes,
    })
}

fn notes(options: OciOptions) -> Vec<String> {
    let mut notes = vec![
        "a call that the libseccomp of the node does not know by name gets the answer of calls that nobody knows"
            .to_owned(),
        format!(
            "the profile is for {}; calls of other architectures end the thread, x32 calls among them",
            options.arch
        ),
    ];
    if !options.runner {
        notes.push(
            "start the container with no-new-privileges: a profile alone does not stop set-user-ID programs"
                .to_owned(),
        );
    }
    notes
}

fn fate(
    line: &Line<'_>,
    standing: Option<Standing>,
    plan: &Plan,
    passing: &[Syscall],
    options: OciOptions,
) -> Fate {
    match line {
        Line::Path(_) => by_landlock(line, "a profile sees no paths", options),
        Line::Port(port) => match standing {
            Some(Standing::Unrestricted) => Fate::by(line, BY, "left alone"),
            Some(Standing::Seccomp) => Fate::by(line, BY, ""),
            _ => by_landlock(
                line,
                &format!(
                    "a profile sees no ports: every one is open to {}",
                    port.class.name()
                ),
                options,
            ),
        },
        Line::Class(class) => match standing {
            Some(Standing::Seccomp) => Fate::by(line, BY, ""),
            Some(Standing::Unrestricted) => Fate::by(line, BY, "left alone"),
            _ => by_landlock(
                line,
                match plan.open_because(class.class) {
                    "" => "it is Landlock's",
                    why => why,
                },
                options,
            ),
        },
        Line::Syscalls(calls) => syscalls_fate(line, calls, passing),
        Line::Unrestricted(_) => Fate::by(line, BY, "left alone"),
        Line::Audit => by_landlock(
            line,
            "what a profile denies is no record of Landlock",
            options,
        ),
        limit => limited(limit, options),
    }
}

/// What landlock-runner needs, the profile lets pass whatever the line says.
fn syscalls_fate(line: &Line<'_>, written: &SyscallLine, passing: &[Syscall]) -> Fate {
    let calls = match written.calls {
        Calls::One(call) => vec![call],
        Calls::Group(group) => group.calls(),
    };
    let (passing, denied): (Vec<_>, Vec<_>) =
        calls.into_iter().partition(|call| passing.contains(call));
    if passing.is_empty() || !written.denies() {
        Fate::by(line, BY, "")
    } else if denied.is_empty() {
        Fate::by(
            line,
            RUNNER,
            "which needs it, so that the profile lets it pass",
        )
    } else {
        let note = format!(
            "of the profile not {}, which landlock-runner needs",
            listed(&passing)
        );
        Fate::by(line, format!("{RUNNER}, {BY}"), note)
    }
}

fn by_landlock(line: &Line<'_>, why_not: &str, options: OciOptions) -> Fate {
    if options.runner {
        return Fate::by(line, RUNNER, "or it does not start");
    }
    if options.abi > 0 {
        return Fate::by(line, "Landlock", "only if the command applies it itself");
    }
    Fate::lost(
        line,
        format!("{why_not}; landlock-runner in the image would enforce it"),
    )
}

fn limited(line: &Line<'_>, options: OciOptions) -> Fate {
    match line {
        Line::Wall(time) => Fate::lost(
            line,
            format!(
                "start it with a limit of its own, as by `timeout {}`",
                time.as_secs()
            ),
        ),
        _ if options.runner => Fate::by(line, RUNNER, ""),
        Line::Memory(bytes) => Fate::lost(line, format!("`--memory={bytes}` of docker and podman")),
        Line::Cpu(time) => Fate::lost(
            line,
            format!("`--ulimit=cpu={}` of docker and podman", time.as_secs()),
        ),
        Line::Processes(count) => {
            Fate::lost(line, format!("`--pids-limit={count}` of docker and podman"))
        }
        Line::OpenFiles(count) => Fate::lost(
            line,
            format!("`--ulimit=nofile={count}` of docker and podman"),
        ),
        Line::FileSize(bytes) => Fate::lost(
            line,
            format!("`--ulimit=fsize={bytes}` of docker and podman"),
        ),
        _ => Fate::lost(line, "a profile has no limits"),
    }
}

/// A class that no line allows and that the profile does not close.
fn open(class: Class, options: OciOptions) -> Fate {
    let mut fate = Fate::open(class);
    if let Some(abi) = class.since() {
        let closes = if options.runner {
            "landlock-runner closes it"
        } else {
            "landlock-runner in the image would close it"
        };
        fate.note = format!("{}; {closes} from ABI {} on", fate.note, abi.number());
    }
    fate
}

fn listed(calls: &[Syscall]) -> String {
    let names: Vec<_> = calls.iter().map(|call| call.name()).collect();
    names.join(", ")
}
