//! Finding the lines that a wider one makes redundant, in time linear in their number.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::access::AccessFs;
use crate::plan::Plan;

/// Without a random seed, which would cost a system call: whoever writes a policy has no reason to
/// slow down its own start.
type Hasher = BuildHasherDefault<DefaultHasher>;

/// What the lines allow by path as written, to find those that a wider one makes redundant.
pub(super) struct Cover<'p> {
    rights: HashMap<&'p [u8], AccessFs, Hasher>,
    /// The lengths that occur: a prefix of another length need not be looked up.
    lengths: Vec<bool>,
}

impl<'p> Cover<'p> {
    pub(super) fn of(plan: &'p Plan) -> Self {
        let mut cover = Self {
            rights: HashMap::with_capacity_and_hasher(plan.lines.len(), Hasher::default()),
            lengths: Vec::new(),
        };
        for plan in plan.paths() {
            let path = plan.line.path.as_os_str().as_bytes();
            *cover.rights.entry(path).or_default() |= plan.granted;
            if cover.lengths.len() <= path.len() {
                cover.lengths.resize(path.len() + 1, false);
            }
            cover.lengths[path.len()] = true;
        }
        cover
    }

    /// Whether lines for directories above `resolved` allow all of `rights`; for a path that was
    /// reached through a symlink also a line for the path itself.
    ///
    /// A prefix of a resolved path has no symlink in it either, so a line that is written just so
    /// names that very directory, and its rule covers all beneath.
    pub(super) fn makes_redundant(
        &self,
        resolved: &Path,
        rights: AccessFs,
        itself_too: bool,
    ) -> bool {
        let path = resolved.as_os_str().as_bytes();
        let mut covered = self.rights_at(b"/", path.len() > 1 || itself_too);
        for (index, &byte) in path.iter().enumerate().skip(1) {
            if byte == b'/' {
                covered |= self.rights_at(&path[..index], true);
            }
        }
        covered |= self.rights_at(path, itself_too);
        covered.contains(rights)
    }

    fn rights_at(&self, path: &[u8], wanted: bool) -> AccessFs {
        if wanted && self.lengths.get(path.len()) == Some(&true) {
            self.rights.get(path).copied().unwrap_or_default()
        } else {
            AccessFs::empty()
        }
    }
}
