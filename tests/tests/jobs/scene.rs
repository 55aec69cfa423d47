//! The sandbox that jobs here run in, and what to expect where the kernel has none.

use std::path::{Path, PathBuf};
use std::process::Command as Plain;

use ringfence::process::Command;
use ringfence::{Access, Kernel, Plan, Policy, PolicyBuilder, Sandbox};
use ringfence_tests::trial::{Outcome, Test};
use ringfence_tests::world::is_root;

/// This very program.
pub fn this() -> PathBuf {
    std::env::current_exe().expect("a test knows its own path")
}

/// A policy in which this program starts, with its libraries where it is linked to any.
pub fn policy() -> PolicyBuilder {
    ["/usr/lib", "/lib", "/lib64", "/etc/ld.so.cache"]
        .into_iter()
        .filter(|path| Path::new(path).exists())
        .fold(Policy::builder().ro(this()), PolicyBuilder::ro)
        .allow(Access::READ | Access::WRITE, "/dev/null")
}

/// The sandbox of a policy.
pub fn sandbox(policy: PolicyBuilder) -> Sandbox {
    let policy = policy.build().expect("a policy");
    policy.prepare().expect("a sandbox")
}

/// A job that does `act`.
pub fn job<'s>(sandbox: &'s Sandbox, act: &[&str]) -> Command<'s> {
    let mut command = sandbox.command(this());
    command.env_clear().arg("probe").args(act);
    command
}

/// The twin of a job: the same act without a sandbox.
pub fn unsandboxed(act: &[&str]) -> Plain {
    let mut command = Plain::new(this());
    command.env_clear().arg("probe").args(act);
    command
}

/// A test on kernels that can restrict; elsewhere the refusal is what is proved.
pub fn test(name: &str, run: fn()) -> Test {
    Test::new(name, move || prove(run))
}

/// The same, of what takes root.
pub fn as_root(name: &str, run: fn()) -> Test {
    Test::may_skip(name, move || {
        if !is_root() {
            return Outcome::Absent("only root has the capabilities for it".to_owned());
        }
        prove(run);
        Outcome::Passed
    })
}

/// Runs a test where the kernel can restrict, and proves the refusal elsewhere.
pub fn prove(run: fn()) {
    let plan = Plan::new(policy().build().expect("a policy"), Kernel::probe());
    if plan.check().is_ok() {
        run();
    } else {
        assert!(plan.prepare().is_err(), "a sandbox without a kernel for it");
    }
}

/// Whether a process exists and is no zombie.
pub fn lives(pid: i32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else {
        return false;
    };
    let state = stat.rsplit(')').next().unwrap_or_default().trim_start();
    !state.starts_with(['Z', 'X'])
}

/// Waits for something that needs a moment.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("{what}: not within five seconds");
}
