//! Messages: everything for a person goes to standard error, in one shape.

use std::error::Error;
use std::io::Write as _;

/// Prints `program: error: sentence: cause` and returns `code`.
pub(crate) fn fail(program: &str, error: &dyn Error, code: u8) -> u8 {
    message(&format!("{program}: error: {}", with_causes(error)));
    code
}

/// Prints a note.
pub(crate) fn note(program: &str, text: &str) {
    message(&format!("{program}: {text}"));
}

/// Prints to standard output. A reader that has gone away is no error.
pub(crate) fn print(text: &str) -> u8 {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => 1,
        _ => 0,
    }
}

/// An error and the causes behind it on one line.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// Writes one whole message at once, so that lines of several processes do not mix. If standard
/// error is closed there is nobody left to tell.
pub(crate) fn message(text: &str) {
    let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
}
