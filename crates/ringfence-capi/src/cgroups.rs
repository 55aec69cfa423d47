//! Cgroups that jobs are put into.

use std::sync::Arc;

use ringfence::process::Cgroups as Inner;

use crate::border::{OutHandle, Text, handle, quietly};
use crate::error::Error;

/// A cgroup of version 2 in which this process may make others.
pub struct Cgroups(pub(crate) Arc<Inner>);

/// The cgroup at this path, beneath `/sys/fs/cgroup` as a rule; a service with `Delegate=yes` has one.
/// Free it with `ringfence_cgroups_free`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_cgroups_at(
    directory: Text,
    cgroups: OutHandle<'_, Cgroups>,
) -> Option<Box<Error>> {
    handle(cgroups, || {
        let directory = directory.path("the directory of the cgroup")?;
        Ok(Cgroups(Arc::new(Inner::at(directory)?)))
    })
}

/// Frees it; no cgroup is removed. NULL is fine. Commands that use it live on.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_cgroups_free(cgroups: Option<Box<Cgroups>>) {
    quietly((), || drop(cgroups));
}
