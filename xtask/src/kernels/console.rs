//! The console that each kernel of the matrix left behind.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use vm_init::Event;

use super::catalog;
use crate::workspace;

/// What a kernel's machine said when it last ran.
pub struct Console {
    pub name: String,
    text: String,
}

/// Of a kernel that Landlock is switched off on.
pub fn without_landlock(name: &str) -> String {
    format!("{name} (landlock off)")
}

/// Where consoles are kept.
pub fn folder() -> PathBuf {
    workspace::cache().join("kernels").join("logs")
}

/// Where the console of this kernel is kept.
pub fn path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!(
        "{}.log",
        name.replace(['(', ')'], "").replace(' ', "-")
    ))
}

/// All that there are, in the order of the matrix.
pub fn all() -> Result<Vec<Console>> {
    let folder = folder();
    let mut consoles = Vec::new();
    for series in catalog::select(&[])? {
        for name in [series.name.to_owned(), without_landlock(series.name)] {
            if let Ok(console) = fs::read(path(&folder, &name)) {
                let text = String::from_utf8_lossy(&console).into_owned();
                consoles.push(Console { name, text });
            }
        }
    }
    Ok(consoles)
}

impl Console {
    /// What one of its runs printed, such as `kernel as root`; nothing if it was not run.
    pub fn said_by(&self, run: &str) -> String {
        let begin = Ok(Event::Begin(run.to_owned()));
        self.text
            .lines()
            .skip_while(|line| line.parse() != begin)
            .skip(1)
            .take_while(|line| line.parse::<Event>().is_err())
            .flat_map(|line| [line, "\n"])
            .collect()
    }
}
