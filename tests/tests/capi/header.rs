//! What the header declares, read as far as these tests need it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::library::LIBRARY;

/// A function of the library.
#[derive(Clone, Debug)]
pub struct Function {
    /// The type of what it returns.
    pub returns: String,
    pub name: String,
    /// The types of its parameters.
    pub parameters: Vec<String>,
}

/// Every function that the installed header declares.
pub fn functions() -> Vec<Function> {
    let header = fs::read_to_string(LIBRARY.header()).expect("a header");
    let (_, declarations) = header
        .split_once("extern \"C\" {\n#endif")
        .expect("functions");
    without_comments(declarations)
        .split(';')
        .filter_map(function)
        .collect()
}

fn without_comments(text: &str) -> String {
    let mut parts = text.split("/*");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| {
        kept + part.split_once("*/").map_or("", |(_, rest)| rest)
    })
}

/// `RINGFENCE_MUST_USE ringfence_error *name(const ringfence_plan *plan, char **text)`
fn function(declaration: &str) -> Option<Function> {
    let (head, parameters) = declaration.split_once('(')?;
    let parameters = parameters.trim().strip_suffix(')')?;
    let head = head.replace("RINGFENCE_MUST_USE", " ");
    let (returns, name) = type_and_name(&head)?;
    let parameters = match parameters {
        "void" => Vec::new(),
        _ => parameters
            .split(',')
            .filter_map(|parameter| Some(type_and_name(parameter)?.0))
            .collect(),
    };
    Some(Function {
        returns,
        name,
        parameters,
    })
}

/// `const char *const *except` as `const char *const *` and `except`.
fn type_and_name(text: &str) -> Option<(String, String)> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let start = text.rfind([' ', '*'])? + 1;
    let (kind, name) = text.split_at(start);
    Some((kind.trim().to_owned(), name.to_owned()))
}

/// The page that says what each function is called in Rust and Python names all of them, and no other.
pub fn table_of_languages() {
    let page = workspace().join("docs/reference/languages.md");
    let page = fs::read_to_string(page).expect("the page");
    let rows = page.lines().filter(|line| line.starts_with("| ")).skip(2);
    let cells: Vec<Vec<&str>> = rows.map(|row| row.split(" | ").collect()).collect();
    let code = |column: usize| -> BTreeSet<String> {
        let cells = cells.iter().filter_map(|row| row.get(column));
        let names = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2));
        names.map(str::to_owned).collect()
    };
    let declared: BTreeSet<String> = functions()
        .iter()
        .map(|function| function.name.replacen("ringfence_", "", 1))
        .collect();
    assert_eq!(code(2), declared);

    let sources = ["ringfence/src", "ringfence-manifest/src"]
        .map(|folder| text_beneath(&workspace().join("crates").join(folder)))
        .concat();
    for name in code(1) {
        let name = name.rsplit("::").next().unwrap_or_default();
        let is_there = ["fn", "struct"].iter().any(|kind| {
            sources.contains(&format!("{kind} {name}("))
                || sources.contains(&format!("{kind} {name}<"))
                || sources.contains(&format!("{kind} {name} {{"))
        });
        let of_the_language = ["drop", "CARGO_PKG_VERSION"].contains(&name);
        assert!(is_there || of_the_language, "{name}");
    }
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text_beneath(folder: &Path) -> String {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    entries
        .map(|entry| {
            let path = entry.path();
            if path.is_dir() {
                text_beneath(&path)
            } else {
                fs::read_to_string(&path).unwrap_or_default()
            }
        })
        .collect()
}
