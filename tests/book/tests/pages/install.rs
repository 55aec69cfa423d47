//! What `docs/install.md` tells a reader to write into a `Cargo.toml` names packages that are in the checkout.

use std::fs;
use std::path::Path;

use ringfence_book::block::blocks;
use ringfence_book::{root, text};

pub fn names_what_is_there() {
    let page = text(Path::new("docs/install.md"));
    let blocks = blocks(&page);
    let lines = blocks
        .iter()
        .filter(|block| block.language == "toml")
        .flat_map(|block| block.text.lines());
    let mut found = 0;
    for line in lines {
        let Some((name, value)) = line.split_once(" = { path = \"ringfence/") else {
            assert!(line.starts_with('['), "{line}");
            continue;
        };
        let path = value.split('"').next().unwrap_or_default();
        let manifest = root().join(path).join("Cargo.toml");
        let manifest = fs::read_to_string(&manifest)
            .unwrap_or_else(|error| panic!("{}: {error}", manifest.display()));
        assert!(
            manifest.contains(&format!("\nname = \"{name}\"\n")),
            "{line}"
        );
        found += 1;
    }
    assert!(found > 1, "{found} packages");
}
