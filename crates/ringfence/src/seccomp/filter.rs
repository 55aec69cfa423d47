//! What a filter answers to each system call: the model that the assembler turns into a program.

use std::fmt;

use super::arch::{Arch, X32_BIT};
use super::call::Syscall;

/// What happens to a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// It is executed.
    Allow,
    /// It fails with this `errno` and is not executed.
    Errno(u16),
    /// The whole process ends by `SIGSYS` (Linux 4.14).
    Kill,
}

impl Action {
    /// "Operation not permitted".
    pub const EPERM: Self = Self::Errno(1);

    /// "No such system call".
    pub(crate) const ENOSYS: Self = Self::Errno(ENOSYS);
}

/// A look at one argument of a call.
///
/// Filters see registers of 64 bits, but the kernel takes only the lower half of an argument that
/// is an `int`. A test looks at the bits of its mask alone, so that a mask of 32 bits sees what the
/// kernel sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Test {
    /// 0 to 5.
    argument: u8,
    mask: u64,
    is: Is,
}

/// What the masked bits of an argument must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Is {
    /// Exactly this.
    Exactly(u64),
    /// Anything but this.
    Not(u64),
    /// Not all zero.
    NonZero,
}

/// All of an argument that is an `int`.
pub(super) const INT: u64 = 0xffff_ffff;

impl Test {
    /// Whether these bits of an argument are so; none if `argument` is not 0 to 5, as a call has six.
    pub const fn new(argument: u8, mask: u64, is: Is) -> Option<Self> {
        if argument < 6 {
            Some(Self { argument, mask, is })
        } else {
            None
        }
    }

    /// Which argument it looks at, 0 to 5.
    pub const fn argument(self) -> u8 {
        self.argument
    }

    /// The bits that it looks at.
    pub const fn mask(self) -> u64 {
        self.mask
    }

    /// What they must be.
    pub const fn is(self) -> Is {
        self.is
    }

    /// Whether the lower half of an argument is `value`.
    pub(super) const fn int(argument: u8, value: u32) -> Self {
        Self::masked(argument, INT, value)
    }

    /// Whether these bits of an argument are `value`.
    pub(super) const fn masked(argument: u8, mask: u64, value: u32) -> Self {
        Self {
            argument,
            mask,
            is: Is::Exactly(value as u64),
        }
    }

    /// Whether the lower half of an argument is anything but `value`.
    pub(super) const fn not_int(argument: u8, value: u32) -> Self {
        Self {
            argument,
            mask: INT,
            is: Is::Not(value as u64),
        }
    }

    /// Whether any of these bits of an argument is set.
    pub(super) const fn any(argument: u8, mask: u64) -> Self {
        Self {
            argument,
            mask,
            is: Is::NonZero,
        }
    }

    pub(super) fn holds(self, arguments: [u64; 6]) -> bool {
        let bits = arguments[usize::from(self.argument)] & self.mask;
        match self.is {
            Is::Exactly(value) => bits == value,
            Is::Not(value) => bits != value,
            Is::NonZero => bits != 0,
        }
    }
}

/// What a filter answers to one system call.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The same, whatever its arguments.
    Always(Action),
    /// What the first branch says if the test holds, else what the second says.
    If(Test, Box<Verdict>, Box<Verdict>),
}

impl Verdict {
    pub(super) const ALLOW: Self = Self::Always(Action::Allow);

    pub(super) fn when(test: Test, then: Self, otherwise: Self) -> Self {
        if then == otherwise {
            return then;
        }
        Self::If(test, Box::new(then), Box::new(otherwise))
    }

    /// This verdict if all tests hold, else `otherwise`.
    pub(super) fn when_all(self, tests: &[Test], otherwise: Self) -> Self {
        let Some((&first, rest)) = tests.split_first() else {
            return self;
        };
        let then = rest.iter().rev().fold(self, |then, &test| {
            Self::when(test, then, otherwise.clone())
        });
        Self::when(first, then, otherwise)
    }

    /// The answer for these arguments.
    pub fn decide(&self, arguments: [u64; 6]) -> Action {
        match self {
            Self::Always(action) => *action,
            Self::If(test, then, _) if test.holds(arguments) => then.decide(arguments),
            Self::If(_, _, otherwise) => otherwise.decide(arguments),
        }
    }

    /// The same with other actions in the place of these.
    pub(super) fn map(&self, action: &impl Fn(Action) -> Action) -> Self {
        match self {
            Self::Always(before) => Self::Always(action(*before)),
            Self::If(test, then, otherwise) => Self::If(
                *test,
                Box::new(then.map(action)),
                Box::new(otherwise.map(action)),
            ),
        }
    }

    /// Whether it is never allowed.
    fn denies_all(&self) -> bool {
        match self {
            Self::Always(action) => *action != Action::Allow,
            Self::If(_, then, otherwise) => then.denies_all() && otherwise.denies_all(),
        }
    }

    /// Whether some arguments make it anything else than allowed.
    pub fn denies(&self) -> bool {
        match self {
            Self::Always(action) => *action != Action::Allow,
            Self::If(_, then, otherwise) => then.denies() || otherwise.denies(),
        }
    }
}

/// A filter: what it answers to every call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// By [`Syscall::index`].
    known: Vec<Verdict>,
    /// Calls that this version does not know: newer ones, and gaps between numbers.
    pub(super) unknown: Verdict,
    /// Calls by the 32-bit entry of a 64-bit kernel. A program that can do nothing else has no use
    /// for an error number.
    pub(super) foreign: Action,
    /// x32 calls. Kernels without x32, most there are, say the same.
    pub(super) x32: Verdict,
}

/// "No such system call".
pub(super) const ENOSYS: u16 = 38;

impl Filter {
    /// One of these verdicts, beside those that plans have ([`Plan::filter`](crate::Plan::filter)).
    ///
    /// Calls that are not known here get ENOSYS, and so do those of x32; a 32-bit call ends the
    /// process.
    pub fn new(verdict: impl FnMut(Syscall) -> Verdict) -> Self {
        Self {
            known: Syscall::all().map(verdict).collect(),
            unknown: Verdict::Always(Action::Errno(ENOSYS)),
            foreign: Action::Kill,
            x32: Verdict::Always(Action::Errno(ENOSYS)),
        }
    }

    /// One that allows every call of this machine's own kind, newer ones as well.
    pub(crate) fn all_native() -> Self {
        Self {
            unknown: Verdict::ALLOW,
            ..Self::permissive()
        }
    }

    /// The same with this verdict for these calls, which denies them.
    pub(crate) fn denying(
        mut self,
        calls: impl IntoIterator<Item = Syscall>,
        verdict: &Verdict,
    ) -> Self {
        for call in calls {
            if !self.verdict(call).denies_all() {
                self.set(call, verdict.clone());
            }
        }
        self
    }

    /// The same with this verdict where one of these bits of an argument is set.
    pub(crate) fn denying_bits(
        mut self,
        call: Syscall,
        argument: u8,
        bits: u64,
        verdict: Verdict,
    ) -> Self {
        let test = Test::any(argument, bits);
        self.change(call, |before| verdict.when_all(&[test], before));
        self
    }

    /// One that allows every call that is known here, and no other.
    pub(super) fn permissive() -> Self {
        Self::new(|_| Verdict::ALLOW)
    }

    /// What it answers to a call.
    pub fn verdict(&self, call: Syscall) -> &Verdict {
        &self.known[call.index()]
    }

    pub(super) fn set(&mut self, call: Syscall, verdict: Verdict) {
        self.known[call.index()] = verdict;
    }

    /// Puts another verdict in the place of one.
    pub(super) fn change(&mut self, call: Syscall, change: impl FnOnce(Verdict) -> Verdict) {
        let verdict = &mut self.known[call.index()];
        *verdict = change(std::mem::replace(verdict, Verdict::ALLOW));
    }

    /// What it answers to a call by number, as the kernel would ask it on `arch`.
    ///
    /// The reference that the compiled program is held against, by the tests and by a fuzzer.
    pub fn decide(&self, arch: Arch, audit: u32, number: u32, arguments: [u64; 6]) -> Action {
        if audit != arch.audit() {
            return self.foreign;
        }
        let verdict = if arch == Arch::X86_64 && number >= X32_BIT {
            &self.x32
        } else {
            Syscall::all()
                .find(|call| call.number(arch) == Some(number))
                .map_or(&self.unknown, |call| self.verdict(call))
        };
        verdict.decide(arguments)
    }
}

impl fmt::Display for Action {
    /// `allow`, `kill`, or the name of the error.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow => f.write_str("allow"),
            Self::Kill => f.write_str("kill"),
            Self::Errno(number) => match super::errno::name(*number) {
                Some(name) => f.write_str(name),
                None => write!(f, "{number}"),
            },
        }
    }
}
