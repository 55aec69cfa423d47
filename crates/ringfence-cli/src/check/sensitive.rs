//! Lints about places that are worth more than others.

use std::path::{Path, PathBuf};

use ringfence::{Access, AccessFs};
use ringfence_manifest::Finding;

use super::Subject;

/// In the home directory.
const HOME_KEYS: &[&str] = &[".ssh/authorized_keys"];
const HOME_STARTUP: &[&str] = &[
    ".profile",
    ".bash_profile",
    ".bashrc",
    ".zshrc",
    ".zshenv",
    ".config/fish/config.fish",
    ".config/autostart/x.desktop",
    ".config/systemd/user/x.service",
    ".pam_environment",
];
const HOME_SECRETS: &[&str] = &[
    ".ssh/id_ed25519",
    ".ssh/id_rsa",
    ".gnupg/private-keys-v1.d",
    ".aws/credentials",
    ".azure",
    ".config/gcloud",
    ".config/gh/hosts.yml",
    ".docker/config.json",
    ".kube/config",
    ".netrc",
    ".git-credentials",
    ".pgpass",
    ".npmrc",
];

const KEYS: &[&str] = &[
    "/etc/ssh/ssh_host_ed25519_key",
    "/root/.ssh/authorized_keys",
];
const STARTUP: &[&str] = &[
    "/etc/profile",
    "/etc/profile.d/x.sh",
    "/etc/bash.bashrc",
    "/etc/crontab",
    "/etc/cron.d/x",
    "/var/spool/cron/crontabs/x",
    "/etc/systemd/system/x.service",
    "/etc/ld.so.preload",
    "/etc/sudoers",
];
const SECRETS: &[&str] = &[
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/ssh/ssh_host_ed25519_key",
    "/root/.ssh/id_ed25519",
];
const SOCKETS: &[&str] = &[
    "/run/docker.sock",
    "/var/run/docker.sock",
    "/run/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/run/crio/crio.sock",
];

/// Where programs are found if PATH does not say.
const PROGRAMS: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

pub(super) fn programs(subject: &Subject<'_>) -> Vec<Finding> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&path).chain(std::env::split_paths(PROGRAMS));
    let places: Vec<_> = places
        .filter(|place| place.is_absolute())
        .map(|place| place.canonicalize().unwrap_or(place).join("x"))
        .collect();
    found(
        subject,
        &places,
        AccessFs::MAKE_REG | AccessFs::WRITE_FILE,
        "lets programs be written to a directory of PATH",
        "who runs one of them runs what the command wrote; name a narrower directory",
    )
}

pub(super) fn writable_keys(subject: &Subject<'_>) -> Vec<Finding> {
    found(
        subject,
        &places(subject, HOME_KEYS, KEYS),
        AccessFs::WRITE_FILE,
        "lets the keys be written by which others log in",
        "add `except: [.ssh]`, or name a narrower directory",
    )
}

pub(super) fn startup(subject: &Subject<'_>) -> Vec<Finding> {
    found(
        subject,
        &places(subject, HOME_STARTUP, STARTUP),
        AccessFs::WRITE_FILE,
        "lets files be written that run by themselves later, outside of the sandbox",
        "leave them out with `except`, or name a narrower directory",
    )
}

pub(super) fn secrets(subject: &Subject<'_>) -> Vec<Finding> {
    found(
        subject,
        &places(subject, HOME_SECRETS, SECRETS),
        AccessFs::READ_FILE,
        "lets secrets be read",
        "leave them out with `except`, or name a narrower directory",
    )
}

pub(super) fn container_socket(subject: &Subject<'_>) -> Vec<Finding> {
    // Asked of the lines and not of the plan: older kernels know no right to connect.
    let lines = subject
        .plan
        .paths()
        .filter(|path| path.line.access.contains(Access::CONNECT_UNIX));
    lines
        .filter_map(|path| {
            let socket = SOCKETS
                .iter()
                .find(|socket| path.covers(Path::new(socket)))?;
            let message = format!(
                "this line lets the command talk to a container engine, which is as good as root: \
                 {socket}"
            );
            let finding = subject.on(&path.line.source, message);
            Some(finding.help("name the socket that is needed instead of its directory"))
        })
        .collect()
}

fn places(subject: &Subject<'_>, at_home: &[&str], elsewhere: &[&str]) -> Vec<PathBuf> {
    let home = subject.home.iter();
    let at_home = home.flat_map(|home| at_home.iter().map(|name| home.join(name)));
    at_home.chain(elsewhere.iter().map(PathBuf::from)).collect()
}

/// One finding for each line that allows a right on some of these places.
fn found(
    subject: &Subject<'_>,
    places: &[PathBuf],
    rights: AccessFs,
    what: &str,
    help: &str,
) -> Vec<Finding> {
    let mut lines: Vec<(&ringfence::PathLine, &Path)> = Vec::new();
    for place in places {
        let known =
            |line: &ringfence::PathLine| lines.iter().any(|(known, _)| std::ptr::eq(*known, line));
        let new = subject.allowing(rights, place).filter(|line| !known(line));
        lines.extend(new.map(|line| (line, place.as_path())));
    }
    lines
        .into_iter()
        .map(|(line, place)| {
            let message = format!("this line {what}: {}", place.display());
            subject.on(&line.source, message).help(help)
        })
        .collect()
}
