//! The wrapper under test: flags, and the same policy built through the library.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ringfence::{Access, Class, Kernel, Plan, Policy, PolicyBuilder, PortClass, Ports};

use crate::executable;

/// The user and group `nobody`, for tests that root runs on behalf of an ordinary user.
pub const NOBODY: u32 = 65534;

/// A sandbox, as flags for `landlock-runner` and as a policy for the oracle.
#[derive(Clone, Default)]
pub struct Sandbox {
    flags: Vec<OsString>,
    policy: PolicyBuilder,
    user: Option<u32>,
    directory: Option<PathBuf>,
}

impl Sandbox {
    /// One that allows nothing, not even to start a program.
    pub fn empty() -> Self {
        Self::default()
    }

    /// One in which this very test program starts as a probe: its own file, and the libraries
    /// where it is linked dynamically.
    ///
    /// # Panics
    /// If the test cannot tell its own path.
    pub fn for_probe() -> Self {
        let probe = std::env::current_exe().expect("a test knows its own path");
        ["/usr/lib", "/lib", "/lib64", "/etc/ld.so.cache"]
            .into_iter()
            .filter(|path| Path::new(path).exists())
            .fold(Self::empty().allow(Access::RO, probe), |sandbox, path| {
                sandbox.allow(Access::RO, path)
            })
    }

    /// Allows words on a path.
    #[must_use]
    pub fn allow(mut self, access: Access, path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let mut value = OsString::from(format!("{access}="));
        value.push(path);
        self.flags.extend(["--fs".into(), value]);
        self.policy = self.policy.allow(access, path);
        self
    }

    /// Allows words on a directory but for what is beneath the excepted names.
    #[must_use]
    pub fn allow_except<T: AsRef<Path>>(
        mut self,
        access: Access,
        path: impl AsRef<Path>,
        except: impl IntoIterator<Item = T>,
    ) -> Self {
        let except: Vec<PathBuf> = except
            .into_iter()
            .map(|name| name.as_ref().to_owned())
            .collect();
        for name in &except {
            self.flags.extend(["--except".into(), name.into()]);
        }
        let policy = self.policy.clone();
        self = self.allow(access, &path);
        self.policy = policy.allow_except(access, path.as_ref(), except);
        self
    }

    /// Allows words on what matches a pattern.
    #[must_use]
    pub fn allow_matching(mut self, access: Access, pattern: impl AsRef<Path>) -> Self {
        self.flags.push("--glob".into());
        let policy = self.policy.clone();
        self = self.allow(access, &pattern);
        self.policy = policy.allow_matching(access, pattern.as_ref());
        self
    }

    /// Allows ports.
    #[must_use]
    pub fn ports(mut self, class: PortClass, ports: impl Into<Ports>) -> Self {
        let ports = ports.into();
        self.flags.extend([
            format!("--{}", class.name()).into(),
            ports.to_string().into(),
        ]);
        self.policy = match class {
            PortClass::BindTcp => self.policy.bind_tcp(ports),
            PortClass::ConnectTcp => self.policy.connect_tcp(ports),
            PortClass::BindUdp => self.policy.bind_udp(ports),
            PortClass::ConnectUdp => self.policy.connect_udp(ports),
        };
        self
    }

    /// Adds flags that are no part of the policy.
    #[must_use]
    pub fn flags<T: AsRef<OsStr>>(mut self, flags: impl IntoIterator<Item = T>) -> Self {
        self.flags
            .extend(flags.into_iter().map(|flag| flag.as_ref().to_owned()));
        self
    }

    /// Adds a flag that changes the policy, and the same change for the oracle.
    #[must_use]
    pub fn switch(mut self, flag: &str, change: fn(PolicyBuilder) -> PolicyBuilder) -> Self {
        self.flags.push(flag.into());
        self.policy = change(self.policy);
        self
    }

    /// Leaves a class of acts alone.
    #[must_use]
    pub fn allow_class(mut self, class: Class) -> Self {
        self.flags.extend(["--allow".into(), class.name().into()]);
        self.policy = self.policy.allow_class(class);
        self
    }

    /// Starts the wrapper as this user and group.
    #[must_use]
    pub fn as_user(mut self, id: u32) -> Self {
        self.user = Some(id);
        self
    }

    /// Starts the wrapper in this directory.
    #[must_use]
    pub fn in_directory(mut self, directory: impl AsRef<Path>) -> Self {
        self.directory = Some(directory.as_ref().to_owned());
        self
    }

    /// The plan of the same policy on this kernel.
    ///
    /// # Panics
    /// If the policy is not valid.
    pub fn plan(&self) -> Plan {
        let policy: Policy = self.policy.clone().build().expect("a valid policy");
        Plan::new(policy, Kernel::probe())
    }

    /// The command that runs `command` in this sandbox.
    pub fn command<T: AsRef<OsStr>>(&self, command: impl IntoIterator<Item = T>) -> Command {
        let mut wrapper = Command::new(executable("landlock-runner"));
        wrapper.args(&self.flags).arg("--").args(command);
        if let Some(id) = self.user {
            wrapper.uid(id).gid(id);
        }
        if let Some(directory) = &self.directory {
            wrapper.current_dir(directory);
        }
        wrapper
    }

    /// Runs `command` in this sandbox to its end.
    ///
    /// # Panics
    /// If the wrapper itself cannot be started.
    pub fn run<T: AsRef<OsStr>>(&self, command: impl IntoIterator<Item = T>) -> Output {
        const TRIES: u32 = 100;

        let mut wrapper = self.command(command);
        let mut output = wrapper.output().expect("landlock-runner starts");
        for _ in 1..TRIES {
            // A child that another test has just forked may hold a file that this test wrote open
            // for writing until it executes something (ETXTBSY).
            if !stderr(&output).contains("Text file busy") {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
            output = wrapper.output().expect("landlock-runner starts");
        }
        output
    }
}

/// Standard error of a finished command, as text.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Standard output of a finished command, as text.
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs a command that must succeed.
///
/// # Panics
/// If it does not.
pub fn done(command: &mut Command) -> Output {
    let output = command.output().expect("a program starts");
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        stdout(&output),
        stderr(&output)
    );
    output
}

/// A path for a command line.
///
/// # Panics
/// If it is no UTF-8.
pub fn text(path: &Path) -> String {
    path.to_str().expect("UTF-8").to_owned()
}
