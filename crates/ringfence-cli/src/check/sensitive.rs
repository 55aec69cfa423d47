//! Lints about places that are worth more than others.

use std::collections::HashSet;
use std::path::PathBuf;

use ringfence::{Access, AccessFs, Class, PathLine};
use ringfence_manifest::Finding;
use ringfence_observe::Kind;

use super::Subject;

pub(super) fn programs(subject: &Subject<'_>) -> Vec<Finding> {
    writable(
        subject,
        Kind::Programs,
        "who runs one of them runs what the command wrote; leave the directories of PATH out",
    )
}

pub(super) fn writable_keys(subject: &Subject<'_>) -> Vec<Finding> {
    writable(
        subject,
        Kind::Keys,
        "add `except: [.ssh]`, or name a narrower directory",
    )
}

pub(super) fn startup(subject: &Subject<'_>) -> Vec<Finding> {
    writable(
        subject,
        Kind::Startup,
        "leave them out with `except`, or name a narrower directory",
    )
}

pub(super) fn secrets(subject: &Subject<'_>) -> Vec<Finding> {
    let help = "leave them out with `except`, or name a narrower directory";
    let known = subject.sensitive.files(Kind::Secrets);
    let lines = allowing(subject, known, AccessFs::READ_FILE);
    let mut findings = told(subject, lines, Kind::Secrets.consequence(), help);
    let lines = beneath(subject, Kind::Secrets, AccessFs::READ_FILE);
    let what = "lets a file be read that stands among secrets";
    findings.extend(told(
        subject,
        lines,
        what,
        "take the line out if the command does without",
    ));
    once_for_each_line(findings)
}

pub(super) fn container_socket(subject: &Subject<'_>) -> Vec<Finding> {
    let sockets = subject.sensitive.files(Kind::ContainerSocket);
    // Who leaves the class alone leaves every socket alone.
    let left_alone = subject.manifest.policy.classes().iter();
    let left_alone = left_alone.filter(|line| line.allow && line.class == Class::ConnectUnix);
    let left_alone = left_alone.map(|line| {
        let message = format!(
            "this line leaves every UNIX socket alone, that of a container engine too, which is as good as \
             root: {}",
            sockets.first().map_or_else(Default::default, |socket| socket.display().to_string())
        );
        let help = "from Linux 7.1 on, name the sockets that are needed under `connect-unix` instead; \
                    before, see that the command's user may not use the engine";
        subject.on(&line.source, message).help(help)
    });
    let mut findings = reachable(subject, Kind::ContainerSocket);
    findings.extend(left_alone);
    findings
}

pub(super) fn session_socket(subject: &Subject<'_>) -> Vec<Finding> {
    let kinds = [Kind::SessionSocket, Kind::AgentSocket];
    once_for_each_line(
        kinds
            .into_iter()
            .flat_map(|kind| reachable(subject, kind))
            .collect(),
    )
}

/// What is said of lines that let sockets of this kind be reached.
fn reachable(subject: &Subject<'_>, kind: Kind) -> Vec<Finding> {
    // Asked of the lines and not of the plan: older kernels know no right to connect.
    let lines = subject
        .plan
        .paths()
        .filter(|path| path.line.access.contains(Access::CONNECT_UNIX));
    let lines = lines.filter_map(|path| {
        let mut sockets = subject.sensitive.files(kind).iter();
        let place = path.path().unwrap_or(&path.line.path);
        let inside = || subject.sensitive.is_inside(kind, place).then_some(place);
        let socket = sockets.find(|socket| path.covers(socket));
        let socket = socket.map(PathBuf::as_path).or_else(inside)?;
        Some((path.line, socket.to_owned()))
    });
    let help = "name the socket that is needed instead of its directory, or take the line out if the command \
                does without";
    told(subject, lines.collect(), kind.consequence(), help)
}

/// The lines that allow rights on some of these places, each with the first.
fn allowing<'s>(
    subject: &'s Subject<'_>,
    places: &[PathBuf],
    rights: AccessFs,
) -> Vec<(&'s PathLine, PathBuf)> {
    let line = |place: &PathBuf| Some((subject.allowing(rights, place)?, place.clone()));
    places.iter().filter_map(line).collect()
}

/// The lines for something beneath the directories of this kind that give rights on it.
fn beneath<'s>(
    subject: &'s Subject<'_>,
    kind: Kind,
    rights: AccessFs,
) -> Vec<(&'s PathLine, PathBuf)> {
    let lines = subject
        .plan
        .paths()
        .filter(|path| path.granted.contains(rights));
    lines
        .filter_map(|path| {
            let place = path.path().unwrap_or(&path.line.path);
            let is_meant = subject.sensitive.is_inside(kind, place);
            is_meant.then(|| (path.line, place.to_owned()))
        })
        .collect()
}

/// What is said of lines that let places of this kind be written or made.
fn writable(subject: &Subject<'_>, kind: Kind, help: &str) -> Vec<Finding> {
    // Each by itself is enough.
    let places = subject.sensitive.files(kind);
    let lines = kind
        .rights()
        .iter()
        .flat_map(|rights| allowing(subject, places, rights));
    let others = beneath(subject, kind, AccessFs::WRITE_FILE);
    let lines = lines.chain(others).collect();
    once_for_each_line(told(subject, lines, kind.consequence(), help))
}

fn told(
    subject: &Subject<'_>,
    lines: Vec<(&PathLine, PathBuf)>,
    what: &str,
    help: &str,
) -> Vec<Finding> {
    lines
        .into_iter()
        .map(|(line, place)| {
            let message = format!("this line {what}: {}", place.display());
            subject.on(&line.source, message).help(help)
        })
        .collect()
}

/// The first finding about each line.
fn once_for_each_line(findings: Vec<Finding>) -> Vec<Finding> {
    let mut known = HashSet::new();
    let is_new = |finding: &Finding| known.insert(finding.place.clone());
    findings.into_iter().filter(is_new).collect()
}
