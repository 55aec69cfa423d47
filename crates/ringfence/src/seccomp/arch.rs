//! Architectures: how the kernel names one to a filter, and which system calls are foreign to it.

use std::fmt;

/// An architecture whose system calls filters can be made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arch {
    /// x86-64. Its 32-bit and x32 calls are foreign.
    X86_64,
    /// AArch64. Its 32-bit calls are foreign.
    Aarch64,
    /// RISC-V with 64 bits.
    Riscv64,
}

/// The bit that tells an x32 call from one of x86-64, which report the same architecture
/// (`seccomp(2)`, "The x32 ABI").
pub(crate) const X32_BIT: u32 = 0x4000_0000;

impl Arch {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::X86_64, Self::Aarch64, Self::Riscv64];

    /// The one that this program was built for; none if filters for it are not known here.
    pub const NATIVE: Option<Self> =
        if cfg!(all(target_arch = "x86_64", target_pointer_width = "64")) {
            Some(Self::X86_64)
        } else if cfg!(all(target_arch = "aarch64", target_endian = "little")) {
            Some(Self::Aarch64)
        } else if cfg!(target_arch = "riscv64") {
            Some(Self::Riscv64)
        } else {
            None
        };

    /// `AUDIT_ARCH_*` of `linux/audit.h`: the ELF machine, 64 bits, little endian.
    pub const fn audit(self) -> u32 {
        const LITTLE_ENDIAN_64: u32 = 0xc000_0000;
        LITTLE_ENDIAN_64
            | match self {
                Self::X86_64 => 62,
                Self::Aarch64 => 183,
                Self::Riscv64 => 243,
            }
    }

    /// Its column in the table of calls.
    pub(super) const fn column(self) -> usize {
        match self {
            Self::X86_64 => 0,
            Self::Aarch64 => 1,
            Self::Riscv64 => 2,
        }
    }
}

impl fmt::Display for Arch {
    /// As `uname -m` prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::X86_64 => "x86_64",
            Self::Aarch64 => "aarch64",
            Self::Riscv64 => "riscv64",
        })
    }
}
