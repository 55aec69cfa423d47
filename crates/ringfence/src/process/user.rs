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
        if is_other || other_group || beyond_reach {
            let setting = std::fs::read_to_string("/proc/sys/fs/suid_dumpable").ok();
            if opens_memory(setting.as_deref()) {
                return Err(SpawnError::User(
                    "processes of that user could read this process's memory meanwhile, unless the sysctl \
                     fs.suid_dumpable, in /proc, is 0 or 2",
                ));
            }
        }
        Ok(spawn::User {
            groups,
            gid: self.gid,
            uid: self.uid,
        })
    }

    /// Why RLIMIT_NPROC would not bind it, if it would not: the kernel goes by the real user, and lets pass who has
    /// one of two capabilities. `CAP_SYS_RESOURCE` is given up for the sake of the other limits. A program that a
    /// user `executes` keeps the other at most where that is inheritable.
    pub(super) fn is_exempt(&self, executes: bool) -> Option<&'static str> {
        let uid = self.uid.unwrap_or_else(|| getuid().as_raw());
        if uid == 0 || (self.uid.is_none() && geteuid().is_root()) {
            return Some(
                "root is not bound by RLIMIT_NPROC; start as another user, or put it into a cgroup",
            );
        }
        if self.uid.is_some() {
            return None;
        }
        // What cannot be asked is taken for there.
        let own = capabilities(None).map_or(CapabilitySet::all(), |sets| {
            if executes {
                sets.inheritable
            } else {
                sets.permitted
            }
        });
        own.contains(CapabilitySet::SYS_ADMIN).then_some(
            "who has CAP_SYS_ADMIN, as this process, is not bound by RLIMIT_NPROC; start as another user, or put it \
             into a cgroup",
        )
    }
}

/// Whether the kernel would open this process's memory to the job's user: the value of the sysctl
/// `fs.suid_dumpable`, none if it cannot be read.
fn opens_memory(suid_dumpable: Option<&str>) -> bool {
    !matches!(suid_dumpable.map(str::trim), Some("0" | "2"))
}

#[cfg(test)]
mod tests {
    use super::opens_memory;

    #[test]
    fn no_job_of_another_user_starts_where_the_kernel_would_let_it_into_its_starters_memory() {
        assert!(!opens_memory(Some("0\n")));
        assert!(!opens_memory(Some("2\n")));
        assert!(opens_memory(Some("1\n")));
        assert!(opens_memory(Some("3\n")));
        assert!(opens_memory(None));
    }
}
