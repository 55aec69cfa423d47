//! Texts as words of unit files: quoted, so that no path or argument becomes a directive, a second word,
//! a specifier or a variable.

/// Why a text cannot stand in a unit file.
pub(crate) const CONTROL: &str =
    "it has a line break or another control character, which a unit file cannot hold in one line";

/// A word of a list: of paths, say.
pub(crate) fn word(text: &str) -> Result<String, &'static str> {
    if text.chars().any(char::is_control) {
        return Err(CONTROL);
    }
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            // systemd puts a specifier's value in the place of `%` and a letter.
            '%' => quoted.push_str("%%"),
            '"' | '\\' => quoted.extend(['\\', character]),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    Ok(quoted)
}

/// An argument of a command, in which `$` begins a variable.
pub(crate) fn argument(text: &str) -> Result<String, &'static str> {
    word(text).map(|quoted| quoted.replace('$', "$$"))
}

/// The program of a command: its whole path, before which systemd reads `-`, `@`, `:`, `+` and `!`, and
/// in which it knows no variables.
pub(crate) fn program(text: &str) -> Result<String, &'static str> {
    if !text.starts_with('/') {
        return Err("it has to be a whole path, from `/` on");
    }
    if text.contains('$') {
        return Err("it has a dollar, which systemd cannot tell from a variable there");
    }
    word(text)
}

/// A text for readers, on one line.
pub(crate) fn comment(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect::<String>()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::unit::{Backslash, assignments, words};

    /// What systemd makes of `%%` and `$$`, words being split before.
    fn filled(word: &str) -> String {
        word.replace("%%", "%").replace("$$", "$")
    }

    proptest! {
        #[test]
        fn an_argument_reads_back_as_the_one_word_that_it_was(texts in proptest::collection::vec("[ -~äß€\u{2028}]{0,12}", 1..5)) {
            let line: Vec<_> = texts.iter().map(|text| argument(text).unwrap()).collect();
            let unit = format!("[Service]\nExecStart={}\nNext=1\n", line.join(" "));
            let read = assignments(&unit).unwrap();
            prop_assert_eq!(read.len(), 2);
            for backslash in [Backslash::Escapes, Backslash::Quotes] {
                let words = words(&read[0].value, backslash).unwrap();
                // No single `%` or `$` is left that would stand for something else.
                for word in &words {
                    prop_assert!(!word.replace("%%", "").contains('%'), "{}", word);
                    prop_assert!(!word.replace("$$", "").contains('$'), "{}", word);
                }
                let back: Vec<_> = words.iter().map(|word| filled(word)).collect();
                prop_assert_eq!(&back, &texts);
            }
        }

        #[test]
        fn no_text_with_a_control_character_is_written(text in "[a-z]{0,3}[\\x00-\\x1f\\x7f\\x80-\\x9f][a-z]{0,3}") {
            prop_assert!(argument(&text).is_err());
            prop_assert!(word(&text).is_err());
            prop_assert!(!comment(&text).contains(char::is_control));
        }
    }

    #[test]
    fn a_program_is_a_whole_path_without_variables() {
        assert_eq!(program("/opt/a b").unwrap(), "\"/opt/a b\"");
        for wrong in ["-/bin/x", "runner", "", "/opt/$x", "/a\nb"] {
            assert!(program(wrong).is_err(), "{wrong}");
        }
    }
}
