//! Gathers the blocks of Rust of all pages, for `tests/rust.rs` to compile.

#[path = "src/block.rs"]
#[allow(dead_code, reason = "the library uses the rest")]
mod block;
#[path = "src/pages.rs"]
mod pages;

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What blocks may use without a word: what their pages speak of as given.
const GIVEN: &str = "\
    let job_directory = std::path::PathBuf::from(\"/srv/jobs/17\");\n\
    let bytes = b\"\".to_vec();\n\
    let parse = |bytes: Vec<u8>| bytes.len();\n";

fn main() -> io::Result<()> {
    let root = Path::new("../..");
    let mut code = String::new();
    for page in pages::beneath(root)? {
        let page = root.join(page);
        println!("cargo::rerun-if-changed={}", page.display());
        let text = fs::read_to_string(&page)?;
        for block in block::blocks(&text) {
            if block.language == "rust" {
                let _ = writeln!(code, "{}", module(&page, &block));
            }
        }
    }
    println!("cargo::rerun-if-changed=../../docs");
    let output = env::var_os("OUT_DIR")
        .map(PathBuf::from)
        .unwrap_or_default();
    fs::write(output.join("blocks.rs"), code)
}

/// A module whose name says where the block is. A block without `main` is the body of a function that may fail.
fn module(page: &Path, block: &block::Block) -> String {
    let name: String = page
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .chars()
        .map(|letter| {
            if letter.is_alphanumeric() {
                letter.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect();
    let code = &block.text;
    let body = if code.contains("fn main") {
        code.clone()
    } else {
        format!(
            "async fn block() -> Result<(), Box<dyn std::error::Error>> {{\n{GIVEN}{code}\n;Ok(())\n}}"
        )
    };
    format!("mod {name}_line_{} {{\n{body}\n}}", block.line)
}
