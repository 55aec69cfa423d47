//! Where pages are: all of the workspace's, for whoever runs them and for whoever compiles their Rust.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Every page beneath the folder of the workspace, relative to it: the documentation's, and what lies beside the code.
///
/// # Errors
/// If a folder cannot be read.
pub fn beneath(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut pages = Vec::new();
    collect(root, Path::new(""), &mut pages)?;
    pages.sort();
    Ok(pages)
}

fn collect(root: &Path, folder: &Path, pages: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(folder))? {
        let entry = entry?;
        let name = entry.file_name();
        let path = folder.join(&name);
        if entry.file_type()?.is_dir() {
            // What is built and fetched has pages of others.
            if name != "target" && !name.to_string_lossy().starts_with('.') {
                collect(root, &path, pages)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            pages.push(path);
        }
    }
    Ok(())
}
