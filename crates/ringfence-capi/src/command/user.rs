//! Whose a program is.

use ringfence::process;

use super::{Command, change};
use crate::border::Numbers;

/// Whose a program is to be; as its starter where nothing is said.
#[derive(Default)]
pub struct User {
    uid: Option<u32>,
    gid: Option<u32>,
    groups: Option<Vec<u32>>,
}

impl User {
    pub fn set(&self, command: &mut process::Command<'_>) {
        if let Some(uid) = self.uid {
            command.uid(uid);
        }
        if let Some(gid) = self.gid {
            command.gid(gid);
        }
        if let Some(groups) = &self.groups {
            command.groups(groups);
        }
    }
}

/// Starts it as this user, for which this process needs `CAP_SETUID`, `CAP_SETGID` and `CAP_KILL`: without a
/// capability unless that is root, and with no supplementary groups unless some are named. Its group has to
/// be said as well. From then on the kernel lets none but root trace this process or dump its memory
/// (`PR_SET_DUMPABLE`), so that no program of that user looks into it; do not undo that.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_uid(command: Option<&mut Command>, uid: u32) {
    change(command, |command| {
        command.user.uid = Some(uid);
        Ok(())
    });
}

/// Starts it in this group, for which this process needs `CAP_SETGID`.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_gid(command: Option<&mut Command>, gid: u32) {
    change(command, |command| {
        command.user.gid = Some(gid);
        Ok(())
    });
}

/// Starts it with these supplementary groups, `count` of them, for which this process needs `CAP_SETGID`. NULL is
/// fine for none.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_groups(
    command: Option<&mut Command>,
    groups: Numbers,
    count: usize,
) {
    change(command, |command| {
        command.user.groups = Some(groups.to_vec(count, "the groups")?);
        Ok(())
    });
}
