//! `cargo xtask install-c`: the C library, its header and its pkg-config file, where C programs look for them.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{header, tool, workspace};

/// The template of the pkg-config file.
const PKG_CONFIG: &str = include_str!("../../crates/ringfence-capi/ringfence.pc.in");
/// What a program that is linked with the archive needs besides, as `rustc --print native-static-libs`
/// says; compilers add the library that unwinds by themselves.
const PRIVATE: &str = "-lutil -lrt -lpthread -lm -ldl";
/// Where the soname is written down.
const BUILD: &str = include_str!("../../crates/ringfence-capi/build.rs");

/// What `cargo xtask install-c` takes.
#[derive(clap::Args)]
pub struct Options {
    /// Where the library will be used from
    #[arg(long, default_value = "/usr/local")]
    prefix: PathBuf,
    /// Its directory of libraries, if not `lib` beneath the prefix
    #[arg(long)]
    libdir: Option<PathBuf>,
    /// A directory that stands for / while files are copied, for packages
    #[arg(long)]
    destdir: Option<PathBuf>,
    /// Install what cargo built in this directory already, instead of building it now
    #[arg(long)]
    built: Option<PathBuf>,
}

/// Builds the library and installs it.
pub fn run(options: &Options) -> Result<()> {
    let built = match &options.built {
        Some(built) => built.clone(),
        None => build()?,
    };
    let libdir = match &options.libdir {
        Some(libdir) => libdir.clone(),
        None => options.prefix.join("lib"),
    };
    let includedir = options.prefix.join("include");
    let place = |directory: &Path| match &options.destdir {
        // A path that is absolute would replace what it is joined to.
        Some(destdir) => destdir.join(directory.strip_prefix("/").unwrap_or(directory)),
        None => directory.to_owned(),
    };

    let soname = soname()?;
    let version = env!("CARGO_PKG_VERSION");
    let full = format!("libringfence.so.{version}");
    let libraries = place(&libdir);
    install(
        &built.join("libringfence_capi.so"),
        &libraries.join(&full),
        0o755,
    )?;
    link(&full, &libraries.join(soname))?;
    link(soname, &libraries.join("libringfence.so"))?;
    install(
        &built.join("libringfence_capi.a"),
        &libraries.join("libringfence.a"),
        0o644,
    )?;
    install(
        &header::path(),
        &place(&includedir).join("ringfence.h"),
        0o644,
    )?;
    let text = pkg_config(&options.prefix, &libdir, &includedir);
    write(
        &libraries.join("pkgconfig/ringfence.pc"),
        text.as_bytes(),
        0o644,
    )
}

/// Builds it as it ships, and says where.
fn build() -> Result<PathBuf> {
    const PROFILE: &str = "c-library";

    tool::shown(workspace::cargo("build").args([
        "--quiet",
        "--package=ringfence-capi",
        &format!("--profile={PROFILE}"),
    ]))?;
    Ok(workspace::target()?.join(PROFILE))
}

/// The name by which programs know the library, as the build gives it.
fn soname() -> Result<&'static str> {
    let mut quoted = BUILD.split('"');
    quoted
        .find(|text| text.starts_with("libringfence.so."))
        .context("the build of the C library names no soname")
}

fn pkg_config(prefix: &Path, libdir: &Path, includedir: &Path) -> String {
    // What is beneath the prefix follows it, for who moves the tree (`--define-prefix`).
    let under = |directory: &Path| match directory.strip_prefix(prefix) {
        Ok(rest) => format!("${{prefix}}/{}", rest.display()),
        Err(_) => directory.display().to_string(),
    };
    PKG_CONFIG
        .replace("@PREFIX@", &prefix.display().to_string())
        .replace("@LIBDIR@", &under(libdir))
        .replace("@INCLUDEDIR@", &under(includedir))
        .replace("@URL@", env!("CARGO_PKG_REPOSITORY"))
        .replace("@VERSION@", env!("CARGO_PKG_VERSION"))
        .replace("@PRIVATE@", PRIVATE)
}

fn install(from: &Path, to: &Path, mode: u32) -> Result<()> {
    let bytes = fs::read(from).with_context(|| format!("{} cannot be read", from.display()))?;
    write(to, &bytes, mode)
}

fn write(to: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    let failed = || format!("{} cannot be written", to.display());
    if let Some(directory) = to.parent() {
        fs::create_dir_all(directory).with_context(failed)?;
    }
    // Removed first: a program that runs with the old library keeps it.
    let _ = fs::remove_file(to);
    fs::write(to, bytes).with_context(failed)?;
    fs::set_permissions(to, fs::Permissions::from_mode(mode)).with_context(failed)?;
    println!("{}", to.display());
    Ok(())
}

fn link(to: &str, at: &Path) -> Result<()> {
    let _ = fs::remove_file(at);
    symlink(to, at).with_context(|| format!("{} cannot be made", at.display()))?;
    println!("{}", at.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soname_is_the_one_that_the_build_gives() {
        assert_eq!(soname().unwrap(), "libringfence.so.0");
    }

    #[test]
    fn the_pkg_config_file_follows_its_prefix() {
        let prefix = Path::new("/opt/x");
        let text = pkg_config(prefix, &prefix.join("lib/here"), Path::new("/else/include"));
        assert!(text.contains("libdir=${prefix}/lib/here\nincludedir=/else/include\n"));
        assert!(!text.contains('@'), "{text}");
    }
}
