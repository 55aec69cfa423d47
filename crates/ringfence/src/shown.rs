//! Paths in messages: what they hold may be chosen by an attacker, and goes to a terminal.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_control_character_reaches_a_terminal() {
        let path = Path::new("/tmp/\u{1b}[31mred\nnew line é");
        assert_eq!(Shown(path).to_string(), r"/tmp/\u{1b}[31mred\nnew line é");
    }
}
