//! Places that are worth more than others: keys, secrets, start files, programs, container engines.

use std::path::{Path, PathBuf};

use ringfence::AccessFs;

/// Why a place is sensitive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Programs that are found on PATH.
    Programs,
    /// Keys and settings by which others log in.
    Keys,
    /// What runs by itself later.
    Startup,
    /// Private keys, tokens, password hashes.
    Secrets,
    /// Sockets of container engines.
    ContainerSocket,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Programs,
        Self::Keys,
        Self::Startup,
        Self::Secrets,
        Self::ContainerSocket,
    ];

    /// What a line does that gives these rights there, as the end of a sentence.
    pub fn consequence(self) -> &'static str {
        match self {
            Self::Programs => "lets programs of PATH be written",
            Self::Keys => "lets the keys or settings be written by which others log in",
            Self::Startup => {
                "lets files be written that run by themselves later, outside of the sandbox"
            }
            Self::Secrets => "lets secrets be read",
            Self::ContainerSocket => {
                "lets the command talk to a container engine, which is as good as root"
            }
        }
    }

    /// The rights each of which does harm there by itself.
    pub fn rights(self) -> AccessFs {
        match self {
            // To change what is there, to put something there, or a symlink.
            Self::Programs | Self::Keys | Self::Startup => AccessFs::WRITE_FILE
                .union(AccessFs::MAKE_REG)
                .union(AccessFs::MAKE_SYM),
            Self::Secrets => AccessFs::READ_FILE,
            Self::ContainerSocket => AccessFs::RESOLVE_UNIX,
        }
    }

    fn files(self) -> Names {
        match self {
            Self::Programs => Names(&[], &[]),
            Self::Keys => Names(
                &[".ssh/authorized_keys"],
                &[
                    "/etc/ssh/ssh_host_ed25519_key",
                    "/root/.ssh/authorized_keys",
                ],
            ),
            Self::Startup => Names(
                &[
                    ".profile",
                    ".bash_profile",
                    ".bashrc",
                    ".zshrc",
                    ".zshenv",
                    ".config/fish/config.fish",
                    ".config/autostart/x.desktop",
                    ".config/systemd/user/x.service",
                    ".pam_environment",
                ],
                &[
                    "/etc/profile",
                    "/etc/profile.d/x.sh",
                    "/etc/bash.bashrc",
                    "/etc/crontab",
                    "/etc/cron.d/x",
                    "/var/spool/cron/crontabs/x",
                    "/etc/systemd/system/x.service",
                    "/etc/ld.so.preload",
                    "/etc/sudoers",
                ],
            ),
            Self::Secrets => Names(
                &[
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
                ],
                &[
                    "/etc/shadow",
                    "/etc/gshadow",
                    "/etc/ssh/ssh_host_ed25519_key",
                    "/root/.ssh/id_ed25519",
                ],
            ),
            Self::ContainerSocket => Names(
                &[],
                &[
                    "/run/docker.sock",
                    "/var/run/docker.sock",
                    "/run/containerd/containerd.sock",
                    "/run/podman/podman.sock",
                    "/run/crio/crio.sock",
                ],
            ),
        }
    }

    /// Directories in which every file counts.
    fn directories(self) -> Names {
        match self {
            Self::Programs | Self::ContainerSocket => Names(&[], &[]),
            Self::Keys => Names(&[".ssh"], &["/etc/ssh", "/root/.ssh"]),
            Self::Startup => Names(
                &[".config/autostart", ".config/fish", ".config/systemd/user"],
                &[
                    "/etc/profile.d",
                    "/etc/cron.d",
                    "/var/spool/cron",
                    "/etc/systemd/system",
                    "/etc/xdg/autostart",
                ],
            ),
            Self::Secrets => Names(
                &[".ssh", ".gnupg", ".aws", ".azure", ".config/gcloud"],
                &["/root/.ssh"],
            ),
        }
    }
}

/// Names in the home directory, and paths elsewhere.
struct Names(&'static [&'static str], &'static [&'static str]);

/// Sockets of engines that run without root, where the user's other sockets are.
const USER_SOCKETS: &[&str] = &[
    "docker.sock",
    "podman/podman.sock",
    "containerd/containerd.sock",
];

/// Where programs are found if PATH does not say.
const PROGRAMS: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The sensitive places of this machine and user.
#[derive(Clone, Debug)]
pub struct Sensitive {
    of_kind: Vec<(Kind, Places)>,
}

#[derive(Clone, Debug)]
struct Places {
    files: Vec<PathBuf>,
    directories: Vec<PathBuf>,
}

/// A sensitive place that a line would open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concern {
    /// Why it is sensitive.
    pub kind: Kind,
    /// The place.
    pub place: PathBuf,
}

impl std::fmt::Display for Concern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.kind.consequence(), self.place.display())
    }
}

impl Sensitive {
    /// Those of the user with this home, by this process's PATH and directory for sockets.
    pub fn of_user(home: Option<&Path>) -> Self {
        let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let programs: Vec<_> = std::env::split_paths(&path)
            .chain(std::env::split_paths(PROGRAMS))
            .filter(|directory| directory.is_absolute())
            .map(|directory| resolved(&directory))
            .collect();
        let places = |Names(at_home, elsewhere)| -> Vec<PathBuf> {
            let at_home = home
                .iter()
                .flat_map(|home| at_home.iter().map(|name| home.join(name)));
            let all = at_home.chain(elsewhere.iter().map(PathBuf::from));
            all.map(|place| resolved(&place)).collect()
        };
        let of_kind = Kind::ALL.map(|kind| {
            let (mut files, mut directories) = (places(kind.files()), places(kind.directories()));
            match kind {
                Kind::Programs => {
                    files.extend(programs.iter().map(|directory| directory.join("x")));
                    directories.clone_from(&programs);
                }
                Kind::ContainerSocket => {
                    let sockets = runtime
                        .iter()
                        .flat_map(|runtime| USER_SOCKETS.iter().map(|name| runtime.join(name)));
                    files.extend(sockets.map(|socket| resolved(&socket)));
                }
                Kind::Keys | Kind::Startup | Kind::Secrets => {}
            }
            (kind, Places { files, directories })
        });
        Self {
            of_kind: of_kind.into(),
        }
    }

    /// Those of the user who runs this process, by HOME.
    pub fn of_this_user() -> Self {
        let home = std::env::var_os("HOME").map(PathBuf::from);
        Self::of_user(home.as_deref().filter(|home| home.is_absolute()))
    }

    /// Single files of a kind, without symlinks in their paths. Some need not exist: what is asked is
    /// whether they could be made.
    pub fn files(&self, kind: Kind) -> &[PathBuf] {
        self.places(kind).map_or(&[], |places| &places.files)
    }

    /// Whether a path is beneath a directory in which files of this kind are.
    pub fn is_inside(&self, kind: Kind, path: &Path) -> bool {
        let directories = self
            .places(kind)
            .map_or(&[][..], |places| &places.directories);
        let inside = match kind {
            // Programs are looked for in a directory of PATH itself, not in those beneath it.
            Kind::Programs => directories
                .iter()
                .any(|directory| path.parent() == Some(directory) && !path.is_dir()),
            _ => directories
                .iter()
                .any(|directory| path != directory && path.starts_with(directory)),
        };
        inside && counts(kind, path)
    }

    /// What a line about this path, and all beneath it, would open with these rights.
    pub fn concern(&self, rights: AccessFs, path: &Path) -> Option<Concern> {
        let opened = |(kind, places): &(Kind, Places)| {
            let place = if !rights.intersects(kind.rights()) {
                return None;
            } else if self.is_inside(*kind, path) {
                path
            } else {
                let beneath = |place: &&PathBuf| place.starts_with(path);
                places.files.iter().find(beneath)?
            };
            Some(Concern {
                kind: *kind,
                place: place.to_owned(),
            })
        };
        self.of_kind.iter().find_map(opened)
    }

    fn places(&self, kind: Kind) -> Option<&Places> {
        let places = self.of_kind.iter().find(|(known, _)| *known == kind);
        places.map(|(_, places)| places)
    }
}

/// Whether a file beside sensitive ones is one that must be kept as they are.
fn counts(kind: Kind, path: &Path) -> bool {
    let public = path.extension().is_some_and(|extension| extension == "pub");
    let is_named = |names: &[&str]| {
        let name = path.file_name().unwrap_or_default();
        names.iter().any(|known| name == *known)
    };
    match kind {
        // Programs that log in elsewhere write down whom they met.
        Kind::Keys => !is_named(&["known_hosts"]),
        Kind::Secrets => !public && !is_named(&["config", "known_hosts"]),
        _ => true,
    }
}

/// A path without symlinks, as a plan is asked about it; what of it does not exist stays as written.
pub(crate) fn resolved(path: &Path) -> PathBuf {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn concern(rights: AccessFs, path: &str) -> Option<Kind> {
        let sensitive = Sensitive::of_user(Some(Path::new("/home/no-such-user")));
        sensitive
            .concern(rights, Path::new(path))
            .map(|concern| concern.kind)
    }

    #[test]
    fn a_line_is_a_concern_for_what_is_at_above_or_beneath_its_path() {
        let read = AccessFs::READ_FILE;
        for path in [
            "/",
            "/etc",
            "/etc/shadow",
            "/home/no-such-user",
            "/home/no-such-user/.ssh",
            "/home/no-such-user/.ssh/deploy_key",
        ] {
            assert_eq!(concern(read, path), Some(Kind::Secrets), "{path}");
        }
        for path in [
            "/usr",
            "/etc/passwd",
            "/home/no-such-user/.ssh/known_hosts",
            "/home/no-such-user/.ssh/deploy_key.pub",
            "/home/no-such-user/work",
        ] {
            assert_eq!(concern(read, path), None, "{path}");
        }
    }

    #[test]
    fn writing_concerns_other_places_than_reading() {
        let write = AccessFs::WRITE_FILE;
        assert_eq!(concern(write, "/usr/bin/tool"), Some(Kind::Programs));
        assert_eq!(concern(AccessFs::READ_FILE, "/usr/bin/tool"), None);
        let start = "/home/no-such-user/.bashrc";
        assert_eq!(concern(write, start), Some(Kind::Startup));
        assert_eq!(
            concern(AccessFs::MAKE_SYM, "/etc/cron.d"),
            Some(Kind::Startup)
        );
        assert_eq!(
            concern(AccessFs::RESOLVE_UNIX, "/run/crio/crio.sock"),
            Some(Kind::ContainerSocket)
        );
    }
}
