//! The techniques as the program lists them.

use std::path::Path;
use std::process::Command;

/// One way out.
#[derive(Clone, Debug)]
pub struct Technique {
    pub name: String,
    /// The classes that close it, each perhaps with the mechanism by which alone it does.
    pub classes: Vec<String>,
    /// Words for the policy, and for what is staged.
    pub scene: Vec<String>,
}

/// Every technique of the program.
pub fn read(program: &Path) -> Result<Vec<Technique>, String> {
    let listed = Command::new(program)
        .arg("list")
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    String::from_utf8_lossy(&listed.stdout)
        .lines()
        .map(technique)
        .collect()
}

fn technique(line: &str) -> Result<Technique, String> {
    let words = |list: &str| list.split(',').map(str::to_owned).collect();
    match line.split('\t').collect::<Vec<_>>()[..] {
        [name, classes, scene, _wants] => Ok(Technique {
            name: name.to_owned(),
            classes: words(classes),
            scene: words(scene),
        }),
        _ => Err(format!("no technique: {line}")),
    }
}

impl Technique {
    /// Whether its scene has this word.
    pub fn needs(&self, word: &str) -> bool {
        self.scene.iter().any(|each| each == word)
    }
}
