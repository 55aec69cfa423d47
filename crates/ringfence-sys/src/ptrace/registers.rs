//! The registers of a stopped thread: which call it is in, and what that returns.
//!
//! # References
//! `ptrace(2)`, `PTRACE_GETREGSET`.

use std::io;

use crate::check;

/// The general registers, as the kernel lays them out for tracers (`struct user_regs_struct`,
/// `struct user_pt_regs`), none longer than this.
type Words = [u64; 34];

/// Where in there the number of a system call is, its arguments, and its result; counted in halves for
/// 32-bit programs.
struct Places {
    number: usize,
    arguments: [usize; 6],
    result: usize,
}

#[cfg(target_arch = "x86_64")]
const PLACES: Places = Places {
    number: 15,
    arguments: [14, 13, 12, 7, 9, 8],
    result: 10,
};
#[cfg(target_arch = "aarch64")]
const PLACES: Places = Places {
    number: 8,
    arguments: [0, 1, 2, 3, 4, 5],
    result: 0,
};
#[cfg(target_arch = "riscv64")]
const PLACES: Places = Places {
    number: 17,
    arguments: [10, 11, 12, 13, 14, 15],
    result: 10,
};
/// Of other machines nothing is known, nor are filters for them.
#[cfg(not(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    target_arch = "riscv64"
)))]
const PLACES: Places = Places {
    number: usize::MAX,
    arguments: [usize::MAX; 6],
    result: usize::MAX,
};

/// How many bytes the registers of a 32-bit program are on `x86_64`, and where the same is there
/// (`struct user_regs_struct32`).
const OF_32_BITS: usize = 17 * 4;
const PLACES_OF_32_BITS: Places = Places {
    number: 11,
    arguments: [0, 1, 2, 3, 4, 5],
    result: 6,
};

/// `NT_PRSTATUS` of `linux/elf.h`: the general registers.
const GENERAL: usize = 1;
/// `NT_ARM_SYSTEM_CALL` of the same: the number of the call, which on aarch64 is apart from the registers.
#[cfg(target_arch = "aarch64")]
const CALL: usize = 0x404;

/// The general registers of a stopped thread.
pub(super) struct Registers {
    words: Words,
    /// How many bytes of them there are.
    length: usize,
}

impl Registers {
    /// Those of a tracee.
    ///
    /// # Errors
    /// `ESRCH` if it has ended.
    pub(super) fn of(pid: i32) -> io::Result<Self> {
        let mut words: Words = [0; 34];
        let mut part = libc::iovec {
            iov_base: (&raw mut words).cast(),
            iov_len: size_of::<Words>(),
        };
        // SAFETY: the kernel writes no more than the length says, which is that of a live array of numbers.
        let result = unsafe { libc::ptrace(libc::PTRACE_GETREGSET, pid, GENERAL, &raw mut part) };
        check(result)?;
        let length = part.iov_len;
        Ok(Self { words, length })
    }

    fn is_of_32_bits(&self) -> bool {
        self.length == OF_32_BITS
    }

    fn places(&self) -> &'static Places {
        if self.is_of_32_bits() {
            &PLACES_OF_32_BITS
        } else {
            &PLACES
        }
    }

    fn at(&self, place: usize) -> u64 {
        if self.is_of_32_bits() {
            let pair = self.words.get(place / 2).copied().unwrap_or(0);
            pair >> (32 * (place % 2)) & 0xffff_ffff
        } else {
            self.words.get(place).copied().unwrap_or(0)
        }
    }

    fn set(&mut self, place: usize, value: i64) {
        let value = value.cast_unsigned();
        if self.is_of_32_bits() {
            let shift = 32 * (place % 2);
            if let Some(pair) = self.words.get_mut(place / 2) {
                *pair = *pair & !(0xffff_ffff << shift) | (value & 0xffff_ffff) << shift;
            }
        } else if let Some(word) = self.words.get_mut(place) {
            *word = value;
        }
    }

    /// The number of the call that it made last.
    pub(super) fn number(&self) -> u64 {
        self.at(self.places().number)
    }

    /// The arguments of that call.
    pub(super) fn arguments(&self) -> [u64; 6] {
        self.places().arguments.map(|place| self.at(place))
    }

    /// Lets the call return this error.
    pub(super) fn set_error(&mut self, errno: u16) {
        self.set(self.places().result, -i64::from(errno));
    }

    /// Writes them back.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub(super) fn write(&mut self, pid: i32) -> io::Result<()> {
        let mut part = libc::iovec {
            iov_base: (&raw mut self.words).cast(),
            iov_len: self.length,
        };
        // SAFETY: the kernel reads as many bytes as it has written there itself, which are live.
        let result = unsafe { libc::ptrace(libc::PTRACE_SETREGSET, pid, GENERAL, &raw mut part) };
        check(result).map(drop)
    }

    /// The same, and -1 as the number of the call, for which the kernel makes none.
    #[cfg(not(target_arch = "aarch64"))]
    pub(super) fn write_without_call(&mut self, pid: i32) -> io::Result<()> {
        self.set(self.places().number, -1);
        self.write(pid)
    }

    /// The same, and -1 as the number of the call, for which the kernel makes none.
    #[cfg(target_arch = "aarch64")]
    pub(super) fn write_without_call(&mut self, pid: i32) -> io::Result<()> {
        let mut none = -1i32;
        let mut part = libc::iovec {
            iov_base: (&raw mut none).cast(),
            iov_len: size_of::<i32>(),
        };
        // SAFETY: the kernel reads one live number.
        let result = unsafe { libc::ptrace(libc::PTRACE_SETREGSET, pid, CALL, &raw mut part) };
        check(result)?;
        self.write(pid)
    }
}
