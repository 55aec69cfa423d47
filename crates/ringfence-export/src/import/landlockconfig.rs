//! JSON or TOML of landlockconfig → manifest.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ringfence::{
    Abi, Access, AccessFs, AccessNet, Class, PathLine, Policy, PolicyBuilder, PortLine, Ports,
    Scope, Source, WORDS,
};
use ringfence_manifest::{Format, Manifest};
use serde::Deserialize;

use super::{ImportError, Imported};
use crate::landlockconfig::{FS, NET, SCOPES};

mod variables;

use variables::{MOST_PATHS, Variable, Variables, too_many};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    abi: Option<u32>,
    #[serde(default)]
    variable: Vec<Variable>,
    #[serde(default)]
    ruleset: Vec<Ruleset>,
    #[serde(default, rename = "pathBeneath", alias = "path_beneath")]
    path_beneath: Vec<PathBeneath>,
    #[serde(default, rename = "netPort", alias = "net_port")]
    net_port: Vec<NetPort>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ruleset {
    #[serde(default, rename = "handledAccessFs", alias = "handled_access_fs")]
    fs: Vec<String>,
    #[serde(default, rename = "handledAccessNet", alias = "handled_access_net")]
    net: Vec<String>,
    #[serde(default)]
    scoped: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PathBeneath {
    #[serde(rename = "allowedAccess", alias = "allowed_access")]
    access: Vec<String>,
    parent: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NetPort {
    #[serde(rename = "allowedAccess", alias = "allowed_access")]
    access: Vec<String>,
    port: Vec<u64>,
}

/// Reads a file of landlockconfig: TOML, or JSON where the format is YAML, of which JSON is a part.
///
/// `is_file` tells of a path whether it is a file here: rights on directories mean nothing there.
///
/// # Errors
/// A text of another shape, a word or variable that the format does not have.
///
/// ```
/// use ringfence_manifest::Format;
///
/// let text = r#"{"pathBeneath": [{"allowedAccess": ["read_file", "read_dir"], "parent": ["/srv"]}]}"#;
/// let imported = ringfence_export::import::landlockconfig(text, Format::Yaml, &|_| false)?;
/// assert_eq!(imported.manifest.policy.paths()[0].access, ringfence::Access::READ);
/// # Ok::<(), ringfence_export::import::ImportError>(())
/// ```
pub fn landlockconfig(
    text: &str,
    format: Format,
    is_file: &dyn Fn(&Path) -> bool,
) -> Result<Imported, ImportError> {
    let syntax = |why: String| ImportError::Syntax {
        format: "a file of landlockconfig",
        why,
    };
    let config: Config = match format {
        Format::Toml => toml::from_str(text).map_err(|error| syntax(error.to_string()))?,
        Format::Yaml => serde_json::from_str(text).map_err(|error| syntax(error.to_string()))?,
    };
    let reading = Reading {
        is_file,
        abi: config.abi.map(Abi::new),
        variables: Variables::new(&config.variable),
        notes: Vec::new(),
        policy: Policy::builder(),
        partly: BTreeMap::new(),
        ports: Default::default(),
    };
    reading.read(&config)
}

struct Reading<'f> {
    is_file: &'f dyn Fn(&Path) -> bool,
    abi: Option<Abi>,
    variables: Variables,
    notes: Vec<String>,
    policy: PolicyBuilder,
    /// Rights that the words of a manifest do not tell apart, and the paths that had them.
    partly: BTreeMap<String, Vec<String>>,
    ports: [BTreeSet<u16>; NET.len()],
}

impl Reading<'_> {
    fn read(mut self, config: &Config) -> Result<Imported, ImportError> {
        let (mut fs, mut net, mut scoped) = (AccessFs::empty(), AccessNet::empty(), Scope::empty());
        for ruleset in &config.ruleset {
            for word in &ruleset.fs {
                fs |= self.fs(word)?;
            }
            for word in &ruleset.net {
                net |= self.net(word)?;
            }
            for word in &ruleset.scoped {
                scoped |= self.scope(word)?;
            }
        }
        // The rights of one path are the union of all its rules, and every rule adds to what is handled.
        let mut paths: BTreeMap<String, AccessFs> = BTreeMap::new();
        for rule in &config.path_beneath {
            let mut rights = AccessFs::empty();
            for word in &rule.access {
                rights |= self.fs(word)?;
            }
            fs |= rights;
            for parent in &rule.parent {
                for path in self.variables.paths(parent)? {
                    *paths.entry(path).or_default() |= rights;
                }
                if paths.len() > MOST_PATHS {
                    return Err(too_many(parent));
                }
            }
        }
        for (path, rights) in paths {
            self.path(path, rights, fs);
        }
        for rule in &config.net_port {
            let mut rights = AccessNet::empty();
            for word in &rule.access {
                rights |= self.net(word)?;
            }
            net |= rights;
            self.ports(rights, &rule.port)?;
        }
        self.port_lines();
        self.compare(fs, net, scoped);
        Ok(Imported {
            manifest: Manifest::from(self.policy.build()?),
            notes: self.notes,
        })
    }

    fn fs(&self, word: &str) -> Result<AccessFs, ImportError> {
        if let Some((_, right, _)) = FS.iter().find(|(name, _, _)| *name == word) {
            return Ok(*right);
        }
        let all = || self.abi(word).map(AccessFs::known_to);
        match word {
            "abi.all" => all(),
            "abi.read_write" => Ok(all()? - AccessFs::EXECUTE),
            "abi.read_execute" => {
                let read = AccessFs::EXECUTE | AccessFs::READ_FILE | AccessFs::READ_DIR;
                Ok(all()? & (read | AccessFs::REFER))
            }
            _ => Err(unknown(word)),
        }
    }

    fn net(&self, word: &str) -> Result<AccessNet, ImportError> {
        match NET.iter().find(|(name, _, _)| *name == word) {
            Some((_, right, _)) => Ok(*right),
            None if word == "abi.all" => self.abi(word).map(AccessNet::known_to),
            None => Err(unknown(word)),
        }
    }

    fn scope(&self, word: &str) -> Result<Scope, ImportError> {
        match SCOPES.iter().find(|(name, _, _)| *name == word) {
            Some((_, scope, _)) => Ok(*scope),
            None if word == "abi.all" => self.abi(word).map(Scope::known_to),
            None => Err(unknown(word)),
        }
    }

    fn abi(&self, word: &str) -> Result<Abi, ImportError> {
        self.abi.ok_or_else(|| {
            ImportError::part(
                word,
                "the file says no `abi`, which this word stands for the rights of",
            )
        })
    }

    /// A line with the words whose rights are all allowed. A right that is handled nowhere is allowed
    /// everywhere.
    fn path(&mut self, path: String, rights: AccessFs, handled: AccessFs) {
        let mut rights = rights;
        let mut free = !handled;
        if (self.is_file)(path.as_ref()) {
            rights &= AccessFs::OF_FILES;
            free |= !AccessFs::OF_FILES;
        }
        let access: Access = WORDS
            .iter()
            .filter(|word| word.access.bits().is_power_of_two())
            .filter(|word| rights.intersects(word.rights) && (rights | free).contains(word.rights))
            .map(|word| word.access)
            .collect();
        let left = FS
            .iter()
            .filter(|(_, right, _)| (rights - access.rights()).contains(*right))
            .map(|(name, _, _)| *name);
        let left: Vec<_> = left.collect();
        if !left.is_empty() {
            self.partly
                .entry(left.join(", "))
                .or_default()
                .push(path.clone());
        }
        if !access.is_empty() {
            let line = PathLine {
                optional: true,
                ..PathLine::new(access, path)
            };
            self.change(|policy| policy.path_line(line));
        }
    }

    fn ports(&mut self, rights: AccessNet, written: &[u64]) -> Result<(), ImportError> {
        for ((_, right, class), ports) in NET.iter().zip(&mut self.ports) {
            for &port in written {
                let port = u16::try_from(port).map_err(|_| {
                    ImportError::part(port.to_string(), "it is no port; they go from 0 to 65535")
                })?;
                // No program can connect to port 0.
                if rights.contains(*right) && (port != 0 || class.binds()) {
                    ports.insert(port);
                }
            }
        }
        Ok(())
    }

    /// One line for ports that follow each other.
    fn port_lines(&mut self) {
        for ((_, _, class), ports) in NET.into_iter().zip(std::mem::take(&mut self.ports)) {
            let ports: Vec<_> = ports.into_iter().collect();
            for range in ports.chunk_by(|one, next| *next - *one == 1) {
                let ports = Ports::from(range[0]..=range[range.len() - 1]);
                let source = Source::Api;
                self.change(|policy| {
                    policy.port_line(PortLine {
                        class,
                        ports,
                        source,
                    })
                });
            }
        }
    }

    fn change(&mut self, change: impl FnOnce(PolicyBuilder) -> PolicyBuilder) {
        self.policy = change(std::mem::take(&mut self.policy));
    }

    /// Notes where the manifest is narrower than its source.
    fn compare(&mut self, fs: AccessFs, net: AccessNet, scoped: Scope) {
        for (rights, paths) in std::mem::take(&mut self.partly) {
            self.notes.push(format!(
                "{rights} at {} was left out, since the word for it would allow more",
                paths.join(", ")
            ));
        }
        let narrower =
            "is not handled by the file, and so is allowed there; the manifest denies it";
        for (word, right, class) in FS {
            // Renames across directories are denied wherever any right is handled.
            let free = !fs.contains(right) && (class != Class::Rename || fs.is_empty());
            if free {
                self.notes
                    .push(format!("{word} {narrower} but where a line allows it"));
            }
        }
        for (word, right, class) in NET {
            if !net.contains(right) {
                self.notes.push(format!(
                    "{word} {narrower} (`{}: [any]` would not)",
                    class.name()
                ));
            }
        }
        for (word, scope, class) in SCOPES {
            if !scoped.contains(scope) {
                self.notes.push(format!(
                    "{word} {narrower} (`allow: [{}]` would not)",
                    class.name()
                ));
            }
        }
        self.notes.push(
            "landlockconfig has no filter of system calls and leaves UDP open: what `ringfence plan` lists as denied \
             may need a line"
                .to_owned(),
        );
    }
}

fn unknown(word: &str) -> ImportError {
    ImportError::part(word, "landlockconfig has no such word")
}
