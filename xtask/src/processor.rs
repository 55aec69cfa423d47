//! The processors that the tests run on: this machine's, and one that is emulated.

use std::process::Command;

use anyhow::{Result, ensure};

use crate::tool;

/// A kind of processor, and what others call it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Processor {
    #[default]
    #[value(name = "x86_64")]
    X86_64,
    Aarch64,
}

impl Processor {
    /// This machine's. For others than the two nothing is compiled here.
    pub const NATIVE: Self = if cfg!(target_arch = "aarch64") {
        Self::Aarch64
    } else {
        Self::X86_64
    };

    /// As Rust and the kernel say.
    pub const fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
        }
    }

    /// As Debian says.
    pub const fn debian(self) -> &'static str {
        match self {
            Self::X86_64 => "amd64",
            Self::Aarch64 => "arm64",
        }
    }

    /// What Rust compiles for it.
    pub fn target(self) -> String {
        format!("{}-unknown-linux-gnu", self.name())
    }

    /// The compiler of C that links for it, by Debian's name where it is another machine's.
    pub fn gcc(self) -> String {
        if self == Self::NATIVE {
            "gcc".to_owned()
        } else {
            format!("{}-linux-gnu-gcc", self.name())
        }
    }

    /// What emulates it.
    pub fn emulator(self) -> String {
        format!("qemu-system-{}", self.name())
    }

    /// Makes sure that programs can be made for it.
    pub fn ensure_compilers(self) -> Result<()> {
        if self == Self::NATIVE {
            return Ok(());
        }
        let (target, gcc, debian) = (self.target(), self.gcc(), self.debian());
        // Fetches it where it is missing.
        let library = Command::new("rustup")
            .args(["target", "add", &target])
            .output();
        ensure!(
            library.is_ok_and(|ended| ended.status.success()),
            "Rust's library for it cannot be had; `rustup target add {target}`"
        );
        ensure!(
            tool::output(Command::new(&gcc).arg("--version")).is_ok(),
            "{gcc} is not installed; `apt-get install gcc-{}-linux-gnu libc6-dev-{debian}-cross`",
            self.name()
        );
        Ok(())
    }
}
