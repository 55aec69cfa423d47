//! What the directives of a unit say of paths.

use std::path::{Component, Path, PathBuf};

use super::settings::{Settings, Value};
use super::values::fill;
use crate::import::ImportError;
use crate::unit::Backslash;

/// What a directive says of one path; nothing of a right that it is not about.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Says {
    pub(super) read: Option<bool>,
    pub(super) execute: Option<bool>,
    pub(super) change: Option<bool>,
    /// Whether programs are there to be run, where no directive about execution says otherwise.
    pub(super) runs: bool,
}

const READ_ONLY: Says = Says {
    read: Some(true),
    execute: None,
    change: Some(false),
    runs: true,
};
/// Execution of what can be written is nothing that a unit asks for.
const READ_WRITE: Says = Says {
    read: Some(true),
    execute: None,
    change: Some(true),
    runs: false,
};
const EXECUTABLE: Says = Says {
    read: Some(true),
    execute: Some(true),
    change: None,
    runs: false,
};
const NO_EXECUTION: Says = Says {
    read: None,
    execute: Some(false),
    change: None,
    runs: false,
};
const UNCHANGED: Says = Says {
    read: None,
    execute: None,
    change: Some(false),
    runs: false,
};
const NOTHING: Says = Says {
    read: Some(false),
    execute: Some(false),
    change: Some(false),
    runs: false,
};

pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) says: Says,
    pub(super) optional: bool,
    pub(super) hides: Hides,
    /// Whether the machine's own file is laid there, over what hides it.
    pub(super) bound: bool,
}

/// Whether what is beneath a path can be had nevertheless.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hides {
    /// It hides nothing.
    Nothing,
    /// An empty directory is laid over it, and what is bound into that can be had.
    AllUnbound,
    /// Nothing can be had, whatever another directive says.
    All,
}

/// All that a unit says of paths.
#[derive(Default)]
pub(super) struct Paths {
    pub(super) entries: Vec<Entry>,
    strict: bool,
    pub(super) notes: Vec<String>,
}

impl Paths {
    pub(super) fn of(settings: &Settings) -> Result<Self, ImportError> {
        let mut paths = Self::default();
        for (key, says) in [
            ("ReadOnlyPaths", READ_ONLY),
            ("ReadWritePaths", READ_WRITE),
            ("ExecPaths", EXECUTABLE),
            ("NoExecPaths", NO_EXECUTION),
            ("InaccessiblePaths", NOTHING),
        ] {
            for value in settings.all(key) {
                for word in value.words(Backslash::Quotes)? {
                    paths.listed(&value, &word, says)?;
                }
            }
        }
        for (key, says) in [("BindPaths", READ_WRITE), ("BindReadOnlyPaths", READ_ONLY)] {
            for value in settings.all(key) {
                for word in value.words(Backslash::Quotes)? {
                    paths.bound(&value, &word, says)?;
                }
            }
        }
        for value in settings.all("TemporaryFileSystem") {
            for word in value.words(Backslash::Quotes)? {
                let place = word.split(':').next().unwrap_or(&word);
                let place = resolved(&value, place)?;
                paths.notes.push(format!(
                    "an empty directory in memory at {} is nothing that a manifest makes; the program finds what is \
                     there denied",
                    place.display()
                ));
                paths.empty(place);
            }
        }
        paths.directories(settings)?;
        paths.protections(settings)?;
        Ok(paths)
    }

    fn push(&mut self, path: impl Into<PathBuf>, says: Says) {
        self.entries.push(Entry {
            path: path.into(),
            says,
            optional: false,
            hides: Hides::Nothing,
            bound: false,
        });
    }

    /// An empty directory in memory.
    fn empty(&mut self, path: impl Into<PathBuf>) {
        self.entries.push(Entry {
            path: path.into(),
            says: NOTHING,
            optional: false,
            hides: Hides::AllUnbound,
            bound: false,
        });
    }

    fn hide(&mut self, path: &str) {
        self.entries.push(Entry {
            path: path.into(),
            says: NOTHING,
            optional: false,
            hides: Hides::All,
            bound: false,
        });
    }

    /// A path of a list, with the marks before it.
    fn listed(&mut self, value: &Value, word: &str, says: Says) -> Result<(), ImportError> {
        let path = word.trim_start_matches(['-', '+']);
        let optional = word
            .strip_suffix(path)
            .is_some_and(|marks| marks.contains('-'));
        let denies = [says.read, says.execute, says.change].contains(&Some(false));
        match resolved(value, path) {
            Ok(path) => {
                self.entries.push(Entry {
                    path,
                    says,
                    optional,
                    hides: if value.key == "InaccessiblePaths" {
                        Hides::All
                    } else {
                        Hides::Nothing
                    },
                    bound: value.key.starts_with("Bind"),
                });
                Ok(())
            }
            // What is allowed nowhere needs not be denied, but nobody knows where this would be.
            Err(error) if denies => Err(error),
            Err(error) => {
                self.notes
                    .push(format!("{value}: no line is made of it: {error}"));
                Ok(())
            }
        }
    }

    /// `source:destination:options`; only what stays at its place can be had.
    fn bound(&mut self, value: &Value, word: &str, says: Says) -> Result<(), ImportError> {
        let word = word.trim_start_matches('-');
        let mut parts = word.split(':');
        let source = parts.next().unwrap_or(word);
        match parts.next() {
            None | Some("") => self.listed(value, source, says),
            Some(destination) if destination == source => self.listed(value, source, says),
            Some(destination) => {
                let place = resolved(value, destination)?;
                self.notes.push(format!(
                    "{value}: a manifest shows no file at another place; {} is left denied, and the program has to be \
                     told of {source}",
                    place.display()
                ));
                self.entries.push(Entry {
                    path: place,
                    says: NOTHING,
                    optional: false,
                    hides: Hides::All,
                    bound: false,
                });
                Ok(())
            }
        }
    }

    /// `StateDirectory=` and its kin.
    fn directories(&mut self, settings: &Settings) -> Result<(), ImportError> {
        for (key, above, says) in [
            ("StateDirectory", "/var/lib", READ_WRITE),
            ("CacheDirectory", "/var/cache", READ_WRITE),
            ("LogsDirectory", "/var/log", READ_WRITE),
            ("RuntimeDirectory", "/run", READ_WRITE),
            ("ConfigurationDirectory", "/etc", READ_ONLY),
        ] {
            for value in settings.all(key) {
                for word in value.words(Backslash::Quotes)? {
                    let mut parts = word.split(':');
                    let name = parts.next().unwrap_or(&word);
                    let says = if parts.nth(1) == Some("ro") {
                        READ_ONLY
                    } else {
                        says
                    };
                    self.listed(&value, &format!("{above}/{name}"), says)?;
                }
            }
        }
        Ok(())
    }

    /// The switches that close places.
    fn protections(&mut self, settings: &Settings) -> Result<(), ImportError> {
        // It brings a private /tmp and ProtectSystem=strict with it.
        let dynamic = settings.is_on("DynamicUser")?;
        if dynamic {
            self.strict = true;
            self.push("/", UNCHANGED);
        }
        if let Some(value) = settings.last("ProtectSystem") {
            let closed: &[&str] = match value.text.as_str() {
                "strict" => &["/"],
                "full" => &["/usr", "/boot", "/efi", "/etc"],
                _ if value.is_on()? => &["/usr", "/boot", "/efi"],
                _ => &[],
            };
            self.strict |= value.text == "strict";
            for place in closed {
                self.push(*place, UNCHANGED);
            }
        }
        if let Some(value) = settings.last("ProtectHome") {
            for place in ["/home", "/root", "/run/user"] {
                match value.text.as_str() {
                    "read-only" => self.push(place, UNCHANGED),
                    "tmpfs" => self.empty(place),
                    _ if value.is_on()? => self.hide(place),
                    _ => {}
                }
            }
        }
        for (key, hidden, unchanged) in [
            ("PrivateTmp", &["/tmp", "/var/tmp"][..], &[][..]),
            ("PrivateDevices", &["/dev"], &[]),
            (
                "ProtectKernelTunables",
                &["/proc/kallsyms", "/proc/kcore"],
                &["/proc", "/sys"],
            ),
            ("ProtectKernelModules", &["/usr/lib/modules"], &[]),
            ("ProtectKernelLogs", &["/dev/kmsg", "/proc/kmsg"], &[]),
            ("ProtectControlGroups", &[], &["/sys/fs/cgroup"]),
        ] {
            let is_on = match settings.last(key) {
                // More than yes, which newer versions of systemd know.
                Some(value) if ["disconnected", "private", "strict"].contains(&&*value.text) => {
                    true
                }
                Some(value) => value.is_on()?,
                None => false,
            };
            if !(is_on || dynamic && key == "PrivateTmp") {
                continue;
            }
            for place in hidden {
                self.hide(place);
            }
            for place in unchanged {
                self.push(*place, UNCHANGED);
            }
            match key {
                "PrivateTmp" => self.notes.push(
                    "a private /tmp is nothing that a manifest makes: give the program a directory of its own by \
                     TMPDIR, and a line under `rw:`"
                        .to_owned(),
                ),
                "PrivateDevices" => self.notes.push(
                    "the unit gives /dev/null and its kin; the manifest denies them: `include: [base]` has them"
                        .to_owned(),
                ),
                _ => {}
            }
        }
        Ok(())
    }

    /// Whether changing is left open by the unit in most places.
    pub(super) fn write_is_open(&self) -> bool {
        !self.strict
    }
}

/// A whole path in the words of the machine.
fn resolved(value: &Value, written: &str) -> Result<PathBuf, ImportError> {
    let filled = fill(written).map_err(|specifier| {
        value.error(format!(
            "what {specifier} stands for, the unit alone does not tell; write it out"
        ))
    })?;
    let path = Path::new(&filled);
    if !path.is_absolute() {
        return Err(value.error(format!("`{filled}` is no whole path")));
    }
    if path.components().any(|part| part == Component::ParentDir) {
        return Err(value.error(format!("`{filled}` leads upwards (`..`)")));
    }
    let path: PathBuf = path.components().collect();
    // Symlinks that every machine of today has, by which one place has two names.
    for (link, place) in [
        ("/var/run", "/run"),
        ("/var/lock", "/run/lock"),
        ("/bin", "/usr/bin"),
        ("/sbin", "/usr/sbin"),
        ("/lib", "/usr/lib"),
        ("/lib64", "/usr/lib64"),
    ] {
        if let Ok(rest) = path.strip_prefix(link) {
            return Ok(Path::new(place).join(rest).components().collect());
        }
    }
    Ok(path)
}
