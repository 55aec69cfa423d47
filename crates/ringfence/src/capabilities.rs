//! The capabilities that a sandbox takes from root: `CAP_SYS_MODULE`, because neither Landlock nor a filter
//! sees what it does; of a job with limits of resources `CAP_SYS_RESOURCE`, which lifts them; and of one that would
//! be beyond its starter's reach as another user `CAP_SETUID`, by which it becomes one.

use ringfence_sys::spawn::ResourceLimit;
use rustix::thread::{CapabilitySet, capabilities};

use crate::class::Class;
use crate::plan::Plan;

/// `CAP_SYS_MODULE` as a bit by its number. The filter denies to load a module, but the kernel loads any that is
/// installed by itself, for whoever has this capability and asks for a network interface of the module's name
/// (`dev_load` in `net/core/dev_ioctl.c`). Programs that read interfaces ask so too.
pub(crate) const MODULE: u64 = CapabilitySet::SYS_MODULE.bits();

/// What a new process gives up under this plan and these limits, as bits by number.
pub(crate) fn given_up(plan: &Plan, limits: &[ResourceLimit]) -> u64 {
    let mut given_up = CapabilitySet::empty();
    if plan.closes(Class::KernelInterfaces) {
        given_up |= CapabilitySet::SYS_MODULE;
    }
    if !limits.is_empty() {
        given_up |= CapabilitySet::SYS_RESOURCE;
    }
    // What cannot be asked is taken for the worse.
    let is_beyond_reach = capabilities(None).map_or(true, |own| {
        (own.permitted | own.inheritable).contains(CapabilitySet::SETUID)
            && !own.effective.contains(CapabilitySet::KILL)
    });
    if is_beyond_reach {
        given_up |= CapabilitySet::SETUID;
    }
    given_up.bits()
}

/// Whether the calling thread has `CAP_SYS_MODULE`, or might: then it is to be given up.
pub(crate) fn may_load_modules() -> bool {
    capabilities(None).map_or(true, |sets| {
        (sets.permitted | sets.inheritable).contains(CapabilitySet::SYS_MODULE)
    })
}
