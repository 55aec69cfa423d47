//! Messages: paths, which an attacker may choose and which go to a terminal; errors with their causes.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::path::Path;

/// A path as text in which control characters are escaped, and what ends lines or turns the direction of
/// writing for some who show it.
pub(crate) struct Shown<'a>(pub(crate) &'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.to_string_lossy().chars() {
            if is_strange(character) {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// Whether a character in a message would do something to a terminal, end a line, or turn the direction of
/// writing, so that one name could look like another.
///
/// ```
/// assert!(ringfence::is_strange('\u{1b}') && ringfence::is_strange('\u{202e}'));
/// assert!(!ringfence::is_strange('é'));
/// ```
pub fn is_strange(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}')
        || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// An error and the causes behind it as one sentence.
///
/// ```
/// let error = std::fs::read("/nowhere").unwrap_err();
/// assert!(ringfence::with_causes(&error).starts_with("No such file"));
/// ```
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_reaches_a_terminal() {
        let path = Path::new("/tmp/\u{1b}[31mred\nnew line é\u{202e}\u{2028}");
        let shown = r"/tmp/\u{1b}[31mred\nnew line é\u{202e}\u{2028}";
        assert_eq!(Shown(path).to_string(), shown);
    }
}
