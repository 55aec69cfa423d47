//! The tree of a package: files as they will be installed, with modes that hang on nobody's umask.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::tool;

const FILE: u32 = 0o644;
const PROGRAM: u32 = 0o755;

/// A folder that becomes a package.
pub struct Tree {
    root: PathBuf,
}

impl Tree {
    /// An empty one, in place of what is there.
    pub fn begin(root: PathBuf) -> Result<Self> {
        if root.exists() {
            fs::remove_dir_all(&root)
                .with_context(|| format!("{} cannot be removed", root.display()))?;
        }
        let tree = Self { root };
        tree.folder(Path::new(""))?;
        Ok(tree)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Adds a file.
    pub fn file(&self, path: impl AsRef<Path>, from: &Path) -> Result<()> {
        self.copied(path.as_ref(), from, FILE)
    }

    /// Adds a file that is executed.
    pub fn program(&self, path: impl AsRef<Path>, from: &Path) -> Result<()> {
        self.copied(path.as_ref(), from, PROGRAM)
    }

    /// Adds a file as gzip packs it, without its name and time.
    pub fn compressed(&self, path: impl AsRef<Path>, from: &Path) -> Result<()> {
        let packed = Command::new("gzip")
            .args(["-9", "--no-name", "--stdout"])
            .arg(from)
            .output()
            .context("gzip could not be started")?;
        anyhow::ensure!(
            packed.status.success(),
            "gzip failed for {}",
            from.display()
        );
        self.write(path.as_ref(), &packed.stdout, FILE)
    }

    /// Adds a text.
    pub fn text(&self, path: impl AsRef<Path>, text: &str) -> Result<()> {
        self.write(path.as_ref(), text.as_bytes(), FILE)
    }

    /// Adds all of a folder, symlinks as they are.
    pub fn copy(&self, folder: &Path) -> Result<()> {
        self.copy_beneath(folder, Path::new(""))
    }

    fn copy_beneath(&self, from: &Path, to: &Path) -> Result<()> {
        for path in super::sorted(from)? {
            let inside = to.join(path.file_name().unwrap_or_default());
            let kind = path.symlink_metadata()?.file_type();
            if kind.is_dir() {
                self.copy_beneath(&path, &inside)?;
            } else if kind.is_symlink() {
                let place = self.place(&inside)?;
                symlink(fs::read_link(&path)?, place)?;
            } else {
                self.file(&inside, &path)?;
            }
        }
        Ok(())
    }

    /// How much it takes when installed, in KiB, each file and folder rounded up.
    pub fn size(&self) -> Result<u64> {
        let listed = tool::output(
            Command::new("find")
                .arg(&self.root)
                .args(["-printf", "%y %s\n"]),
        )?;
        let sizes = listed.lines().filter_map(|line| line.split_once(' '));
        Ok(sizes
            .map(|(kind, size)| match kind {
                "f" => size.parse().unwrap_or(0_u64).div_ceil(1024),
                _ => 1,
            })
            .sum())
    }

    /// The checksum of each file, as dpkg keeps them.
    pub fn checksums(&self) -> Result<String> {
        let mut find = Command::new("find");
        find.args(["usr", "-type", "f"]).current_dir(&self.root);
        let mut files: Vec<String> = tool::output(&mut find)?
            .lines()
            .map(str::to_owned)
            .collect();
        files.sort();
        tool::output(Command::new("md5sum").args(files).current_dir(&self.root))
    }

    fn copied(&self, path: &Path, from: &Path, mode: u32) -> Result<()> {
        let bytes = fs::read(from).with_context(|| format!("{} cannot be read", from.display()))?;
        self.write(path, &bytes, mode)
    }

    fn write(&self, path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
        let place = self.place(path)?;
        fs::write(&place, bytes)
            .with_context(|| format!("{} cannot be written", place.display()))?;
        fs::set_permissions(&place, fs::Permissions::from_mode(mode))?;
        Ok(())
    }

    /// Where a file goes, its folders made.
    fn place(&self, path: &Path) -> Result<PathBuf> {
        if let Some(folder) = path.parent() {
            self.folder(folder)?;
        }
        Ok(self.root.join(path))
    }

    fn folder(&self, path: &Path) -> Result<()> {
        let mut folder = self.root.clone();
        for part in [Path::new("")]
            .into_iter()
            .chain(path.components().map(|part| Path::new(part.as_os_str())))
        {
            folder.push(part);
            if !folder.exists() {
                fs::create_dir_all(&folder)
                    .with_context(|| format!("{} cannot be made", folder.display()))?;
            }
            fs::set_permissions(&folder, fs::Permissions::from_mode(PROGRAM))?;
        }
        Ok(())
    }
}
