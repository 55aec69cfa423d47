//! apt as a plain downloader: other suites, a state of its own, nothing installed, signatures always checked.

use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::processor::Processor;
use crate::tool;

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
const DEFAULT_MIRROR: &str = "http://deb.debian.org/debian";

/// One suite of Debian's archive, read from the mirror at most once.
pub struct Suite {
    pub name: &'static str,
    processor: Processor,
    folder: PathBuf,
    /// Whether the index could be read, or why not.
    index: OnceCell<Result<(), String>>,
}

impl Suite {
    pub fn new(name: &'static str, processor: Processor, cache: &Path) -> Self {
        Self {
            name,
            processor,
            folder: cache.join("apt").join(processor.debian()).join(name),
            index: OnceCell::new(),
        }
    }

    /// The names of all packages that match the regular expression.
    pub fn packages(&self, pattern: &str) -> Result<Vec<String>> {
        self.read_index()?;
        let listed = tool::output(
            self.apt("apt-cache")
                .args(["search", "--names-only", pattern]),
        )?;
        // A line is "name - description".
        Ok(listed
            .lines()
            .filter_map(|line| line.split(' ').next())
            .map(Into::into)
            .collect())
    }

    /// The newest version of a package, if the suite has it.
    pub fn version(&self, package: &str) -> Result<Option<String>> {
        self.read_index()?;
        let listed =
            tool::output(
                self.apt("apt-cache")
                    .args(["show", "--no-all-versions", package]),
            );
        Ok(listed.ok().and_then(|fields| {
            fields
                .lines()
                .find_map(|line| line.strip_prefix("Version: "))
                .map(Into::into)
        }))
    }

    /// Downloads the newest version of `package` and unpacks it into a fresh `folder`.
    pub fn unpack(&self, package: &str, folder: &Path) -> Result<()> {
        self.read_index()?;
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        tool::output(
            self.apt("apt-get")
                .args(["download", package])
                .current_dir(folder),
        )?;
        let archive = find(folder, &|_| true)
            .with_context(|| format!("apt-get downloaded no package {package}"))?;
        tool::output(
            Command::new("dpkg-deb")
                .arg("--extract")
                .arg(&archive)
                .arg(folder),
        )?;
        Ok(())
    }

    fn read_index(&self) -> Result<()> {
        let read = self
            .index
            .get_or_init(|| self.update().map_err(|error| format!("{error:#}")));
        read.clone().map_err(|error| {
            let hint = if error.contains("NO_PUBKEY") || error.contains("not signed") {
                "; its key is not in the installed debian-archive-keyring, a newer one may have it"
            } else {
                ""
            };
            anyhow::anyhow!("Debian's suite {} cannot be read{hint}: {error}", self.name)
        })
    }

    fn update(&self) -> Result<()> {
        ensure!(
            Path::new(KEYRING).exists(),
            "{KEYRING} is missing and without it no signature can be checked; `apt-get install debian-archive-keyring`"
        );
        let lists = self.folder.join("lists/partial");
        let archives = self.folder.join("cache/archives/partial");
        for folder in [lists, archives] {
            fs::create_dir_all(&folder)
                .with_context(|| format!("{} cannot be made", folder.display()))?;
        }
        let source = format!(
            "deb [signed-by={KEYRING} arch={}] {} {} main\n",
            self.processor.debian(),
            mirror(),
            self.name
        );
        fs::write(self.folder.join("sources.list"), source)?;
        // By itself apt calls it a success when it could not reach the mirror.
        tool::output(
            self.apt("apt-get")
                .args(["--option=APT::Update::Error-Mode=any", "update"]),
        )?;
        Ok(())
    }

    fn apt(&self, program: &str) -> Command {
        let folder = self.folder.display();
        let mut command = Command::new(program);
        command.env("LC_ALL", "C").args([
            "--quiet=2",
            &format!("--option=APT::Architecture={}", self.processor.debian()),
            &format!("--option=Dir::State::Lists={folder}/lists"),
            &format!("--option=Dir::Cache={folder}/cache"),
            &format!("--option=Dir::Etc::SourceList={folder}/sources.list"),
            "--option=Dir::Etc::SourceParts=/dev/null",
            "--option=Dir::State::Status=/dev/null",
            // The package index alone: no translations, no metadata for software centres.
            "--option=Acquire::Languages=none",
            "--option=Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
            "--option=Acquire::Retries=2",
            "--option=Acquire::http::Timeout=20",
        ]);
        command
    }
}

/// The Debian mirror that this machine uses itself.
fn mirror() -> String {
    let listed = tool::output(Command::new("apt-get").args([
        "indextargets",
        "--format=$(REPO_URI)",
        "Created-By: Packages",
    ]));
    mirror_among(&listed.unwrap_or_default())
        .unwrap_or(DEFAULT_MIRROR)
        .into()
}

fn mirror_among(repositories: &str) -> Option<&str> {
    repositories
        .lines()
        .map(|line| line.trim_end_matches('/'))
        .find(|uri| uri.ends_with("/debian"))
}

/// The first file below `folder` whose name fits.
pub fn find(folder: &Path, fits: &dyn Fn(&str) -> bool) -> Result<PathBuf> {
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if fits(&entry.file_name().to_string_lossy()) {
                return Ok(entry.path());
            }
        }
    }
    bail!("nothing in {} is what was looked for", folder.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_own_mirror_is_used_but_never_its_security_archive() {
        let listed = "http://deb.debian.org/debian-security/\nhttps://mirror.example/debian/\n";
        assert_eq!(mirror_among(listed), Some("https://mirror.example/debian"));
        assert_eq!(mirror_among("http://archive.ubuntu.com/ubuntu/\n"), None);
    }
}
