//! The ways to start a program that are compared.

use std::os::unix::process::CommandExt as _;

use ringfence::process::Command;
use ringfence::{Kernel, Policy, PolicyBuilder, Sandbox, Template};

/// What is started: as little as a program can do.
pub const PROGRAM: &str = "/bin/true";

pub type Failure = ringfence_tests::leak::Failure;

/// The sandboxes.
pub struct Ways {
    /// Nine rules of Landlock and nothing else.
    landlock: Sandbox,
    /// The same with the filter of system calls, as it is by default.
    filtered: Template,
}

/// Nine lines, eight about paths and one about a port.
fn policy() -> PolicyBuilder {
    [
        "/usr",
        "/lib",
        "/lib64",
        "/bin",
        "/etc/ssl",
        "/etc/passwd",
        // Without it the loader looks for the C library in a dozen directories, which is not what is compared.
        "/etc/ld.so.cache",
    ]
    .into_iter()
    .fold(Policy::builder().rw("/tmp"), PolicyBuilder::ro)
    .connect_tcp(443)
}

impl Ways {
    pub fn new() -> Result<Self, Failure> {
        let alone = policy().unrestricted_syscalls().build()?;
        Ok(Self {
            landlock: alone.prepare()?,
            filtered: Template::new(policy().build()?, Kernel::probe())?,
        })
    }

    /// Landlock alone, in no group of its own.
    pub fn landlock(&self) -> Command<'_> {
        let mut command = command(&self.landlock);
        command.may_leave_group(true);
        command
    }

    /// The same in its group, which takes a small filter.
    pub fn grouped(&self) -> Command<'_> {
        command(&self.landlock)
    }

    /// As it is by default.
    pub fn filtered(&self) -> Command<'_> {
        command(self.filtered.sandbox())
    }

    /// The same with a line of its own.
    pub fn own_line(&self) -> Result<(), Failure> {
        let sandbox = self.filtered.with_rw("/var/tmp")?;
        require(command(&sandbox).status()?.success())
    }
}

fn command(sandbox: &Sandbox) -> Command<'_> {
    let mut command = sandbox.command(PROGRAM);
    command.env_clear();
    command
}

/// Without a sandbox: std starts it by `posix_spawn`.
pub fn plain() -> std::process::Command {
    let mut command = std::process::Command::new(PROGRAM);
    command.env_clear();
    command
}

/// What std does for a command that changes its user, or has `pre_exec`.
pub fn forked() -> std::process::Command {
    let mut command = plain();
    command.uid(rustix::process::geteuid().as_raw());
    command
}

pub fn require(success: bool) -> Result<(), Failure> {
    if success {
        Ok(())
    } else {
        Err(format!("{PROGRAM} did not succeed").into())
    }
}
