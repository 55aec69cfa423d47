//! The ways to read a manifest.

use std::path::Path;

use ringfence::Policy;

use crate::compose::Composer;
use crate::finding::Faults;
use crate::manifest::Manifest;
use crate::sources::Sources;
use crate::tree::Format;
use crate::variables::Variables;

impl Manifest {
    /// Reads a manifest and all that it includes.
    ///
    /// # Errors
    /// All that is wrong with the files.
    ///
    /// ```no_run
    /// use ringfence_manifest::{Manifest, Variables};
    ///
    /// let variables = Variables::of_environment().set("WORKDIR", "/srv/job");
    /// let (manifest, _) = Manifest::read("policy.yaml".as_ref(), &variables)?;
    /// # Ok::<(), ringfence_manifest::Faults>(())
    /// ```
    pub fn read(path: &Path, variables: &Variables) -> Result<(Self, Sources), Faults> {
        let mut composer = Composer::new(variables);
        composer.file(path, None);
        composer.finish()
    }

    /// Reads a text; `name` stands for it in messages, and relative paths in it are left relative.
    ///
    /// # Errors
    /// All that is wrong with it.
    pub fn parse(
        name: &str,
        text: &str,
        format: Format,
        variables: &Variables,
    ) -> Result<(Self, Sources), Faults> {
        let mut composer = Composer::new(variables);
        composer.text(Path::new(name), text, format);
        composer.finish()
    }
}

/// Policies from manifests. What a manifest says about the start of a command is left out.
pub trait FromManifest: Sized {
    /// Reads a text in YAML or JSON. Variables are those of the environment.
    ///
    /// # Errors
    /// All that is wrong with it.
    fn from_yaml(text: &str) -> Result<Self, Faults>;

    /// Reads a file in YAML, JSON or TOML. Variables are those of the environment.
    ///
    /// # Errors
    /// All that is wrong with it.
    fn from_file(path: impl AsRef<Path>) -> Result<Self, Faults>;
}

impl FromManifest for Policy {
    fn from_yaml(text: &str) -> Result<Self, Faults> {
        let variables = Variables::of_environment();
        let (manifest, _) = Manifest::parse("policy", text, Format::Yaml, &variables)?;
        Ok(manifest.policy)
    }

    fn from_file(path: impl AsRef<Path>) -> Result<Self, Faults> {
        let (manifest, _) = Manifest::read(path.as_ref(), &Variables::of_environment())?;
        Ok(manifest.policy)
    }
}
