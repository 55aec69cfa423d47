//! Blocks of C compile against the header of the C library.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use ringfence_book::block::{Block, blocks};
use ringfence_book::{pages, root, text};
use ringfence_tests::install::{Skip, need};
use ringfence_tests::trial::Outcome;

pub fn compile() -> Outcome {
    let header = root().join("crates/ringfence-capi/include/ringfence.h");
    let found: Vec<(String, Block)> = pages()
        .into_iter()
        .flat_map(|page| {
            let name = page.display().to_string();
            let of_c = blocks(&text(&page))
                .into_iter()
                .filter(|block| block.language == "c");
            of_c.map(move |block| (name.clone(), block))
        })
        .collect();
    if found.is_empty() {
        return Outcome::Absent("no page has a block of C".into());
    }
    assert!(
        header.exists(),
        "pages have blocks of C, and there is no {}",
        header.display()
    );
    match need("gcc", "gcc") {
        Ok(_) => {}
        Err(Skip(reason)) => return Outcome::Skipped(reason),
    }
    let folder = tempfile::tempdir().expect("a directory");
    let mut faults = String::new();
    for (page, block) in found {
        let file = folder.path().join("block.c");
        fs::write(&file, program(&block)).expect("a file");
        let output = Command::new("gcc")
            .args([
                "-std=c11",
                "-Wall",
                "-Wextra",
                "-Wno-unused",
                "-Werror",
                "-fsyntax-only",
                "-I",
            ])
            .arg(header.parent().expect("a folder"))
            .arg(&file)
            .output()
            .expect("gcc starts");
        if !output.status.success() {
            let _ = writeln!(
                faults,
                "{page}:{}\n{}",
                block.line,
                String::from_utf8_lossy(&output.stderr)
            );
        }
    }
    assert!(faults.is_empty(), "{faults}");
    Outcome::Passed
}

/// A block without a header is the body of a function.
fn program(block: &Block) -> String {
    if block.text.contains("#include") {
        return block.text.clone();
    }
    format!(
        "#define _GNU_SOURCE\n#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n\
         #include <ringfence.h>\n\nint block(void) {{\n{}\nreturn 0; }}\n",
        block.text
    )
}
