//! Whose a job is.

use ringfence_sys::spawn;
use rustix::process::{geteuid, getgid, getuid};
use rustix::thread::{CapabilitySet, capabilities};

use super::SpawnError;

/// Whose a job is to be; as its starter where nothing is said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct User {
    pub(super) uid: Option<u32>,
    pub(super) gid: Option<u32>,
    pub(super) groups: Option<Vec<u32>>,
}

impl User {
    /// What the new process does about it.
    ///
    /// # Errors
    /// [`SpawnError::User`] if this process may not do that, could not end the job then, or would leave it a
    /// group by mistake.
    pub(super) fn change(&self) -> Result<spawn::User<'_>, SpawnError> {
        if *self == Self::default() {
            return Ok(spawn::User::default());
        }
        let is_other = self.uid.is_some_and(|uid| uid != getuid().as_raw());
        if is_other && self.gid.is_none() {
            return Err(SpawnError::User(
                "it would keep this process's group; say `gid` as well",
            ));
        }
        let groups = match &self.groups {
            None if is_other => Some(&[][..]),
            groups => groups.as_deref(),
        };
        let other_group = self.gid.is_some_and(|gid| gid != getgid().as_raw());
        let beyond_reach = self.uid.is_some_and(|uid| uid != geteuid().as_raw());
        // What cannot be asked is taken for missing.
        let own = capabilities(None).map_or(CapabilitySet::empty(), |sets| sets.effective);
        for (is_needed, capability, missing) in [
            (
                is_other,
                CapabilitySet::SETUID,
                "this process has no CAP_SETUID; start the server with it, or leave `uid` out",
            ),
            (
                other_group || groups.is_some(),
                CapabilitySet::SETGID,
                "this process has no CAP_SETGID; start the server with it, or leave `gid` and `groups` out",
            ),
            (
                beyond_reach,
                CapabilitySet::KILL,
                "this process has no CAP_KILL, and could not end the job; start the server with it",
            ),
        ] {
            if is_needed && !own.contains(capability) {
                return Err(SpawnError::User(missing));
            }
        }
        Ok(spawn::User {
            groups,
            gid: self.gid,
            uid: self.uid,
        })
    }

    /// Whether RLIMIT_NPROC binds it.
    pub(super) fn is_root(&self) -> bool {
        self.uid.unwrap_or_else(|| geteuid().as_raw()) == 0
    }
}
