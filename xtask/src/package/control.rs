//! What dpkg is told of the package.

use std::env;

use anyhow::{Result, bail};

use super::library::Library;
use super::tree::Tree;

/// The name and place of a package among others.
pub struct Control {
    version: &'static str,
    architecture: &'static str,
}

impl Control {
    pub fn file_name(&self) -> String {
        format!("ringfence_{}_{}.deb", self.version, self.architecture)
    }
}

/// Writes `DEBIAN/`. No script of ours is run when the package is installed or removed.
pub fn write(tree: &Tree, library: Option<&Library>) -> Result<Control> {
    let control = Control {
        version: env!("CARGO_PKG_VERSION"),
        architecture: match env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "riscv64" => "riscv64",
            other => bail!("Debian's name for the architecture {other} is not known here"),
        },
    };
    let mut depends = String::new();
    if let Some(library) = library {
        depends = library.depends();
        tree.text("DEBIAN/shlibs", &library.shlibs(control.version))?;
        tree.text("DEBIAN/triggers", "activate-noawait ldconfig\n")?;
    }
    let (size, sums) = (tree.size()?, tree.checksums()?);
    tree.text("DEBIAN/md5sums", &sums)?;
    tree.text(
        "DEBIAN/control",
        &format!(
            "Package: ringfence\n\
             Version: {}\n\
             Architecture: {}\n\
             Maintainer: ringfence developers <ringfence@example.org>\n\
             Installed-Size: {size}\n\
             {depends}Section: utils\n\
             Priority: optional\n\
             Description: unprivileged sandboxes with Landlock and seccomp\n \
             landlock-runner restricts itself as its flags or a manifest say, by the\n \
             kernel's own Landlock and a filter of system calls, and becomes the command.\n \
             What the running kernel cannot enforce stops the start. It needs no root, no\n \
             daemon and no namespaces.\n \
             .\n \
             ringfence plans, learns, tests, explains and exports the same policies.\n",
            control.version, control.architecture
        ),
    )?;
    Ok(control)
}
