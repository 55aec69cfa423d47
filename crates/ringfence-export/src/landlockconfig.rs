//! Manifest → the JSON of landlockconfig (<https://github.com/landlock-lsm/landlockconfig>).
//!
//! A rule of that format puts its rights among those that are handled. What a policy leaves alone
//! therefore stands in no rule, or it would be denied everywhere else.

use std::ops::RangeInclusive;

use ringfence::{
    AccessFs, AccessNet, Class, Found, Kernel, PathPlan, Plan, PortClass, PortLine, Ports, Scope,
    Standing,
};
use ringfence_manifest::Manifest;
use serde::Serialize;

use crate::exported::{ExportError, Exported, ExportedFile, Fate};
use crate::line::Line;

/// What enforces its lines, in accounts.
const BY: &str = "landlockconfig";

/// What is said of a pattern, or of a directory with exceptions, that is not there now.
pub(crate) const NOTHING_THERE: &str = "nothing: there is nothing of it here now";

/// The newest Landlock ABI whose rights the format has words for.
const ABI: u32 = 6;

/// The format's words for rights on files, and the class that each belongs to.
pub(crate) const FS: [(&str, AccessFs, Class); 16] = [
    ("execute", AccessFs::EXECUTE, Class::Execute),
    ("write_file", AccessFs::WRITE_FILE, Class::Write),
    ("read_file", AccessFs::READ_FILE, Class::Read),
    ("read_dir", AccessFs::READ_DIR, Class::Read),
    ("remove_dir", AccessFs::REMOVE_DIR, Class::Remove),
    ("remove_file", AccessFs::REMOVE_FILE, Class::Remove),
    ("make_char", AccessFs::MAKE_CHAR, Class::MakeDevice),
    ("make_dir", AccessFs::MAKE_DIR, Class::Create),
    ("make_reg", AccessFs::MAKE_REG, Class::Create),
    ("make_sock", AccessFs::MAKE_SOCK, Class::Create),
    ("make_fifo", AccessFs::MAKE_FIFO, Class::Create),
    ("make_block", AccessFs::MAKE_BLOCK, Class::MakeDevice),
    ("make_sym", AccessFs::MAKE_SYM, Class::Create),
    ("refer", AccessFs::REFER, Class::Rename),
    ("truncate", AccessFs::TRUNCATE, Class::Truncate),
    ("ioctl_dev", AccessFs::IOCTL_DEV, Class::Ioctl),
];

/// The format's words for rights on ports.
pub(crate) const NET: [(&str, AccessNet, PortClass); 2] = [
    ("bind_tcp", AccessNet::BIND_TCP, PortClass::BindTcp),
    ("connect_tcp", AccessNet::CONNECT_TCP, PortClass::ConnectTcp),
];

/// The format's words for scopes.
pub(crate) const SCOPES: [(&str, Scope, Class); 2] = [
    (
        "abstract_unix_socket",
        Scope::ABSTRACT_UNIX_SOCKET,
        Class::AbstractUnix,
    ),
    ("signal", Scope::SIGNAL, Class::Signal),
];

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Config {
    ruleset: Vec<Ruleset>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    path_beneath: Vec<PathBeneath>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    net_port: Vec<NetPort>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ruleset {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    handled_access_fs: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    handled_access_net: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    scoped: Vec<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PathBeneath {
    allowed_access: Vec<&'static str>,
    parent: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NetPort {
    allowed_access: Vec<&'static str>,
    port: Vec<u16>,
}

/// Writes the Landlock part of a manifest for landlockconfig.
///
/// Exceptions and patterns are written as the paths that they came to, so their lines have to be
/// looked up: `looked_up` is a plan of the same policy out of [`Plan::prepare`], if there is one.
///
/// # Errors
/// A line with exceptions or a pattern that was not looked up, a path that is relative or no UTF-8,
/// and a policy that leaves alone all that the format could restrict.
pub fn landlockconfig(
    manifest: &Manifest,
    looked_up: Option<&Plan>,
) -> Result<Exported, ExportError> {
    let bare = Plan::new(manifest.policy.clone(), Kernel::with_abi(ABI));
    let handles = |class| bare.standing(class) == Standing::Landlock;
    let mut config = Config::default();
    let ruleset = Ruleset {
        handled_access_fs: words(&FS, handles),
        handled_access_net: words(&NET, |class| handles(Class::Port(class))),
        scoped: words(&SCOPES, handles),
    };
    let handled_fs: AccessFs = FS
        .iter()
        .filter(|(_, _, class)| handles(*class))
        .map(|(_, right, _)| *right)
        .collect();
    if ruleset.handled_access_fs.is_empty()
        && ruleset.handled_access_net.is_empty()
        && ruleset.scoped.is_empty()
    {
        return Err(ExportError::Nothing(BY));
    }
    config.ruleset.push(ruleset);

    let mut paths = looked_up.unwrap_or(&bare).paths();
    let mut ports = AllowedPorts::default();
    let mut account = Vec::new();
    for line in Line::all(manifest) {
        account.push(match line {
            Line::Path(_) => {
                let Some(plan) = paths.next() else {
                    return Err(ExportError::line(&line, "it was not looked up"));
                };
                path(&line, &plan, handled_fs, &mut config)?
            }
            Line::Port(port_line) => port(&line, port_line, handles, &mut ports),
            Line::Class(class_line) if class_line.allow => {
                Fate::by(&line, BY, "left alone: it is not handled")
            }
            Line::Class(class_line) if handles(class_line.class) => Fate::by(&line, BY, ""),
            Line::Class(_) => Fate::lost(&line, "the format has no word for it"),
            Line::Syscalls(_) => Fate::lost(&line, "the format knows no system calls"),
            Line::Unrestricted(_) => Fate::by(&line, BY, "left alone: it is not handled"),
            Line::Audit => Fate::lost(
                &line,
                "whether denials are recorded is said by whoever applies the file",
            ),
            _ => Fate::lost(&line, "the format has no limits"),
        });
    }
    config.net_port = ports.rules();
    // What a filter of system calls would close is open without one.
    let open = |class: &Class| {
        let classes = manifest.policy.classes();
        let standing = bare.standing(*class);
        matches!(standing, Standing::Seccomp | Standing::Open(_))
            && !classes.iter().any(|line| line.class == *class)
    };
    account.extend(Class::ALL.into_iter().filter(open).map(Fate::open));
    Ok(Exported {
        files: vec![ExportedFile {
            name: "landlockconfig.json".to_owned(),
            text: format!("{}\n", json(&config)),
        }],
        account,
        notes: vec![
            "landlockconfig leaves out a path that is missing and a right that the kernel does not know, and \
             starts all the same"
                .to_owned(),
        ],
    })
}

fn words<R, C: Copy>(
    table: &[(&'static str, R, C)],
    handles: impl Fn(C) -> bool,
) -> Vec<&'static str> {
    table
        .iter()
        .filter(|(_, _, class)| handles(*class))
        .map(|(word, _, _)| *word)
        .collect()
}

fn path(
    line: &Line<'_>,
    plan: &PathPlan<'_>,
    handled: AccessFs,
    config: &mut Config,
) -> Result<Fate, ExportError> {
    let rights = plan.line.access.rights();
    let allowed: Vec<_> = FS
        .iter()
        .filter(|(_, right, _)| rights.contains(*right) && handled.contains(*right))
        .map(|(word, _, _)| *word)
        .collect();
    if handled.is_empty() {
        return Ok(Fate::by(line, BY, "left alone: paths are not handled"));
    }
    let known: AccessFs = FS.iter().map(|(_, right, _)| *right).collect();
    if !known.intersects(rights) {
        return Ok(Fate::lost(
            line,
            "the format has no word for it: open everywhere",
        ));
    }
    let written = match plan.found {
        Found::Entries(entries) => entries
            .granted()
            .map(std::path::Path::to_path_buf)
            .collect(),
        Found::Missing if plan.line.pattern || !plan.line.except.is_empty() => {
            return Ok(Fate::by(line, BY, NOTHING_THERE));
        }
        _ if plan.line.pattern || !plan.line.except.is_empty() => {
            return Err(ExportError::line(
                line,
                "the format has neither exceptions nor patterns, and what they come to could not be \
                 looked up here; export it where the sandbox can be made",
            ));
        }
        _ => vec![plan.line.path.clone()],
    };
    let mut parent = Vec::new();
    for path in &written {
        let Some(text) = path.to_str() else {
            return Err(ExportError::line(
                line,
                "JSON cannot say a path that is no UTF-8",
            ));
        };
        if !path.is_absolute() {
            return Err(ExportError::line(
                line,
                "the path is relative, and landlockconfig would look for it where it is started; write the \
                 whole path",
            ));
        }
        // A dollar begins a variable there.
        parent.push(text.replace('$', "$$"));
    }
    if !(parent.is_empty() || allowed.is_empty()) {
        config.path_beneath.push(PathBeneath {
            allowed_access: allowed,
            parent,
        });
    }
    let mut notes = Vec::new();
    if matches!(plan.found, Found::Entries(_)) {
        notes.push(format!("as what it came to now ({} paths)", written.len()));
    }
    if !known.contains(rights) {
        notes.push("connect-unix has no word in the format: open everywhere".to_owned());
    }
    Ok(Fate::by(line, BY, notes.join("; ")))
}

fn port(
    line: &Line<'_>,
    written: &PortLine,
    handles: impl Fn(Class) -> bool,
    allowed: &mut AllowedPorts,
) -> Fate {
    let mut classes = NET.iter().zip(&mut allowed.0);
    let Some(((_, _, class), allowed)) = classes.find(|((_, _, class), _)| *class == written.class)
    else {
        return Fate::lost(line, "the format knows no UDP: every port is open");
    };
    match &written.ports {
        Ports::Range(range) if handles(Class::Port(*class)) => {
            allowed.push(range.clone());
            Fate::by(line, BY, "")
        }
        _ => Fate::by(line, BY, "left alone: it is not handled"),
    }
}

/// The ports of each word of [`NET`]. The format has no ranges, so that those which overlap are united
/// before they are written out.
#[derive(Default)]
struct AllowedPorts([Vec<RangeInclusive<u16>>; NET.len()]);

impl AllowedPorts {
    fn rules(self) -> Vec<NetPort> {
        let rules = NET.iter().zip(self.0).map(|((word, _, _), mut ranges)| {
            ranges.sort_unstable_by_key(|range| *range.start());
            let mut port: Vec<u16> = Vec::new();
            for range in ranges {
                let first = port.last().map_or(0, |last| u32::from(*last) + 1);
                port.extend(range.skip_while(|port| u32::from(*port) < first));
            }
            NetPort {
                allowed_access: vec![word],
                port,
            }
        });
        rules.filter(|rule| !rule.port.is_empty()).collect()
    }
}

fn json(config: &Config) -> String {
    // Plain data with keys that are texts has no way to fail.
    serde_json::to_string_pretty(config).unwrap_or_default()
}
