//! Every block of Rust in the documentation compiles; the module that does not names its page and line.
#![allow(
    dead_code,
    unused,
    clippy::all,
    clippy::pedantic,
    missing_docs,
    reason = "blocks show one thing each, and are no whole programs"
)]

include!(concat!(env!("OUT_DIR"), "/blocks.rs"));

#[test]
fn the_documentation_has_blocks_of_rust_and_they_compile() {
    let blocks = include_str!(concat!(env!("OUT_DIR"), "/blocks.rs"));
    assert!(blocks.matches("mod ").count() >= 4);
}
