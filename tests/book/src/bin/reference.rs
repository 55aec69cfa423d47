//! Writes the pages of the reference anew: `cargo xtask reference`.
#![forbid(unsafe_code)]

use std::fs;
use std::process::ExitCode;

fn main() -> ExitCode {
    for (path, text) in ringfence_book::reference::pages() {
        if let Err(error) = fs::write(ringfence_book::root().join(path), text) {
            eprintln!("{path} cannot be written: {error}");
            return ExitCode::FAILURE;
        }
        println!("{path}");
    }
    ExitCode::SUCCESS
}
