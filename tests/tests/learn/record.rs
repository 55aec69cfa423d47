//! What the tests find of each program, for the table in docs/learned.md.

use std::path::PathBuf;

/// The folder that `cargo xtask learned` names; one folder for each program, one file for each fact.
const FOLDER: &str = "RINGFENCE_LEARNED";

/// Writes a fact down, where that is wished.
pub fn note(program: &str, fact: &str, value: &str) {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else {
        return;
    };
    let folder = folder.join(program);
    std::fs::create_dir_all(&folder).expect("a folder for facts");
    std::fs::write(folder.join(fact), value).expect("a fact");
}
