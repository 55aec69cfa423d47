//! Lints about places that are worth more than others.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use ringfence::{Access, AccessFs, Class, PathLine};
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

/// Directories of which every file is taken for a secret.
const HOME_SECRET_DIRECTORIES: &[&str] = &[".ssh", ".gnupg", ".aws", ".azure", ".config/gcloud"];

const HOME_STARTUP_DIRECTORIES: &[&str] =
    &[".config/autostart", ".config/fish", ".config/systemd/user"];
const STARTUP_DIRECTORIES: &[&str] = &[
    "/etc/profile.d",
    "/etc/cron.d",
    "/var/spool/cron",
    "/etc/systemd/system",
    "/etc/xdg/autostart",
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
const USER_SOCKETS: &[&str] = &[
    "docker.sock",
    "podman/podman.sock",
    "containerd/containerd.sock",
];

/// Where programs are found if PATH does not say.
const PROGRAMS: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

pub(super) fn programs(subject: &Subject<'_>) -> Vec<Finding> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories: Vec<_> = std::env::split_paths(&path)
        .chain(std::env::split_paths(PROGRAMS))
        .filter(|directory| directory.is_absolute())
        .map(|directory| resolved(&directory))
        .collect();
    // Programs are looked for in a directory of PATH itself, not in those beneath it.
    let is_program = |place: &Path| {
        let parent = place.parent();
        directories
            .iter()
            .any(|directory| Some(&**directory) == parent)
            && !place.is_dir()
    };
    let places: Vec<_> = directories.iter().map(|place| place.join("x")).collect();
    writable(
        subject,
        &places,
        beneath(subject, &directories, AccessFs::WRITE_FILE, is_program),
        "lets programs of PATH be written",
        "who runs one of them runs what the command wrote; leave the directories of PATH out",
    )
}

pub(super) fn writable_keys(subject: &Subject<'_>) -> Vec<Finding> {
    // Programs that log in elsewhere write down whom they met.
    let is_key = |place: &Path| !place.ends_with("known_hosts");
    let directories = places(subject, &[".ssh"], &["/etc/ssh", "/root/.ssh"]);
    writable(
        subject,
        &places(subject, HOME_KEYS, KEYS),
        beneath(subject, &directories, AccessFs::WRITE_FILE, is_key),
        "lets the keys or settings be written by which others log in",
        "add `except: [.ssh]`, or name a narrower directory",
    )
}

pub(super) fn startup(subject: &Subject<'_>) -> Vec<Finding> {
    let directories = places(subject, HOME_STARTUP_DIRECTORIES, STARTUP_DIRECTORIES);
    writable(
        subject,
        &places(subject, HOME_STARTUP, STARTUP),
        beneath(subject, &directories, AccessFs::WRITE_FILE, |_| true),
        "lets files be written that run by themselves later, outside of the sandbox",
        "leave them out with `except`, or name a narrower directory",
    )
}

pub(super) fn secrets(subject: &Subject<'_>) -> Vec<Finding> {
    let help = "leave them out with `except`, or name a narrower directory";
    let known = places(subject, HOME_SECRETS, SECRETS);
    let lines = allowing(subject, &known, AccessFs::READ_FILE);
    let mut findings = told(subject, lines, "lets secrets be read", help);
    let directories = places(subject, HOME_SECRET_DIRECTORIES, &["/root/.ssh"]);
    let lines = beneath(subject, &directories, AccessFs::READ_FILE, is_secret);
    let what = "lets a file be read that stands among secrets";
    findings.extend(told(
        subject,
        lines,
        what,
        "take the line out if the command does without",
    ));
    once_for_each_line(findings)
}

/// Whether a file beside private keys is one that need not be kept from others.
fn is_secret(path: &Path) -> bool {
    let public = path.extension().is_some_and(|extension| extension == "pub");
    let name = path.file_name().unwrap_or_default();
    !public && !["config", "known_hosts"].iter().any(|known| name == *known)
}

pub(super) fn container_socket(subject: &Subject<'_>) -> Vec<Finding> {
    // Asked of the lines and not of the plan: older kernels know no right to connect.
    let lines = subject
        .plan
        .paths()
        .filter(|path| path.line.access.contains(Access::CONNECT_UNIX));
    // Engines without root listen where the user's other sockets are.
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
    let of_user = runtime
        .iter()
        .flat_map(|runtime| USER_SOCKETS.iter().map(|name| runtime.join(name)));
    let sockets: Vec<_> = SOCKETS
        .iter()
        .map(PathBuf::from)
        .chain(of_user)
        .map(|socket| resolved(&socket))
        .collect();
    // Who leaves the class alone leaves every socket alone.
    let left_alone = subject.manifest.policy.classes().iter();
    let left_alone = left_alone.filter(|line| line.allow && line.class == Class::ConnectUnix);
    let left_alone = left_alone.map(|line| {
        let message = format!(
            "this line leaves every UNIX socket alone, that of a container engine too, which is as good as \
             root: {}",
            SOCKETS[0]
        );
        let help = "from Linux 7.1 on, name the sockets that are needed under `connect-unix` instead; \
                    before, see that the command's user may not use the engine";
        subject.on(&line.source, message).help(help)
    });
    lines
        .filter_map(|path| {
            let socket = sockets.iter().find(|socket| path.covers(socket))?;
            let message = format!(
                "this line lets the command talk to a container engine, which is as good as root: {}",
                socket.display()
            );
            let finding = subject.on(&path.line.source, message);
            Some(finding.help("name the socket that is needed instead of its directory"))
        })
        .chain(left_alone)
        .collect()
}

fn places(subject: &Subject<'_>, at_home: &[&str], elsewhere: &[&str]) -> Vec<PathBuf> {
    let home = subject.home.iter();
    let at_home = home.flat_map(|home| at_home.iter().map(|name| home.join(name)));
    let all = at_home.chain(elsewhere.iter().map(PathBuf::from));
    all.map(|place| resolved(&place)).collect()
}

/// A path without symlinks, as the plan is asked about it; what of it does not exist stays as written.
fn resolved(path: &Path) -> PathBuf {
    let existing = path
        .ancestors()
        .find_map(|above| Some((above, above.canonicalize().ok()?)));
    match existing {
        Some((above, place)) => match path.strip_prefix(above) {
            Ok(rest) if !rest.as_os_str().is_empty() => place.join(rest),
            _ => place,
        },
        None => path.to_owned(),
    }
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

/// The lines for something beneath these directories that give rights on it.
fn beneath<'s>(
    subject: &'s Subject<'_>,
    directories: &[PathBuf],
    rights: AccessFs,
    wanted: impl Fn(&Path) -> bool,
) -> Vec<(&'s PathLine, PathBuf)> {
    let lines = subject
        .plan
        .paths()
        .filter(|path| path.granted.contains(rights));
    lines
        .filter_map(|path| {
            let place = path.path().unwrap_or(&path.line.path);
            let inside = |directory: &PathBuf| place != directory && place.starts_with(directory);
            let is_meant = directories.iter().any(inside) && wanted(place);
            is_meant.then(|| (path.line, place.to_owned()))
        })
        .collect()
}

/// What is said of lines that let one of these places be written or made, and of these other lines.
fn writable(
    subject: &Subject<'_>,
    places: &[PathBuf],
    others: Vec<(&PathLine, PathBuf)>,
    what: &str,
    help: &str,
) -> Vec<Finding> {
    // Each by itself is enough: to change what is there, to put something there, or a symlink.
    let rights = [AccessFs::WRITE_FILE, AccessFs::MAKE_REG, AccessFs::MAKE_SYM];
    let lines = rights
        .into_iter()
        .flat_map(|rights| allowing(subject, places, rights));
    once_for_each_line(told(subject, lines.chain(others).collect(), what, help))
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
