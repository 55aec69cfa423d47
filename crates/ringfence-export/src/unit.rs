//! Unit files, read as systemd reads them (`systemd.syntax(7)`): sections, continued lines, comments, quotes.

use std::iter::Peekable;
use std::str::Chars;

/// `Key=value` in a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) section: String,
    pub(crate) key: String,
    /// Without the blanks around it; quotes and escapes as written.
    pub(crate) value: String,
    /// The line that it begins in, from 1.
    pub(crate) line: usize,
}

/// Why a text is no unit file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    pub(crate) line: usize,
    pub(crate) why: String,
}

/// All assignments of a unit file.
pub(crate) fn assignments(text: &str) -> Result<Vec<Assignment>, Malformed> {
    let mut all = Vec::new();
    let mut section: Option<String> = None;
    for (line, text) in logical_lines(text) {
        let malformed = |why: &str| Malformed {
            line,
            why: why.to_owned(),
        };
        let text = text.trim_matches(blank);
        if text.is_empty() {
            continue;
        }
        if text.contains('\0') {
            return Err(malformed("it has a NUL byte"));
        }
        if let Some(name) = text.strip_prefix('[') {
            let name = name
                .strip_suffix(']')
                .ok_or_else(|| malformed("the section has no closing bracket"))?;
            section = Some(name.to_owned());
            continue;
        }
        let (key, value) = text
            .split_once('=')
            .ok_or_else(|| malformed("it is neither a section nor `Key=value`"))?;
        let section = section
            .clone()
            .ok_or_else(|| malformed("it stands before the first section"))?;
        all.push(Assignment {
            section,
            key: key.trim_matches(blank).to_owned(),
            value: value.trim_matches(blank).to_owned(),
            line,
        });
    }
    Ok(all)
}

fn blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

/// Lines with their continuations, without comments; each with the number of its first.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (number, line) in text.split(['\n', '\r']).enumerate() {
        // Also between the parts of a continued line.
        if line.trim_start_matches(blank).starts_with(['#', ';']) {
            continue;
        }
        let (first, mut joined) = open.take().unwrap_or((number + 1, String::new()));
        let backslashes = line.len() - line.trim_end_matches('\\').len();
        match line.strip_suffix('\\') {
            Some(line) if backslashes % 2 == 1 => {
                joined.push_str(line);
                joined.push(' ');
                open = Some((first, joined));
            }
            _ => {
                joined.push_str(line);
                lines.push((first, joined));
            }
        }
    }
    lines.extend(open);
    lines
}

/// What a backslash does in a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Backslash {
    /// It begins an escape as in C: command lines, environments.
    Escapes,
    /// The next character stands for itself: lists of paths and names.
    Quotes,
}

/// The words of a value.
pub(crate) fn words(value: &str, backslash: Backslash) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut rest = value.chars().peekable();
    loop {
        while rest.next_if(|&character| blank(character)).is_some() {}
        if rest.peek().is_none() {
            return Ok(words);
        }
        words.push(word(&mut rest, backslash)?);
    }
}

fn word(rest: &mut Peekable<Chars<'_>>, backslash: Backslash) -> Result<String, String> {
    let mut word = String::new();
    let mut quote = None;
    while let Some(character) = rest.next() {
        match (character, quote) {
            ('\\', _) => match backslash {
                Backslash::Escapes => word.push(escaped(rest)?),
                Backslash::Quotes => {
                    word.push(rest.next().ok_or("a backslash stands at its end")?);
                }
            },
            (character, Some(open)) if character == open => quote = None,
            ('"' | '\'', None) => quote = Some(character),
            (character, None) if blank(character) => return Ok(word),
            (character, _) => word.push(character),
        }
    }
    match quote {
        Some(open) => Err(format!("a quote is left open ({open})")),
        None => Ok(word),
    }
}

/// The character that an escape stands for, its backslash read.
fn escaped(rest: &mut Peekable<Chars<'_>>) -> Result<char, String> {
    let unknown = || "an escape is not known".to_owned();
    let character = rest.next().ok_or("a backslash stands at its end")?;
    let (digits, radix, first) = match character {
        'a' => return Ok('\x07'),
        'b' => return Ok('\x08'),
        'f' => return Ok('\x0c'),
        'n' => return Ok('\n'),
        'r' => return Ok('\r'),
        't' => return Ok('\t'),
        'v' => return Ok('\x0b'),
        's' => return Ok(' '),
        '\\' | '"' | '\'' => return Ok(character),
        'x' => (2, 16, None),
        'u' => (4, 16, None),
        'U' => (8, 16, None),
        '0'..='7' => (2, 8, Some(character)),
        _ => return Err(unknown()),
    };
    let mut text: String = first.into_iter().collect();
    for _ in 0..digits {
        text.push(rest.next().ok_or_else(unknown)?);
    }
    let number = u32::from_str_radix(&text, radix).map_err(|_| unknown())?;
    // By `\xNN` and octal a byte is meant, which above ASCII is no character by itself.
    let byte = matches!(character, 'x' | '0'..='7');
    match char::from_u32(number) {
        Some(character) if number != 0 && (!byte || character.is_ascii()) => Ok(character),
        _ => Err("an escape stands for no character of its own".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_comments_left_out_as_systemd_does() {
        let text = "[Service]\n# one=1\n Key = a \\\n; not this\n  b\nNext=c\\\\\nLast=x";
        let read: Vec<_> = assignments(text)
            .unwrap()
            .into_iter()
            .map(|one| (one.line, one.key, one.value))
            .collect();
        let of = |line, key: &str, value: &str| (line, key.to_owned(), value.to_owned());
        assert_eq!(
            read,
            [
                of(3, "Key", "a    b"),
                of(6, "Next", r"c\\"),
                of(7, "Last", "x")
            ]
        );
        for wrong in ["Key=1", "[Service\nA=1", "[Service]\nKey", "[S]\nA=\0"] {
            assert!(assignments(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn words_are_unquoted_as_systemd_does() {
        let escapes = |text| words(text, Backslash::Escapes);
        assert_eq!(
            escapes(r#"a "b c"'d' \x41\t\s "" \" "it's" 'x\'y' \101"#).unwrap(),
            ["a", "b cd", "A\t ", "", "\"", "it's", "x'y", "A"]
        );
        assert_eq!(
            words(r#"/a\ b "/c\"d""#, Backslash::Quotes).unwrap(),
            ["/a b", "/c\"d"]
        );
        for wrong in ["\"a", "'", "a\\", r"\q", r"\x4", r"\xff", r"\x00"] {
            assert!(escapes(wrong).is_err(), "{wrong}");
        }
    }
}
