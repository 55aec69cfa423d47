//! A bare Debian tree, made once and copied for each test.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

use ringfence_book::session::{HOME, patiently};
use ringfence_tests::install::need;
use ringfence_tests::world::is_root;
use tempfile::TempDir;

pub use ringfence_tests::install::Skip;

/// The release that is installed into, by its name.
const RELEASE: &str = "bookworm";
/// What a bare tree lacks of what the tests look at.
const PACKAGES: &str = "bash-completion,man-db,pkgconf";
/// The ordinary user.
pub const USER: &str = "ann";

/// Made by the first test that needs it.
static BARE: Mutex<Option<Result<Tree, String>>> = Mutex::new(None);

/// Removes the bare tree, which no test needs any more.
pub fn remove_bare() {
    drop(lock().take());
}

fn lock() -> MutexGuard<'static, Option<Result<Tree, String>>> {
    BARE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A directory with a Debian system in it; removed when it is dropped.
pub struct Tree(TempDir);

impl Tree {
    /// A copy of the bare tree, with the package in root's home.
    pub fn fresh() -> Result<Self, Skip> {
        if !is_root() {
            return Err(Skip("only root can make a tree of another system".into()));
        }
        let package = package()?;
        need("mmdebstrap", "mmdebstrap")?;
        let mut bare = lock();
        let bare = bare.get_or_insert_with(Self::bare);
        let bare = bare.as_ref().map_err(|why| Skip(why.clone()))?;
        let copy = Self(directory());
        run(Command::new("cp")
            .args(["--archive", "--reflink=auto", "--no-target-directory"])
            .arg(bare.root())
            .arg(copy.root()));
        run(Command::new("cp")
            .arg(package)
            .arg(copy.root().join("root")));
        Ok(copy)
    }

    fn bare() -> Result<Self, String> {
        let tree = Self(directory());
        let output = Command::new("mmdebstrap")
            .args(["--variant=minbase", "--quiet", "--include", PACKAGES])
            .arg(RELEASE)
            .arg(tree.root())
            .output()
            .map_err(|error| format!("mmdebstrap could not be started: {error}"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("mmdebstrap failed: {}", said.trim()));
        }
        run(&mut tree.as_root(&["useradd", "--create-home", USER]));
        Ok(tree)
    }

    pub fn root(&self) -> &Path {
        self.0.path()
    }

    /// A command in the tree, as root in its home.
    pub fn as_root(&self, command: &[&str]) -> Command {
        self.command("root", "/root", command)
    }

    /// A command in the tree, as the ordinary user at home.
    pub fn as_user(&self, command: &[&str]) -> Command {
        self.command(USER, HOME, command)
    }

    /// With `/proc` and `/dev` as a booted system has them, in namespaces that end with the command.
    fn command(&self, user: &str, home: &str, arguments: &[&str]) -> Command {
        const ENTER: &str = "mount -t proc proc \"$0/proc\" && mount --rbind /dev \"$0/dev\" && \
                             exec chroot --userspec=\"$1\" \"$0\" env --chdir=\"$2\" \"${@:3}\"";
        let mut command = patiently("unshare");
        command
            .args([
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "bash",
                "-c",
                ENTER,
            ])
            .arg(self.root())
            .args([user, home])
            .args(arguments)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("HOME", home)
            .env("LANG", "C.UTF-8")
            .env("DEBIAN_FRONTEND", "noninteractive");
        command
    }
}

/// Where cargo built this test, and `cargo xtask package` the package.
pub fn target() -> PathBuf {
    let test = env::current_exe().expect("a test knows its own path");
    let target = test.ancestors().nth(3).expect("target/PROFILE/deps/TEST");
    target.to_owned()
}

/// The package that was built last.
pub fn package() -> Result<PathBuf, Skip> {
    let entries = target().join("package").read_dir();
    entries
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .ok_or_else(|| Skip("there is no package; `cargo xtask package` builds it".into()))
}

/// Runs a command that has to succeed.
pub fn run(command: &mut Command) -> Output {
    let output = command.output().expect("the program starts");
    assert!(
        output.status.success(),
        "{command:?}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn directory() -> TempDir {
    let directory = tempfile::Builder::new()
        .prefix("debian-")
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir();
    directory.expect("a directory")
}
