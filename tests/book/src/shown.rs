//! What a page says that a command prints, held against what it printed.

/// Whether the lines of a page are what was printed. `…` within a line stands for any text, and a line of `…` alone
/// for any number of lines.
pub fn matches(shown: &str, printed: &str) -> bool {
    let shown: Vec<&str> = shown.lines().map(str::trim_end).collect();
    let printed: Vec<&str> = printed.trim_end().lines().map(str::trim_end).collect();
    lines(&shown, &printed)
}

fn lines(shown: &[&str], printed: &[&str]) -> bool {
    match shown.split_first() {
        None => printed.is_empty(),
        Some((&"…", rest)) => (0..=printed.len()).any(|skipped| lines(rest, &printed[skipped..])),
        Some((first, rest)) => printed
            .split_first()
            .is_some_and(|(line, others)| text(first, line) && lines(rest, others)),
    }
}

fn text(shown: &str, printed: &str) -> bool {
    let Some((before, after)) = shown.split_once('…') else {
        return shown == printed;
    };
    let Some(rest) = printed.strip_prefix(before) else {
        return false;
    };
    rest.char_indices()
        .map(|(place, _)| place)
        .chain([rest.len()])
        .any(|place| text(after, &rest[place..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ellipsis_stands_for_text_or_for_lines_and_nothing_else_does() {
        assert!(matches("a\n…\nz\n", "a\nb\nc\nz\n"));
        assert!(matches("a\n…", "a\n"));
        assert!(matches("ABI …, errata …", "ABI 7, errata 0x7"));
        assert!(!matches("a\nz", "a\nb\nz"));
        assert!(!matches("a", "a\nb"));
        assert!(!matches("a", ""));
        assert!(!matches("ABI …, errata 0x7", "ABI 7, errata 0x3"));
    }
}
