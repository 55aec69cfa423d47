//! Text of a page. Paths and descriptions come from files, and may be chosen by an attacker.

use std::ffi::OsStr;
use std::fmt::Write as _;

/// As text of an element or of a quoted attribute. What is not seen, or changes how other text is seen,
/// is shown as its escape.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            character if is_unseen(character) => out.extend(character.escape_default()),
            character => out.push(character),
        }
    }
    out
}

/// The name of a file, whose bytes that are no text are shown as such: two names never look the same for it.
pub(super) fn name(name: &OsStr) -> String {
    let mut out = String::new();
    for chunk in name.as_encoded_bytes().utf8_chunks() {
        out.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
    out
}

/// Control characters, those that turn the direction of text or take no room, and those that no document
/// may contain.
fn is_unseen(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
        || u32::from(character) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;

    #[test]
    fn text_ends_no_element_and_no_attribute() {
        assert_eq!(
            escaped(r#"</p a="b" c='d'>&amp;"#),
            "&lt;/p a=&quot;b&quot; c=&#39;d&#39;&gt;&amp;amp;"
        );
    }

    #[test]
    fn what_is_not_seen_is_named() {
        assert_eq!(
            escaped("a\u{0}\u{1b}\n\u{202e}\u{feff}\u{ffff}é"),
            r"a\u{0}\u{1b}\n\u{202e}\u{feff}\u{ffff}é"
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_told_apart() {
        assert_eq!(name(OsStr::from_bytes(b"a\xff\xfeb")), r"a\xff\xfeb");
    }
}
