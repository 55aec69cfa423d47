//! Files that the workbench writes: whole or not at all.

use std::fs::{File, rename};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

/// Writes a text to a file in one step, so that nothing half-written is left behind and a file that
/// was there keeps its permissions. A symlink is followed.
pub(super) fn replace(file: &Path, text: &str) -> io::Result<()> {
    let target = match file.canonicalize() {
        Err(error) if error.kind() == ErrorKind::NotFound => file.to_owned(),
        found => found?,
    };
    let mut draft = target.clone().into_os_string();
    draft.push(format!(".{}.new", std::process::id()));
    let written = File::create_new(&draft).and_then(|mut new| {
        if let Ok(before) = target.metadata() {
            new.set_permissions(before.permissions())?;
        }
        new.write_all(text.as_bytes())?;
        new.sync_all()
    });
    written
        .and_then(|()| rename(&draft, &target))
        .inspect_err(|_| {
            let _ = std::fs::remove_file(&draft);
        })
}
