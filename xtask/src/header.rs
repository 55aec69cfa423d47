//! `cargo xtask header`: `ringfence.h`, from the code of the C library and its comments.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};
use cbindgen::{
    Builder, Config, DocumentationLength, DocumentationStyle, Language, RenameRule, Style,
};

use crate::workspace;

/// What the header says before its first function.
const PREFACE: &str = include_str!("../../crates/ringfence-capi/preface.h");

/// Types of the library, which in C have small letters and the prefix.
const TYPES: &[&str] = &[
    "Answer", "Cgroups", "Child", "Code", "Command", "Confined", "Ended", "Error", "File",
    "Function", "Kernel", "Limit", "Output", "Plan", "Policy", "Reply", "Sandbox", "Status",
    "Stdio", "Template",
];

/// Where the header is.
pub fn path() -> PathBuf {
    workspace::root().join("crates/ringfence-capi/include/ringfence.h")
}

/// Writes the header.
pub fn write() -> Result<()> {
    let path = path();
    fs::write(&path, text()?).with_context(|| format!("{} cannot be written", path.display()))?;
    println!("{}", path.display());
    Ok(())
}

/// The header as the code says.
pub fn text() -> Result<String> {
    let mut config = Config {
        language: Language::C,
        cpp_compat: true,
        include_guard: Some("RINGFENCE_H".to_owned()),
        header: Some(preface()),
        no_includes: true,
        sys_includes: ["stdbool.h", "stddef.h", "stdint.h"]
            .map(str::to_owned)
            .into(),
        after_includes: Some(macros()),
        style: Style::Type,
        usize_is_size_t: true,
        documentation_style: DocumentationStyle::Doxy,
        documentation_length: DocumentationLength::Full,
        line_length: 100,
        ..Config::default()
    };
    // What functions take as numbers, since C may pass any.
    config.export.include = vec!["File".to_owned(), "Stdio".to_owned()];
    config.enumeration.rename_variants = RenameRule::QualifiedScreamingSnakeCase;
    config.function.must_use = Some("RINGFENCE_MUST_USE".to_owned());
    config.export.rename = TYPES
        .iter()
        .map(|&name| {
            (
                name.to_owned(),
                format!("ringfence_{}", name.to_lowercase()),
            )
        })
        .collect();
    let bindings = Builder::new()
        .with_crate(workspace::root().join("crates/ringfence-capi"))
        .with_config(config)
        .generate()
        .context("cbindgen cannot read the C library")?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    Ok(without_aliases(&String::from_utf8(text)?))
}

/// The header without names for pointers, which serve the code and would hide from C what they are.
///
/// cbindgen has no such choice. Of `typedef const char *Text;` the comment and the line go, and `Text path`
/// becomes `const char *path`.
fn without_aliases(header: &str) -> String {
    let mut aliases: Vec<(String, String)> = Vec::new();
    let mut kept: Vec<String> = Vec::new();
    for line in header.lines() {
        let Some((pointer, name)) = alias(line) else {
            kept.push(replaced(line, &aliases));
            continue;
        };
        aliases.push((name.to_owned(), replaced(pointer, &aliases)));
        while kept.last().is_some_and(|line| !line.is_empty()) {
            kept.pop();
        }
        kept.pop();
    }
    kept.join("\n") + "\n"
}

/// The pointer and its name, if a line defines such a name.
fn alias(line: &str) -> Option<(&str, &str)> {
    let (pointer, name) = line
        .strip_prefix("typedef ")?
        .strip_suffix(';')?
        .rsplit_once(' ')?;
    let bare = name.trim_start_matches('*');
    let stars = name.len() - bare.len();
    let end = pointer.len() + 1 + stars;
    let is_ours = bare.starts_with(char::is_uppercase);
    is_ours.then(|| (&line["typedef ".len()..]["".len()..end], bare))
}

/// A line with pointers instead of their names.
fn replaced(line: &str, aliases: &[(String, String)]) -> String {
    if line.trim_start().starts_with(['*', '/']) {
        return line.to_owned();
    }
    // The latest first: one name may stand for another.
    aliases
        .iter()
        .rev()
        .fold(line.to_owned(), |line, (name, pointer)| {
            line.replace(&format!("({name} "), &format!("({pointer}"))
                .replace(&format!(" {name} "), &format!(" {pointer}"))
                .replace(&format!("{name} *"), &format!("{pointer}*"))
        })
}

fn preface() -> String {
    PREFACE.trim_end().to_owned()
}

fn macros() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut parts = version.split('.').map(|part| part.trim().to_owned());
    let mut part = || parts.next().unwrap_or_else(|| "0".to_owned());
    let (major, minor, patch) = (part(), part(), part());
    format!(
        "\n/* The version of this header; `ringfence_version` has that of the library. */\n\
         #define RINGFENCE_VERSION_MAJOR {major}\n\
         #define RINGFENCE_VERSION_MINOR {minor}\n\
         #define RINGFENCE_VERSION_PATCH {patch}\n\n\
         /* An error that is dropped is a sandbox that is believed to hold. */\n\
         #if defined(__GNUC__)\n\
         #define RINGFENCE_MUST_USE __attribute__((warn_unused_result))\n\
         #else\n\
         #define RINGFENCE_MUST_USE\n\
         #endif\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_what_the_code_says() {
        let written = fs::read_to_string(path()).unwrap();
        assert!(
            written == text().unwrap(),
            "the C library has changed; `cargo xtask header` writes its header anew"
        );
    }
}
