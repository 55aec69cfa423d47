//! The threads of this process, and the way to restrict all of them.
//!
//! | way | where | domains |
//! | --- | --- | --- |
//! | alone | there is no other thread | one |
//! | together | ABI 8 | one: the kernel restricts all threads at once, called by a signal first if that stands still |
//! | each | before ABI 8, or where threads have filters of their own | one per thread, of one ruleset |

use std::io;
use std::os::fd::BorrowedFd;

use ringfence_sys::threads::{Failure, Restriction, Step, Why, restrict_at_once, restrict_each};
use ringfence_sys::{landlock, seccomp};

use crate::access::Scope;
use crate::capabilities::{self, MODULE};
use crate::kernel::{Abi, Errata};
use crate::plan::Plan;
use crate::sandbox::EnforceError;

/// How all threads of a process are restricted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The calling thread is the only one.
    Alone,
    /// By the kernel, at once.
    Together,
    /// Called by a signal, each restricts itself.
    Each,
}

/// What the threads of this process are like.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Survey {
    /// How many they are; 0 if nobody can tell.
    pub(crate) threads: usize,
    /// Whether some are in filters.
    filtered: bool,
    /// Whether some have more filters than others.
    filters_differ: bool,
    /// Whether one of them may load modules.
    pub(crate) modules: bool,
}

impl Survey {
    /// Looks at each thread. Of one alone it holds for good; others may change behind our back, for
    /// which all that follows is prepared.
    fn take() -> io::Result<Self> {
        let mut survey = Self::default();
        let mut first = None;
        for thread in std::fs::read_dir("/proc/self/task")? {
            survey.threads += 1;
            // A thread may end in between.
            let Ok(status) = std::fs::read(thread?.path().join("status")) else {
                continue;
            };
            // The name in it may be any bytes.
            let status = String::from_utf8_lossy(&status);
            let field = |name| status.lines().find_map(|line| line.strip_prefix(name));
            let filters = field("Seccomp_filters:").map(|text| text.trim().to_owned());
            survey.filtered |= filters.as_ref().is_none_or(|count| count != "0");
            survey.filters_differ |= *first.get_or_insert_with(|| filters.clone()) != filters;
            survey.modules |= ["CapPrm:", "CapInh:"].into_iter().any(|set| {
                let bits = field(set).and_then(|set| u64::from_str_radix(set.trim(), 16).ok());
                bits.is_some_and(|bits| bits & MODULE != 0)
            });
        }
        Ok(survey)
    }

    /// Whether the kernel can put one filter upon all threads.
    fn can_share_filter(&self) -> Result<bool, EnforceError> {
        // As many may still be others.
        Ok(!self.filtered || (!self.filters_differ && can_share_filter()?))
    }
}

/// Tries whether the kernel can put one filter upon all threads, before they are in a domain for good.
fn can_share_filter() -> Result<bool, EnforceError> {
    rustix::thread::set_no_new_privs(true)
        .map_err(|errno| EnforceError::NoNewPrivs(errno.into()))?;
    Ok(seccomp::threads_share_filters())
}

/// The way for a plan here.
pub(crate) fn way(plan: &Plan, filters: bool) -> Result<(Way, Survey), EnforceError> {
    let at_once = plan.kernel().abi() >= Abi::new(8);
    let survey = match Survey::take() {
        Ok(survey) => survey,
        // The kernel knows the threads without /proc, and says if it cannot take one along.
        Err(_) if at_once && (!filters || can_share_filter()?) => {
            let survey = Survey {
                modules: capabilities::may_load_modules(),
                ..Survey::default()
            };
            return Ok((Way::Together, survey));
        }
        Err(error) => return Err(EnforceError::UncountableThreads(error)),
    };
    let way = match survey.threads {
        1 => Way::Alone,
        _ if at_once && (!filters || survey.can_share_filter()?) => Way::Together,
        _ => {
            require_thread_signals(plan)?;
            Way::Each
        }
    };
    Ok((way, survey))
}

/// Fails where threads in domains of their own could not signal each other: `setuid` and cancelling
/// threads would stop working, and not say so.
fn require_thread_signals(plan: &Plan) -> Result<(), EnforceError> {
    // A kernel that cannot tell what it has fixed may have it or not.
    let fixed = landlock::errata().map(Errata::from_bits_retain);
    if plan.scoped.contains(Scope::SIGNAL)
        && !fixed.is_ok_and(|fixed| fixed.contains(Errata::THREAD_SIGNALS))
    {
        return Err(EnforceError::SignalsBetweenThreads);
    }
    Ok(())
}

/// Takes from every thread the capability to load modules.
pub(crate) fn give_up_modules() -> Result<(), EnforceError> {
    let restriction = Restriction {
        give_up: MODULE,
        ..Restriction::default()
    };
    each(&restriction).map(drop)
}

/// Has every thread restrict itself. Returns how many they are.
pub(crate) fn each(restriction: &Restriction<'_>) -> Result<usize, EnforceError> {
    restrict_each(restriction).map_err(because)
}

/// Has the kernel restrict all threads at once (ABI 8).
pub(crate) fn at_once(ruleset: BorrowedFd<'_>, flags: u32) -> Result<(), EnforceError> {
    restrict_at_once(ruleset, flags).map_err(|failure| match failure {
        Failure::Step { error, .. } => EnforceError::restrict(error),
        failure => because(failure),
    })
}

fn because(failure: Failure) -> EnforceError {
    match failure {
        Failure::Tasks(error) => EnforceError::UncountableThreads(error),
        Failure::Signal(error) if error.raw_os_error() == Some(ENOSYS) => {
            EnforceError::OtherThreads
        }
        Failure::Signal(error) => EnforceError::CallingThreads(error),
        Failure::Restless => EnforceError::RestlessThreads,
        Failure::Absent { thread, why } => EnforceError::AbsentThread {
            thread: thread.id(),
            name: thread.name().into_owned(),
            reason: absence(why),
        },
        Failure::Step {
            thread,
            step,
            error,
        } => EnforceError::ThreadRefused {
            thread: thread.id(),
            name: thread.name().into_owned(),
            reason: refusal(step, &error),
            source: error,
        },
    }
}

const ENOSYS: i32 = rustix::io::Errno::NOSYS.raw_os_error();
const E2BIG: i32 = rustix::io::Errno::TOOBIG.raw_os_error();
const ENOMEM: i32 = rustix::io::Errno::NOMEM.raw_os_error();

fn absence(why: Why) -> &'static str {
    match why {
        Why::Blocks => {
            "it blocks signal 33, which the C library never does; let it unblock that, or enforce \
             before it starts"
        }
        Why::Stopped => "it is stopped; let it go on, or detach the debugger",
        Why::InKernel => {
            "it is in a system call that no signal interrupts (vfork, or a device that does not \
             answer); try again when it is out"
        }
        Why::KernelWorker => {
            "it works for the kernel, as io_uring's threads do, and keeps the rights that it has; \
             close the rings first, or enforce before they are made"
        }
        Why::Silent => {
            "it did not get to run in five seconds; try again when the machine is less busy"
        }
    }
}

fn refusal(step: Step, error: &io::Error) -> &'static str {
    match (step, error.raw_os_error()) {
        (Step::Try, _) => {
            "it cannot start a child to try the sandbox in; raise the limit of processes (ulimit -u), \
             or allow clone and wait4 in its filter"
        }
        (Step::NoNewPrivs, _) => "an outer seccomp filter may forbid prctl to it",
        (Step::Capability, _) => "an outer seccomp filter may forbid capget or capset to it",
        (Step::Landlock, Some(E2BIG)) => {
            "it is in 16 Landlock layers already, and the kernel stacks no more; leave out one of \
             its sandboxes"
        }
        (Step::Landlock, _) => "an outer seccomp filter may forbid landlock_restrict_self to it",
        (Step::Filter, Some(ENOMEM)) => {
            "it is in too many filters already, and the kernel stacks no more; leave out one of its \
             sandboxes"
        }
        (Step::Filter, _) => {
            "this kernel has no filters, or an outer seccomp filter forbids seccomp(2) to it"
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;

    use ringfence_sys::seccomp::{Instruction, answer, code};

    use super::*;

    #[test]
    fn a_survey_counts_threads_and_looks_at_each_whatever_it_is_called() {
        let survey = Survey::take().unwrap();
        assert!(survey.threads > 1, "{survey:?}");
        assert!(!survey.filters_differ);

        // The kernel keeps 15 bytes of a name, and cuts a character in two.
        let name = CString::new(b"caf\xc3").unwrap();
        let pass = Instruction {
            code: code::RETURN,
            jump: [0; 2],
            operand: answer::ALLOW,
        };
        let with_a_filter = std::thread::spawn(move || {
            rustix::thread::set_name(&name).unwrap();
            rustix::thread::set_no_new_privs(true).unwrap();
            seccomp::install_filter(&[pass], seccomp::Threads::Calling).unwrap();
            Survey::take().unwrap()
        });
        assert!(with_a_filter.join().unwrap().filters_differ);
    }
}
