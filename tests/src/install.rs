//! Programs that tests need: found, installed where that is wished, or named as missing.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

use rustix::process::geteuid;

/// Without `/usr/local`: the programs meant here are Debian's.
pub const PATH: &str = "/usr/sbin:/usr/bin:/sbin:/bin";

/// Why this machine cannot run a test.
#[derive(Debug)]
pub struct Skip(pub String);

/// Finds a program in PATH; the package is Debian's that has it.
///
/// # Errors
/// That it is not there, and what would help.
pub fn need(program: &str, package: &str) -> Result<PathBuf, Skip> {
    need_found(program, package, || {
        PATH.split(':')
            .map(|directory| Path::new(directory).join(program))
            .find(|file| file.exists())
    })
}

/// Finds what is not in PATH.
///
/// # Errors
/// That it is not there, and what would help.
pub fn need_found(
    what: &str,
    package: &str,
    find: impl Fn() -> Option<PathBuf>,
) -> Result<PathBuf, Skip> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let missing = format!("{what} is not installed (Debian package {package})");
    if !wished() {
        return Err(Skip(format!(
            "{missing}; as root, RINGFENCE_INSTALL=1 installs it"
        )));
    }
    install(package).map_err(|why| Skip(format!("{missing}, and {why}")))?;
    find().ok_or_else(|| Skip(format!("{missing}, although its package now is")))
}

/// Finds the lists of packages that apt downloads by.
///
/// # Errors
/// That there are none, and what would help.
pub fn package_lists() -> Result<(), Skip> {
    need("apt-get", "apt")?;
    let known = || {
        let known = Command::new("apt-get")
            .args(["download", "--print-uris", "hostname"])
            .output();
        known.is_ok_and(|output| output.status.success())
    };
    let missing = "apt-get knows no packages";
    if known() {
        Ok(())
    } else if !wished() {
        Err(Skip(format!("{missing}; as root, `apt-get update` helps")))
    } else {
        updated().map_err(|why| Skip(format!("{missing}, and {why}")))
    }
}

fn install(package: &str) -> Result<(), String> {
    static APT: Mutex<()> = Mutex::new(());

    let _one_at_a_time = APT.lock().unwrap_or_else(PoisonError::into_inner);
    updated()?;
    let _quiet = NoServices::begin();
    apt_get(&["install", "-y", "--no-install-recommends", package])
}

fn updated() -> Result<(), String> {
    static UPDATED: LazyLock<Result<(), String>> = LazyLock::new(|| apt_get(&["update"]));
    UPDATED.clone()
}

/// Whether the machine may be changed.
fn wished() -> bool {
    let wished = std::env::var_os("RINGFENCE_INSTALL").is_some_and(|value| value == "1");
    wished && geteuid().is_root()
}

fn apt_get(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("apt-get cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let reason = said.lines().last().unwrap_or("it does not say why");
    Err(format!("apt-get {} failed: {reason}", arguments.join(" ")))
}

/// While it lives, packages do not start their services, which would take the ports that tests use.
struct NoServices(Option<&'static Path>);

impl NoServices {
    fn begin() -> Self {
        use std::os::unix::fs::PermissionsExt;

        let policy = Path::new("/usr/sbin/policy-rc.d");
        if policy.exists() {
            return Self(None);
        }
        std::fs::write(policy, "#!/bin/sh\nexit 101\n")
            .and_then(|()| std::fs::set_permissions(policy, std::fs::Permissions::from_mode(0o755)))
            .expect("root can write /usr/sbin");
        Self(Some(policy))
    }
}

impl Drop for NoServices {
    fn drop(&mut self) {
        if let Some(policy) = self.0 {
            let _ = std::fs::remove_file(policy);
        }
    }
}
