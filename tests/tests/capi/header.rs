//! What the header declares, read as far as these tests need it.

use std::fs;

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
