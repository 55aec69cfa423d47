//! A sandbox for a program that is watched by `ptrace(2)`.

use std::sync::Arc;

use super::{PrepareError, Sandbox};
use crate::seccomp::{Arch, Syscall};

impl Sandbox {
    /// The same sandbox, but that calls which the filter fails with an error raise SIGSYS instead, with
    /// [`TRAP_MARK`](crate::TRAP_MARK) and the number of the error as its data; these calls alone fail as
    /// ever. No such call is executed either way.
    ///
    /// For a program whose tracer puts the error in the place of the signal. Without one the signal ends
    /// the program.
    ///
    /// # Errors
    /// If the kernel would not take a filter of that length.
    pub fn trapping(mut self, but: &[Syscall]) -> Result<Self, PrepareError> {
        if let (Some(filter), Some(arch)) = (self.plan.filter(), Arch::NATIVE) {
            self.filter = Some(Arc::new(filter.compile_trapping(arch, but)?.into()));
        }
        Ok(self)
    }
}
