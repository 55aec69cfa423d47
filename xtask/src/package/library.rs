//! The C library in the package, where the sources have one.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::tree::Tree;
use crate::{artifacts, tool, workspace};

/// What dpkg and other packages have to know of it.
pub struct Library {
    /// `libringfence.so.0`.
    soname: String,
    /// The release of the C library that it was linked with needs at least.
    glibc: String,
}

/// Builds it, as `cargo xtask install-c` installs it beneath `/usr`, and adds it.
pub fn add(tree: &Tree, folder: &Path) -> Result<Option<Library>> {
    if !workspace::root().join("crates/ringfence-capi").exists() {
        return Ok(None);
    }
    let _ = fs::remove_dir_all(folder);
    let libraries = format!("/usr/lib/{}-linux-gnu", env::consts::ARCH);
    // By this very program: one that cargo builds with these flags is another.
    tool::shown(
        tool::this_program()
            .arg("install-c")
            .args(["--prefix=/usr", &format!("--libdir={libraries}")])
            .arg("--destdir")
            .arg(folder)
            .env("RUSTFLAGS", artifacts::without_paths().trim()),
    )?;
    tree.copy(folder)?;
    let (soname, file) = shared(&folder.join(&libraries[1..]))?;
    Ok(Some(Library {
        soname,
        glibc: newest_glibc(&fs::read(file)?),
    }))
}

impl Library {
    /// The line of the control file.
    pub fn depends(&self) -> String {
        format!("Depends: libc6 (>= {})\n", self.glibc)
    }

    /// What other packages that are linked with it depend on.
    pub fn shlibs(&self, version: &str) -> String {
        let (name, major) = self
            .soname
            .split_once(".so.")
            .unwrap_or((&self.soname, "0"));
        format!("{name} {major} ringfence (>= {version})\n")
    }
}

/// The link by which programs find the library, and the file.
fn shared(folder: &Path) -> Result<(String, PathBuf)> {
    let links = super::sorted(folder)?;
    links
        .into_iter()
        .filter_map(|path| Some((path.file_name()?.to_str()?.to_owned(), path)))
        .find(|(name, path)| name.contains(".so.") && path.is_symlink())
        .context("the C library has no soname")
}

/// The highest version of symbols that a file asks the C library for: `GLIBC_2.34`.
fn newest_glibc(file: &[u8]) -> String {
    const MARK: &[u8] = b"GLIBC_2.";

    let minor = file
        .windows(MARK.len())
        .enumerate()
        .filter(|(_, window)| *window == MARK)
        .filter_map(|(place, _)| {
            let digits = file.get(place + MARK.len()..)?;
            let end = digits.iter().position(|byte| !byte.is_ascii_digit())?;
            std::str::from_utf8(&digits[..end]).ok()?.parse().ok()
        })
        .max()
        .unwrap_or(0_u32);
    format!("2.{minor}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_symbol_version_counts() {
        assert_eq!(
            newest_glibc(b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.9\0"),
            "2.34"
        );
    }

    #[test]
    fn packages_that_are_linked_with_it_ask_for_ours() {
        let library = Library {
            soname: "libringfence.so.0".into(),
            glibc: "2.34".into(),
        };
        assert_eq!(
            library.shlibs("0.1.0"),
            "libringfence 0 ringfence (>= 0.1.0)\n"
        );
    }
}
