//! Paths and rights in AppArmor's language.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use ringfence::Access;

/// A path in quotes, and all beneath it. What is no plain character is written by its number, which
/// the parser takes for the character itself and never for a glob, a variable or the end of a rule.
pub(super) fn beneath(path: &Path) -> String {
    match escaped(path).as_str() {
        "/" => "\"/{,**}\"".to_owned(),
        path => format!("\"{path}{{,/,/**}}\""),
    }
}

/// A path in quotes.
pub(super) fn quoted(path: &Path) -> String {
    format!("\"{}\"", escaped(path))
}

fn escaped(path: &Path) -> String {
    let mut text = String::new();
    // Without slashes and dots that say nothing.
    let path: PathBuf = path.components().collect();
    for &byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-' | b'+') {
            text.push(char::from(byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(text, "\\{byte:03o}");
        }
    }
    text
}

/// The permissions that a line gives: those for its words, and locks, which Landlock leaves alone.
pub(super) fn permissions(access: Access) -> String {
    let of = |words: Access, permissions: &'static str| {
        if access.intersects(words) {
            permissions
        } else {
            ""
        }
    };
    let reads = of(Access::READ | Access::CONNECT_UNIX, "r");
    let writes = of(WRITING | Access::CONNECT_UNIX, "w");
    [
        of(Access::EXECUTE, "m"),
        if access.intersects(Access::EXECUTE) {
            "r"
        } else {
            reads
        },
        writes,
        of(Access::RENAME, "l"),
        of(Access::READ | Access::WRITE, "k"),
        of(Access::EXECUTE, "ix"),
    ]
    .concat()
}

/// Words for which there is one permission alone.
pub(super) const WRITING: Access = Access::WRITE
    .union(Access::CREATE)
    .union(Access::REMOVE)
    .union(Access::RENAME)
    .union(Access::MAKE_DEVICE);

/// What is wider there than the words of a line, or is not governed.
pub(super) fn wider(access: Access) -> Vec<&'static str> {
    let mut notes = Vec::new();
    let changes = Access::WRITE | Access::CREATE | Access::REMOVE;
    if access.intersects(WRITING) && !access.contains(changes) {
        notes
            .push("one permission is for writing, creating and removing: all three are open there");
    }
    if access.intersects(Access::CONNECT_UNIX) && !access.contains(Access::READ | Access::WRITE) {
        notes.push("connecting takes the permissions to read and write");
    }
    if access.intersects(Access::EXECUTE) && !access.contains(Access::READ) {
        notes.push("executing takes the permission to read");
    }
    if access.intersects(Access::IOCTL) {
        notes.push("ioctl is not governed: open everywhere");
    }
    if access.intersects(Access::MAKE_DEVICE) {
        notes.push("making devices needs `capability mknod,` too");
    }
    notes
}
