//! `cargo xtask python`: the Python package as a wheel, in an environment where nothing else is installed, and its
//! tests there.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::counts::Counts;
use crate::step::step;
use crate::suite::{NOBODY, clean, tests};
use crate::{tool, workspace};

/// The oldest Python that the package is for.
const OLDEST: (u32, u32) = (3, 9);

/// As seen from the package's folder.
const EXAMPLES: &str = "../examples/python";

/// What `cargo xtask python` takes.
#[derive(clap::Args)]
pub struct Options {
    /// Build it, install it and check its types, but run no tests
    #[arg(long)]
    no_tests: bool,
}

/// Builds, checks and tests the package. Shows what was counted.
pub fn run(options: &Options) -> Result<ExitCode> {
    build()?;
    if options.no_tests {
        return Ok(ExitCode::SUCCESS);
    }
    clean(
        "the workbench, which the tests hold the package against",
        workspace::cargo("build").arg("--package=ringfence-cli"),
    )?;
    let counts: Counts = test()?.into_iter().sum();
    println!("{counts}");
    Ok(if counts.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Builds the package, installs it for [`test()`] and checks it. Without a Python that can be used there is
/// nothing to do.
fn build() -> Result<()> {
    let Some(interpreter) = usable()? else {
        return Ok(());
    };
    let tools = Tools::installed(&interpreter)?;
    tools.check()?;
    let wheel = tools.wheel()?;
    let package = installed(&interpreter, &wheel)?;
    tools.check_as_users_do(&package)
}

/// Tests the package that was built last. Without a Python that can be used it is skipped.
pub fn test() -> Result<Vec<Counts>> {
    let Some(interpreter) = usable()? else {
        let skipped = Counts {
            ignored: 1,
            ..Counts::default()
        };
        return Ok(vec![skipped]);
    };
    let tools = Tools::installed(&interpreter)?;
    let package = place()?;
    let mut counts = vec![tests("the Python package", &mut tools.pytest(&package)?)?];
    if rustix::process::geteuid().is_root() {
        let mut as_nobody = tools.pytest(&package)?;
        as_nobody
            .uid(NOBODY)
            .gid(NOBODY)
            .env_remove("RINGFENCE_REQUIRE");
        counts.push(tests("the Python package as nobody", &mut as_nobody)?);
    }
    Ok(counts)
}

/// The Python for it. That there is none is said, and an error where everything is required.
fn usable() -> Result<Option<PathBuf>> {
    match interpreter() {
        Ok(interpreter) => Ok(Some(interpreter)),
        Err(reason) if std::env::var("RINGFENCE_REQUIRE").is_ok_and(|all| all == "all") => {
            Err(reason.context("RINGFENCE_REQUIRE=all, and the Python package cannot be tested"))
        }
        Err(reason) => {
            println!("the Python package: skipped, {reason:#}");
            Ok(None)
        }
    }
}

/// A Python that can make environments: `$PYTHON`, the system's, which every user can reach, or the first in PATH.
pub fn interpreter() -> Result<PathBuf> {
    let named = std::env::var_os("PYTHON").map(PathBuf::from);
    let system = Path::new("/usr/bin/python3");
    let interpreter = match named {
        Some(named) => named,
        None if system.exists() => system.into(),
        None => "python3".into(),
    };
    let asked = "import ensurepip, sys, venv; print(*sys.version_info[:2])";
    let version =
        tool::output(Command::new(&interpreter).args(["-c", asked])).with_context(|| {
            format!(
                "{} cannot make environments (python3-venv)",
                interpreter.display()
            )
        })?;
    let mut numbers = version
        .split_whitespace()
        .filter_map(|number| number.parse().ok());
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if found < OLDEST {
        bail!(
            "{} is older than Python {}.{}",
            interpreter.display(),
            OLDEST.0,
            OLDEST.1
        );
    }
    Ok(interpreter)
}

fn folder() -> PathBuf {
    workspace::root().join("python")
}

/// A new environment, in place of what is there.
pub fn environment(interpreter: &Path, place: &Path) -> Result<()> {
    let mut command = Command::new(interpreter);
    command.args(["-m", "venv", "--clear"]).arg(place);
    tool::output(&mut command).map(drop)
}

/// The start of a command that installs into an environment.
pub fn pip(environment: &Path) -> Command {
    let mut command = Command::new(environment.join("bin/python"));
    command.args([
        "-m",
        "pip",
        "--quiet",
        "--disable-pip-version-check",
        "install",
    ]);
    command
}

/// An environment with what builds, checks and tests the package.
struct Tools(PathBuf);

impl Tools {
    /// Installs them anew if they are not those of `requirements.txt`.
    fn installed(interpreter: &Path) -> Result<Self> {
        let place = workspace::cache().join("python");
        let wanted = folder().join("requirements.txt");
        let text =
            fs::read(&wanted).with_context(|| format!("{} cannot be read", wanted.display()))?;
        let marker = place.join("installed.txt");
        if fs::read(&marker).ok().as_ref() != Some(&text) {
            step("tools for the Python package", || {
                environment(interpreter, &place)?;
                tool::output(pip(&place).arg("--requirement").arg(&wanted))
            })?;
            fs::write(&marker, text)
                .with_context(|| format!("{} cannot be written", marker.display()))?;
        }
        Ok(Self(place))
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.0.join("bin").join(name));
        command.current_dir(folder());
        command
    }

    /// Layout and types, as far as they can be seen without running anything.
    fn check(&self) -> Result<()> {
        clean(
            "formatting of Python",
            self.command("ruff")
                .args(["format", "--check", "--quiet", ".", EXAMPLES]),
        )?;
        clean(
            "lints of Python",
            self.command("ruff").args(["check", "--quiet"]),
        )?;
        clean(
            "types of Python",
            self.command("mypy").arg("--no-error-summary"),
        )
    }

    /// Builds the wheel as it ships.
    fn wheel(&self) -> Result<PathBuf> {
        let place = workspace::target()?.join("wheels");
        let _ = fs::remove_dir_all(&place);
        let mut command = self.command("maturin");
        command
            .args(["build", "--profile=python", "--locked", "--quiet", "--out"])
            .arg(&place);
        clean("the wheel", &mut command)?;
        let built = fs::read_dir(&place)?
            .next()
            .context("maturin made no wheel")??;
        Ok(built.path())
    }

    /// The types that the installed package shows: to a type checker of its users, and against what is there.
    fn check_as_users_do(&self, package: &Path) -> Result<()> {
        let examples = folder().join(EXAMPLES);
        let mut types = self.command("mypy");
        types.current_dir(&examples).args([
            "--strict",
            "--no-error-summary",
            "--python-executable",
        ]);
        types.arg(package.join("bin/python"));
        // The one with Flask, which is not installed there, is seen to with the package's own files.
        let types = types.args(["run_untrusted.py", "forking_workers.py"]);
        clean("types that the installed package shows", types)?;
        let mut stubs = self.command("stubtest");
        stubs
            .current_dir(&examples)
            .args(["--concise", "ringfence"]);
        clean(
            "types against the extension",
            stubs.env("PYTHONPATH", site_packages(package)?),
        )
    }

    /// The tests, with the package's own Python and the tools' pytest.
    fn pytest(&self, package: &Path) -> Result<Command> {
        let workbench = workspace::target()?.join("debug/ringfence");
        let mut command = Command::new(package.join("bin/python"));
        command
            // Not where the package's source is, which Python would take instead of what is installed.
            .current_dir(folder().join("tests"))
            .args(["-m", "pytest", "--quiet", "-p", "no:cacheprovider"])
            .env("PYTHONPATH", site_packages(&self.0)?)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("RINGFENCE_WORKBENCH", workbench);
        Ok(command)
    }
}

/// Where the package is installed for its tests.
fn place() -> Result<PathBuf> {
    Ok(workspace::target()?.join("wheels/installed"))
}

/// A new environment in which the wheel alone is installed, and can be used.
fn installed(interpreter: &Path, wheel: &Path) -> Result<PathBuf> {
    let place = place()?;
    environment(interpreter, &place)?;
    tool::output(pip(&place).args(["--no-index", "--no-deps"]).arg(wheel))?;
    let mut used = Command::new(place.join("bin/python"));
    used.current_dir("/").args([
        "-c",
        "import ringfence; print(ringfence.Policy(ro='/usr').plan().text)",
    ]);
    tool::output(&mut used)?;
    Ok(place)
}

fn site_packages(environment: &Path) -> Result<PathBuf> {
    let mut asked = Command::new(environment.join("bin/python"));
    asked.args([
        "-c",
        "import sysconfig; print(sysconfig.get_path('purelib'))",
    ]);
    Ok(tool::output(&mut asked)?.trim().into())
}
