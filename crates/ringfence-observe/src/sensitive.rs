//! Places that are worth more than others: keys, secrets, start files, programs, sockets of what acts for others.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use ringfence::AccessFs;
use rustix::process::getuid;

use places::Root;

mod places;
#[cfg(test)]
mod tests;

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
    /// Sockets of engines of containers and virtual machines.
    ContainerSocket,
    /// Sockets of agents that hold keys.
    AgentSocket,
    /// Sockets of the user's session and of the system's bus.
    SessionSocket,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Programs,
        Self::Keys,
        Self::Startup,
        Self::Secrets,
        Self::ContainerSocket,
        Self::AgentSocket,
        Self::SessionSocket,
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
                "lets the command talk to a container engine or the like, which is as good as root"
            }
            Self::AgentSocket => "lets the command use the keys that an agent holds",
            Self::SessionSocket => {
                "lets the command talk to the session or the system's bus, which start programs, type, see or \
                 listen outside of the sandbox"
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
            Self::ContainerSocket | Self::AgentSocket | Self::SessionSocket => {
                AccessFs::RESOLVE_UNIX
            }
        }
    }

    /// The file that stands for all in a directory: one that could be made, or the directory itself, where
    /// what counts is what it has already.
    fn example(self, directory: &Path) -> PathBuf {
        match self {
            Self::Programs | Self::Keys | Self::Startup => directory.join("x"),
            _ => directory.to_owned(),
        }
    }
}

/// Where programs are found if PATH does not say.
const PROGRAMS: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The sensitive places of this machine and user.
#[derive(Clone, Debug)]
pub struct Sensitive {
    of_kind: Vec<(Kind, Places)>,
}

#[derive(Clone, Debug, Default)]
struct Places {
    files: Vec<PathBuf>,
    directories: Vec<PathBuf>,
}

impl Places {
    fn add(&mut self, kind: Kind, path: &Path, is_directory: bool) {
        let path = resolved(path);
        if is_directory {
            self.files.push(kind.example(&path));
            self.directories.push(path);
        } else {
            self.files.push(path);
        }
    }
}

/// Asks for a variable of the environment.
type Variable<'v> = &'v dyn Fn(&str) -> Option<OsString>;

/// The places of a kind that the environment names.
fn named(kind: Kind, runtime: &Path, variable: Variable<'_>) -> Vec<PathBuf> {
    let path = |name: &str| Some(PathBuf::from(variable(name)?));
    let behind = |name: &str, start: &str| {
        let value = variable(name)?;
        let address = value.as_bytes().strip_prefix(start.as_bytes())?;
        // Addresses of buses have more behind a comma.
        let path = address.split(|&byte| byte == b',').next()?;
        Some(PathBuf::from(OsStr::from_bytes(path)))
    };
    let paths = match kind {
        Kind::Secrets => [path("XAUTHORITY"), None],
        Kind::ContainerSocket => {
            ["DOCKER_HOST", "CONTAINER_HOST"].map(|name| behind(name, "unix://"))
        }
        Kind::AgentSocket => [path("SSH_AUTH_SOCK"), None],
        Kind::SessionSocket => [
            behind("DBUS_SESSION_BUS_ADDRESS", "unix:path="),
            path("WAYLAND_DISPLAY").map(|name| runtime.join(name)),
        ],
        Kind::Programs | Kind::Keys | Kind::Startup => [None, None],
    };
    let paths = paths.into_iter().flatten();
    paths.filter(|path| path.is_absolute()).collect()
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
    /// Those of the user with this home, by this process's environment: PATH, the directory for sockets, and
    /// where single sockets are.
    pub fn of_user(home: Option<&Path>) -> Self {
        Self::of_environment(home, &|name| std::env::var_os(name))
    }

    fn of_environment(home: Option<&Path>, variable: Variable<'_>) -> Self {
        let user = getuid().as_raw();
        let runtime = variable("XDG_RUNTIME_DIR")
            .map(PathBuf::from)
            .filter(|runtime| runtime.is_absolute())
            .unwrap_or_else(|| format!("/run/user/{user}").into());
        let of_kind = Kind::ALL.map(|kind| {
            let mut places = Places::default();
            for (root, names) in kind.names() {
                let root = match (root, home) {
                    (Root::Home, Some(home)) => home,
                    (Root::Home, None) => continue,
                    (Root::Runtime, _) => &runtime,
                    (Root::System, _) => Path::new("/"),
                };
                for name in names {
                    places.add(kind, &root.join(name), name.ends_with('/'));
                }
            }
            for path in named(kind, &runtime, variable) {
                places.add(kind, &path, false);
            }
            match kind {
                Kind::Programs => {
                    let path = variable("PATH").unwrap_or_default();
                    std::env::split_paths(&path)
                        .chain(std::env::split_paths(PROGRAMS))
                        .filter(|directory| directory.is_absolute())
                        .for_each(|directory| places.add(kind, &directory, true));
                }
                Kind::SessionSocket => {
                    places.add(kind, format!("/tmp/tmux-{user}").as_ref(), true);
                }
                _ => {}
            }
            (kind, places)
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
        inside && counts(kind, path) || kind == Kind::AgentSocket && is_of_ssh(path)
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

/// Whether this is the socket of an agent that is started without a name for it: `/tmp/ssh-XXXXXX/agent.NUMBER`.
fn is_of_ssh(path: &Path) -> bool {
    let begins = |path: &Path, with: &str| {
        let name = path.file_name().unwrap_or_default();
        name.as_bytes().starts_with(with.as_bytes())
    };
    begins(path, "agent.") && path.parent().is_some_and(|above| begins(above, "ssh-"))
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
