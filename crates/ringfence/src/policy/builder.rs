//! The policy's builder: collects lines, checks each one when the policy is built.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::{PathLine, Policy, PortClass, PortLine, Ports, Source};
use crate::access::Access;

/// Collects the lines of a [`Policy`]. Each method adds one line, or switches one thing.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct PolicyBuilder {
    policy: Policy,
}

impl PolicyBuilder {
    /// Allows [`Access::RO`] on `path` and beneath it.
    pub fn ro(self, path: impl Into<PathBuf>) -> Self {
        self.allow(Access::RO, path)
    }

    /// Allows [`Access::RW`] on `path` and beneath it.
    pub fn rw(self, path: impl Into<PathBuf>) -> Self {
        self.allow(Access::RW, path)
    }

    /// Allows to connect to UNIX sockets at `path` or beneath it (ABI 9).
    pub fn connect_unix(self, path: impl Into<PathBuf>) -> Self {
        self.allow(Access::CONNECT_UNIX, path)
    }

    /// Allows any mix of words on `path` and beneath it.
    pub fn allow(self, access: Access, path: impl Into<PathBuf>) -> Self {
        self.path_line(PathLine {
            path: path.into(),
            access,
            optional: false,
            source: Source::Api,
        })
    }

    /// Allows words on a path that may be missing when the sandbox is made; the line is skipped
    /// then, which narrows the sandbox.
    pub fn allow_if_present(self, access: Access, path: impl Into<PathBuf>) -> Self {
        self.path_line(PathLine {
            path: path.into(),
            access,
            optional: true,
            source: Source::Api,
        })
    }

    /// Adds a line about a path whose every field the caller chose.
    pub fn path_line(mut self, line: PathLine) -> Self {
        self.policy.paths.push(line);
        self
    }

    /// Allows to bind TCP sockets to these ports (ABI 4); 0 stands for a port of the kernel's choice.
    pub fn bind_tcp(self, ports: impl Into<Ports>) -> Self {
        self.ports(PortClass::BindTcp, ports)
    }

    /// Allows to connect TCP sockets to these ports, at any address (ABI 4).
    pub fn connect_tcp(self, ports: impl Into<Ports>) -> Self {
        self.ports(PortClass::ConnectTcp, ports)
    }

    /// Allows to bind UDP sockets to these ports (ABI 10); 0 stands for a port of the kernel's choice.
    pub fn bind_udp(self, ports: impl Into<Ports>) -> Self {
        self.ports(PortClass::BindUdp, ports)
    }

    /// Allows to send datagrams to these ports, at any address (ABI 10).
    ///
    /// Sending binds an ephemeral local port by itself, so the plan allows that too, and says so.
    pub fn connect_udp(self, ports: impl Into<Ports>) -> Self {
        self.ports(PortClass::ConnectUdp, ports)
    }

    fn ports(self, class: PortClass, ports: impl Into<Ports>) -> Self {
        self.port_line(PortLine {
            class,
            ports: ports.into(),
            source: Source::Api,
        })
    }

    /// Adds a line about ports whose every field the caller chose.
    pub fn port_line(mut self, line: PortLine) -> Self {
        self.policy.ports.push(line);
        self
    }

    /// Leaves paths alone, UNIX sockets by path included.
    pub fn unrestricted_fs(mut self) -> Self {
        self.policy.unrestricted.fs = true;
        self
    }

    /// Leaves TCP and UDP ports alone.
    pub fn unrestricted_net(mut self) -> Self {
        self.policy.unrestricted.net = true;
        self
    }

    /// Leaves abstract UNIX sockets and signals alone.
    pub fn unrestricted_ipc(mut self) -> Self {
        self.policy.unrestricted.ipc = true;
        self
    }

    /// Lets the program start although the kernel cannot enforce some line; the plan says which.
    pub fn best_effort(mut self) -> Self {
        self.policy.best_effort = true;
        self
    }

    /// Refuses to start on a kernel whose ABI has a lower number, best effort or not.
    pub fn minimum_abi(mut self, abi: u32) -> Self {
        self.policy.minimum_abi = abi;
        self
    }

    /// The policy, if every line means something.
    ///
    /// # Errors
    /// The first line that does not, and why.
    pub fn build(self) -> Result<Policy, InvalidLine> {
        for line in &self.policy.paths {
            let bytes = line.path.as_os_str().as_bytes();
            let why = if bytes.is_empty() {
                "the path is empty"
            } else if bytes.contains(&0) {
                "the path has a NUL byte"
            } else if line.access.is_empty() {
                "no word says what is allowed"
            } else {
                continue;
            };
            return Err(InvalidLine {
                line: line.to_string(),
                why,
            });
        }
        for line in &self.policy.ports {
            if !line.class.binds() && line.ports == Ports::from(0) {
                return Err(InvalidLine {
                    line: line.to_string(),
                    why: "no program can connect to port 0",
                });
            }
            if matches!(&line.ports, Ports::Range(range) if range.is_empty()) {
                return Err(InvalidLine {
                    line: line.to_string(),
                    why: "the range of ports is empty",
                });
            }
        }
        Ok(self.policy)
    }
}

/// A line of a policy that means nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("cannot use `{line}`: {why}")]
pub struct InvalidLine {
    /// The line as its author wrote it.
    pub line: String,
    /// What is wrong with it.
    pub why: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_mean_nothing_are_refused() {
        let empty = Policy::builder().ro("").build().unwrap_err();
        assert_eq!(empty.to_string(), "cannot use `ro `: the path is empty");
        let nul = Policy::builder().rw("/a\0b").build().unwrap_err();
        assert_eq!(
            nul.to_string(),
            r"cannot use `rw /a\u{0}b`: the path has a NUL byte"
        );
        for builder in [
            Policy::builder().allow(Access::empty(), "/"),
            Policy::builder().connect_tcp(0),
            Policy::builder().connect_udp(0),
            #[expect(clippy::reversed_empty_ranges, reason = "that is the point")]
            Policy::builder().bind_tcp(9..=8),
        ] {
            assert!(builder.build().is_err());
        }
        assert!(Policy::builder().bind_tcp(0).build().is_ok());
    }
}
