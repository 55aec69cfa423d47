//! Texts of a manifest in messages: whoever wrote them may want to forge a line on a terminal, or to
//! fill it.

use ringfence::is_strange;

/// So many characters of a message are shown whole.
const MOST: usize = 1500;
const FIRST: usize = 1000;
const LAST: usize = 200;

/// A text on one line: what would move the cursor or turn the direction of writing is escaped, and
/// the middle of what is very long is left out.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::new();
    match text.char_indices().nth(MOST) {
        None => escape(text, &mut shown),
        Some(_) => {
            let first = text.char_indices().nth(FIRST).map_or(0, |(at, _)| at);
            let last = text.char_indices().nth_back(LAST - 1);
            let last = last.map_or(text.len(), |(at, _)| at);
            escape(&text[..first], &mut shown);
            shown.push_str(" [...] ");
            escape(&text[last..], &mut shown);
        }
    }
    shown
}

fn escape(text: &str, to: &mut String) {
    for character in text.chars() {
        if is_strange(character) {
            to.extend(character.escape_default());
        } else {
            to.push(character);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_begins_a_line_of_its_own_nor_turns_the_direction() {
        let text = "a\nerror: forged\r\u{1b}[31m\u{202e}é";
        assert_eq!(shown(text), r"a\nerror: forged\r\u{1b}[31m\u{202e}é");
    }

    #[test]
    fn the_middle_of_a_long_text_is_left_out() {
        let text = "é".repeat(MOST);
        assert_eq!(shown(&text), text);
        let cut = shown(&"é".repeat(MOST + 1));
        assert_eq!(cut.chars().count(), FIRST + LAST + " [...] ".len());
        let cut = shown(&format!("begin{}end", "x".repeat(1 << 20)));
        assert!(cut.starts_with("begin") && cut.ends_with("end"));
    }
}
