//! Boots a kernel in QEMU and keeps its console. No hardware virtualisation: it is missing where tests usually run.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use vm_init::ALSO;

use super::transcript;
use crate::processor::Processor;
use crate::tool;

/// For the kernel to come up, and for everything.
const BOOT_PATIENCE: Duration = Duration::from_secs(90);
const PATIENCE: Duration = Duration::from_secs(900);
const ATTEMPTS: u32 = 3;

/// A virtual machine that is ready to be switched on.
pub struct Machine {
    pub kernel: PathBuf,
    pub initramfs: PathBuf,
    pub console: PathBuf,
    pub processor: Processor,
    pub landlock: bool,
    /// The tests to run besides those that all kernels run.
    pub also: Option<&'static str>,
}

/// What came of it.
pub struct Boot {
    pub console: String,
    pub seconds: f64,
    pub timed_out: bool,
}

impl Machine {
    /// Boots, waits for the power to go off, and gives the console.
    ///
    /// Debian's 6.12.95+deb12 falls over now and then while it boots under QEMU 7.2, more often on a busy host.
    /// Where that happens before any of our programs has run, it says nothing about them and is tried again.
    pub fn run(&self) -> Result<Boot> {
        for attempt in 1..ATTEMPTS {
            let boot = self.run_once()?;
            if transcript::is_up(&boot.console) {
                return Ok(boot);
            }
            let kept = self
                .console
                .with_extension(format!("attempt-{attempt}.log"));
            fs::rename(&self.console, &kept)?;
            eprintln!(
                "{} did not come up in attempt {attempt} of {ATTEMPTS}, trying again; console in {}",
                self.kernel.display(),
                kept.display()
            );
        }
        self.run_once()
    }

    fn run_once(&self) -> Result<Boot> {
        let start = Instant::now();
        let mut child = self.start()?;
        let timed_out = loop {
            if child.try_wait()?.is_some() {
                break false;
            }
            let age = start.elapsed();
            if age > PATIENCE || age > BOOT_PATIENCE && !transcript::is_up(&self.said()?) {
                child.kill()?;
                child.wait()?;
                break true;
            }
            sleep(Duration::from_millis(100));
        };
        Ok(Boot {
            console: self.said()?,
            seconds: start.elapsed().as_secs_f64(),
            timed_out,
        })
    }

    fn said(&self) -> Result<String> {
        let console = fs::read(&self.console)
            .with_context(|| format!("{} cannot be read", self.console.display()))?;
        Ok(String::from_utf8_lossy(&console).into_owned())
    }

    fn start(&self) -> Result<Child> {
        let console = File::create(&self.console)
            .with_context(|| format!("{} cannot be written", self.console.display()))?;
        let first = if self.landlock { "landlock," } else { "" };
        let also = self.also.unwrap_or_default();
        let emulator = self.processor.emulator();
        let (machine, cpu, terminal) = match self.processor {
            Processor::X86_64 => ("pc", "max", "ttyS0"),
            // Signing pointers as the architecture says takes an emulator most of its time.
            Processor::Aarch64 => ("virt,gic-version=3", "max,pauth-impdef=on", "ttyAMA0"),
        };
        let mut command = Command::new(&emulator);
        command
            .args(["-machine", machine, "-accel", "tcg", "-cpu", cpu])
            // Two processors, so that threads meet one another as they do outside.
            .args(["-smp", "2", "-m", "1024"])
            .args(["-nographic", "-vga", "none", "-nic", "none", "-no-reboot"])
            .arg("-kernel")
            .arg(&self.kernel)
            .arg("-initrd")
            .arg(&self.initramfs)
            // By itself the kernel holds 64 records that wait, and the tests may make more at once.
            .arg("-append")
            .arg(format!(
                "console={terminal} panic=-1 oops=panic quiet audit=1 audit_backlog_limit=8192 lsm={first}lockdown,yama,integrity,bpf rdinit=/init {ALSO}={also}"
            ))
            .stdin(Stdio::null())
            .stderr(console.try_clone()?)
            .stdout(console);
        command
            .spawn()
            .with_context(|| format!("{emulator} could not be started"))
    }
}

/// Makes sure that there is a QEMU: a continuous-integration machine gets one, a person is told how.
pub fn ensure_installed(processor: Processor) -> Result<()> {
    let package = match processor {
        Processor::X86_64 => "qemu-system-x86",
        Processor::Aarch64 => "qemu-system-arm",
    };
    if is_installed(processor) {
        return Ok(());
    }
    if env::var("CI").is_ok_and(|ci| ci == "true") && is_root() {
        eprintln!("installing {package}");
        tool::output(Command::new("apt-get").args(["--quiet=2", "update"]))?;
        tool::output(
            Command::new("apt-get")
                .args([
                    "--quiet=2",
                    "install",
                    "--yes",
                    "--no-install-recommends",
                    package,
                ])
                .env("DEBIAN_FRONTEND", "noninteractive"),
        )?;
        return Ok(());
    }
    bail!(
        "{} is not installed; `apt-get install {package}`",
        processor.emulator()
    )
}

fn is_installed(processor: Processor) -> bool {
    let emulator = processor.emulator();
    env::var_os("PATH")
        .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(&emulator).is_file()))
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(Path::new("/proc/self")).is_ok_and(|metadata| metadata.uid() == 0)
}
