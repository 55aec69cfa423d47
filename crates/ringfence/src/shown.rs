//! Messages: paths, which an attacker may choose and which go to a terminal; errors with their causes.

use std::error::Error;
use std::fmt::{self, Write as _};
use std::path::Path;

/// A path as text in which control characters are escaped.
pub(crate) struct Shown<'a>(pub(crate) &'a Path);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.to_string_lossy().chars() {
            if character.is_control() {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
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
        let path = Path::new("/tmp/\u{1b}[31mred\nnew line é");
        assert_eq!(Shown(path).to_string(), r"/tmp/\u{1b}[31mred\nnew line é");
    }
}
