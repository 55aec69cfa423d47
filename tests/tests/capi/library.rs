//! The library installed into a directory of its own, and C programs compiled against it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use ringfence::{Abi, Kernel};
use ringfence_tests::executable;
use ringfence_tests::install::{Skip, need};
use ringfence_tests::trial::{Outcome, Test};
use tempfile::TempDir;

/// The prefix that the library is installed for, beneath the directory that it is copied to.
pub const PREFIX: &str = "/opt/ringfence";

/// What every program here is compiled with.
pub const WARNINGS: [&str; 5] = ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror"];

/// The library, installed once for all tests.
pub static LIBRARY: LazyLock<Library> = LazyLock::new(Library::install);

pub struct Library {
    directory: TempDir,
}

/// How a program gets the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    /// From the shared library, when it starts.
    Shared,
    /// From the archive; the C library stays shared.
    Archive,
    /// All of it is in the program.
    Static,
}

impl Library {
    /// As `cargo xtask install-c` does, of what `cargo build --workspace` has built.
    fn install() -> Self {
        let directory = TempDir::new().expect("a directory");
        let installer = executable("xtask");
        let built = installer.parent().expect("a directory of executables");
        let output = Command::new(&installer)
            .arg("install-c")
            .args(["--prefix", PREFIX, "--destdir"])
            .arg(directory.path())
            .arg("--built")
            .arg(built)
            .output()
            .expect("xtask starts");
        assert!(output.status.success(), "{}", text(&output.stderr));
        Self { directory }
    }

    /// Where the prefix is for now.
    pub fn prefix(&self) -> PathBuf {
        let prefix = PREFIX.trim_start_matches('/');
        self.directory.path().join(prefix)
    }

    pub fn header(&self) -> PathBuf {
        self.prefix().join("include/ringfence.h")
    }

    pub fn libdir(&self) -> PathBuf {
        self.prefix().join("lib")
    }

    /// What pkg-config says, as in a tree that will be / one day.
    pub fn pkg_config(&self, arguments: &[&str]) -> String {
        let output = Command::new("pkg-config")
            .args(arguments)
            .arg("ringfence")
            .env("PKG_CONFIG_LIBDIR", self.libdir().join("pkgconfig"))
            .env("PKG_CONFIG_SYSROOT_DIR", self.directory.path())
            .output()
            .expect("pkg-config starts");
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout).trim().to_owned()
    }

    /// A program that runs with the library that is installed here.
    pub fn run(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env("LD_LIBRARY_PATH", self.libdir());
        command
    }
}

/// Compiles a program with what pkg-config says, and every warning an error.
pub fn compile(compiler: &str, source: &Path, flags: &[&str], linked: Linked) -> Program {
    let directory = TempDir::new().expect("a directory");
    let path = directory.path().join("program");
    let mut command = Command::new(compiler);
    if !compiler.ends_with("++") {
        command.args(WARNINGS);
    }
    command
        .args(["-g", "-pthread"])
        .args(flags)
        .args(LIBRARY.pkg_config(&["--cflags"]).split_whitespace())
        .arg(source)
        .arg("-o")
        .arg(&path);
    let flags = match linked {
        Linked::Shared => LIBRARY.pkg_config(&["--libs"]),
        Linked::Archive => LIBRARY
            .pkg_config(&["--libs", "--static"])
            .replace("-lringfence", "-l:libringfence.a"),
        Linked::Static => {
            command.arg("-static");
            LIBRARY.pkg_config(&["--libs", "--static"])
        }
    };
    let output = command
        .args(flags.split_whitespace())
        .output()
        .expect("the compiler starts");
    assert!(
        output.status.success(),
        "{compiler} {linked:?} {}: {}",
        source.display(),
        text(&output.stderr)
    );
    Program {
        path,
        _directory: directory,
    }
}

/// A compiled program, as long as this lives.
pub struct Program {
    pub path: PathBuf,
    _directory: TempDir,
}

impl Program {
    pub fn command(&self) -> Command {
        LIBRARY.run(&self.path)
    }
}

/// A C program of these tests.
pub fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/capi/c")
        .join(name)
}

/// One of the examples.
pub fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/c")
        .join(name)
}

/// A test for which these programs, each with its Debian package, have to be there.
pub fn test(name: &str, needed: &'static [(&str, &str)], run: fn()) -> Test {
    Test::may_skip(name, move || {
        let always = [("gcc", "gcc"), ("pkg-config", "pkg-config")];
        for (program, package) in always.iter().chain(needed) {
            if let Err(Skip(why)) = need(program, package) {
                return Outcome::Skipped(why);
            }
        }
        run();
        Outcome::Passed
    })
}

/// A test of sandboxes, for kernels that have what the programs here restrict: files and ports.
pub fn test_of_sandboxes(name: &str, run: impl FnOnce() + Send + 'static) -> Test {
    Test::may_skip(name, move || {
        let kernel = Kernel::probe();
        if kernel.abi() < Abi::new(4) || !kernel.seccomp().filter {
            return Outcome::Absent(format!("{kernel}; it takes ABI 4 and filters"));
        }
        run();
        Outcome::Passed
    })
}

/// The output of a command that succeeds.
pub fn succeeds(command: &mut Command) -> Output {
    let output = command.output().expect("the program starts");
    assert!(
        output.status.success(),
        "{command:?} ended with {}: {}{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
    output
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
