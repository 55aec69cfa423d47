//! What the documentation says, tried: its commands, its manifests, its C, its links, and what of it is made from the code.
//!
//! Each page gets a fresh directory, which is its home too, and one shell. As root that shell is an ordinary user's.

mod c;
mod help;
mod install;
mod links;
mod run;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use ringfence_book::{pages, reference, root, text};
use ringfence_tests::trial::{self, Test};

fn main() -> ExitCode {
    let mut tests = vec![
        Test::new("links_and_anchors_lead_somewhere", links::lead_somewhere),
        Test::new("every_page_is_in_the_table_of_contents", links::are_listed),
        Test::new("blocks_are_run_or_say_why_not", run::or_say_why_not),
        Test::may_skip("blocks_of_c_compile", c::compile),
        Test::new("examples_of_the_help_are_taken", help::examples_are_taken),
        Test::new(
            "what_installing_names_is_there",
            install::names_what_is_there,
        ),
        Test::new("tables_of_words_and_kernels_are_complete", tables),
        Test::new("pages_that_are_made_from_the_code_are_up_to_date", made),
    ];
    tests.extend(pages().into_iter().filter_map(run::of_page));
    trial::main(tests)
}

/// What people wrote with notes of their own, and the code knows all of.
fn tables() {
    let words = text(Path::new("docs/words.md"));
    for word in ringfence::WORDS {
        let name = format!("`{}`", word.name);
        assert!(words.contains(&name), "docs/words.md has no {name}");
    }
    for page in ["README.md", "docs/background/kernels.md"] {
        let page_text = text(Path::new(page));
        for abi in ringfence::Abi::all().filter(|abi| abi.number() > 0) {
            let row = format!("| {} | {} |", abi.first_kernel(), abi.number());
            assert!(page_text.contains(&row), "{page} has no row `{row}`");
        }
    }
}

fn made() {
    for (path, made) in reference::pages() {
        let written = fs::read_to_string(root().join(path)).unwrap_or_default();
        assert!(
            written == made,
            "{path} is not what the code says; run `cargo xtask reference`"
        );
        assert!(!text(Path::new(path)).is_empty());
    }
}
