//! Why a sandbox could not be enforced, as sentences.

use std::io;

use rustix::io::Errno;

use super::error::errno;

/// Why a sandbox could not be enforced. Nothing is restricted then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnforceError {
    /// Other threads would stay free.
    #[error(
        "cannot restrict this process: it has other threads, this kernel restricts the calling one \
         only (all at once needs ABI 8, Linux 7.0), and how to bring them along is not known for \
         {}; enforce before the first thread starts",
        std::env::consts::ARCH
    )]
    OtherThreads,
    /// It cannot be told which threads there are.
    #[error(
        "cannot restrict this process: its threads cannot be found without /proc; mount /proc and \
         let an outer sandbox read it, or restrict this thread alone"
    )]
    UncountableThreads(#[source] io::Error),
    /// Other threads cannot be told to restrict themselves.
    #[error(
        "cannot restrict this process: its other threads cannot be called; an outer seccomp filter \
         may forbid rt_sigaction or rt_tgsigqueueinfo: allow them there, or enforce before the first \
         thread starts"
    )]
    CallingThreads(#[source] io::Error),
    /// Another thread did not come to restrict itself.
    #[error("cannot restrict this process: thread {thread} ({name}) stays free, because {reason}")]
    AbsentThread {
        /// Its number (`gettid`).
        thread: u32,
        /// Its name (`comm`).
        name: String,
        /// Why, and what helps.
        reason: &'static str,
    },
    /// Threads start without end.
    #[error(
        "cannot restrict this process: its threads start new ones faster than they can be called; \
         enforce when it is calmer"
    )]
    RestlessThreads,
    /// A thread could not restrict itself. Each tries it in a child first, so that none is restricted.
    #[error(
        "cannot restrict this process: thread {thread} ({name}) cannot be restricted, because {reason}"
    )]
    ThreadRefused {
        /// Its number (`gettid`).
        thread: u32,
        /// Its name (`comm`).
        name: String,
        /// Why, and what helps.
        reason: &'static str,
        /// What the kernel said.
        source: io::Error,
    },
    /// Threads restricted one by one could not signal each other.
    #[error(
        "cannot restrict this process: it has other threads, which this kernel would keep from \
         signalling each other (erratum 2 of Landlock is not fixed, or it cannot tell), so that setuid \
         and cancelling threads would fail; update the kernel, allow `signal`, or enforce before the \
         first thread starts"
    )]
    SignalsBetweenThreads,
    /// `no_new_privs` could not be set.
    #[error("cannot set no_new_privs; an outer seccomp filter may forbid prctl")]
    NoNewPrivs(#[source] io::Error),
    /// The capability to load modules could not be given up.
    #[error("cannot give up CAP_SYS_MODULE; an outer seccomp filter may forbid capget or capset")]
    Capability(#[source] io::Error),
    /// The process is in as many Landlock domains as the kernel stacks.
    #[error(
        "cannot restrict this process: it is in 16 Landlock layers already, and the kernel stacks \
         no more; leave out one of the outer sandboxes"
    )]
    TooManyLayers,
    /// Restricting all threads takes a few descriptors for a moment.
    #[error(
        "cannot restrict this process: it has no descriptor to spare; raise its limit of open files, or close some"
    )]
    TooManyFiles(#[source] io::Error),
    /// The kernel refused for another reason.
    #[error(
        "cannot restrict this process; an outer seccomp filter may forbid landlock_restrict_self"
    )]
    Restrict(#[source] io::Error),
    /// Filters cannot be installed here.
    #[error(
        "cannot install the filter of system calls; this kernel has none, or an outer seccomp \
         filter forbids seccomp(2): allow it there, or leave system calls alone \
         (unrestricted-syscalls)"
    )]
    FilterForbidden(#[source] io::Error),
    /// The filters of this process are too long together.
    #[error(
        "cannot install the filter of system calls: this process is in too many filters already, \
         and the kernel stacks no more; leave out one of the outer sandboxes"
    )]
    TooManyFilters,
    /// Another thread has a filter that this one does not have.
    #[error(
        "cannot install the filter of system calls on all threads: one has a filter of its own; \
         enforce before threads restrict themselves"
    )]
    ThreadWithFilter,
    /// The kernel refused for another reason.
    #[error("cannot install the filter of system calls")]
    Filter(#[source] io::Error),
}

impl EnforceError {
    /// Whether the process is restricted by Landlock although this error was returned.
    pub fn landlock_holds(&self) -> bool {
        matches!(
            self,
            Self::FilterForbidden(_)
                | Self::TooManyFilters
                | Self::ThreadWithFilter
                | Self::Filter(_)
        )
    }

    pub(crate) fn filter(error: io::Error) -> Self {
        match errno(&error) {
            Some(Errno::NOSYS | Errno::PERM | Errno::ACCESS) => Self::FilterForbidden(error),
            Some(Errno::NOMEM) => Self::TooManyFilters,
            Some(Errno::SRCH) => Self::ThreadWithFilter,
            _ => Self::Filter(error),
        }
    }

    pub(crate) fn restrict(error: io::Error) -> Self {
        match errno(&error) {
            Some(Errno::TOOBIG) => Self::TooManyLayers,
            Some(Errno::MFILE | Errno::NFILE) => Self::TooManyFiles(error),
            _ => Self::Restrict(error),
        }
    }
}
