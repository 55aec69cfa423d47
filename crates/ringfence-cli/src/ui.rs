//! Messages: everything for a person goes to standard error, in one shape.

use std::borrow::Cow;
use std::error::Error;
use std::io::Write as _;
use std::path::Path;

pub(crate) use ringfence::with_causes;

#[cfg(feature = "workbench")]
use ringfence_manifest::Faults;

/// Prints `program: error: sentence: cause` and returns `code`.
pub(crate) fn fail(program: &str, error: &dyn Error, code: u8) -> u8 {
    message(&format!("{program}: error: {}", with_causes(error)));
    code
}

/// Prints why a manifest cannot be used, each fault with its line, and returns `code`.
#[cfg(feature = "workbench")]
pub(crate) fn fail_manifest(program: &str, file: &Path, faults: &Faults, code: u8) -> u8 {
    message(&format!(
        "{program}: error: cannot use {}:\n\n{faults}\n",
        shown(file)
    ));
    code
}

/// Prints a note.
pub(crate) fn note(program: &str, text: &str) {
    message(&format!("{program}: {text}"));
}

/// Prints a text for a person to standard output, and returns the exit code: what cannot be written answers
/// nothing, and is told apart from every answer. A reader that has gone away is no error.
pub(crate) fn print(text: &str) -> u8 {
    print_as_it_is(&printable(text))
}

/// Prints one value of JSON, which a person may read as well.
#[cfg(feature = "workbench")]
pub(crate) fn print_json(text: &str) -> u8 {
    print_as_it_is(&printable_json(text))
}

/// Prints what is a file for some other program, or in colours: its writer has escaped what would do
/// something to a terminal.
pub(crate) fn print_as_it_is(text: &str) -> u8 {
    let mut stdout = std::io::stdout();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            message(&format!("error: cannot write to standard output: {error}"));
            crate::run::SETUP_FAILED
        }
        _ => 0,
    }
}

/// Writes one whole message at once, so that lines of several processes do not mix. If standard
/// error is closed or nobody reads it, there is nobody left to tell.
pub(crate) fn message(text: &str) {
    let line = format!("{}\n", printable(text));
    ringfence_sys::without_sigpipe(|| {
        let _ = std::io::stderr().write_all(line.as_bytes());
    });
}

/// A path for a message: it stays on one line. Other control characters are escaped when the message
/// is written.
pub(crate) fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\n', "\\n")
}

/// Escapes control characters, which paths and files from elsewhere may bring along, but for the
/// ends of lines; and those that end lines or turn the direction of writing for some who show them, so that
/// a name could look like another.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.contains(strange) {
        return Cow::Borrowed(text);
    }
    let escape = |character: char| match character {
        character if strange(character) => character.escape_default().to_string(),
        character => character.to_string(),
    };
    text.chars().map(escape).collect()
}

/// The same for a text in JSON, in whose strings alone such characters are, in the way of JSON.
pub(crate) fn printable_json(text: &str) -> String {
    let escape = |character: char| match character {
        // All of them have four digits.
        character if strange(character) => format!("\\u{:04x}", u32::from(character)),
        character => character.to_string(),
    };
    text.chars().map(escape).collect()
}

fn strange(character: char) -> bool {
    character != '\n' && ringfence::is_strange(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_do_not_reach_the_terminal() {
        assert_eq!(printable("a\nb"), "a\nb");
        assert_eq!(printable("\u{1b}[31m\r"), r"\u{1b}[31m\r");
        assert_eq!(printable("a\u{202e}gnp.é"), r"a\u{202e}gnp.é");
        assert_eq!(printable("a\u{2028}b\u{2066}"), r"a\u{2028}b\u{2066}");
    }
}
