//! Texts and paths as scalars of YAML.

use std::fmt::Write as _;
use std::path::Path;

use super::Unwritable;

pub(super) fn utf8(path: &Path) -> Result<&str, Unwritable> {
    path.to_str()
        .ok_or_else(|| Unwritable(path.display().to_string()))
}

/// A path that is no pattern: `*`, `?` and `[` stand in brackets, and so does the shell's `~`.
pub(super) fn path(path: &Path) -> Result<String, Unwritable> {
    let text = utf8(path)?;
    let escaped: String = text
        .char_indices()
        .map(|(at, character)| match character {
            '*' | '?' | '[' => format!("[{character}]"),
            '~' if at == 0 => "[~]".to_owned(),
            character => character.to_string(),
        })
        .collect();
    Ok(value(&escaped))
}

pub(super) fn pattern(path: &Path) -> Result<String, Unwritable> {
    utf8(path).map(value)
}

/// A text in which no variable is filled in.
pub(super) fn value(text: &str) -> String {
    plain_or_quoted(&text.replace('$', "$$"))
}

pub(super) fn plain_or_quoted(text: &str) -> String {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'_' | b'-' | b'+');
    let starts_plainly = text
        .bytes()
        .next()
        .is_some_and(|first| first == b'/' || first.is_ascii_alphabetic());
    let reserved = ["true", "false", "null"];
    let is_reserved = reserved.iter().any(|word| word.eq_ignore_ascii_case(text));
    if starts_plainly && !is_reserved && text.bytes().all(plain) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// A text in double quotes, as YAML and JSON read it.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            // Controls, separators that YAML takes for ends of lines, marks that turn the direction of
            // writing, by which a path could look like another, and the mark of byte order.
            '\0'..='\u{1f}'
            | '\u{7f}'..='\u{a0}'
            | '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(character));
            }
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
