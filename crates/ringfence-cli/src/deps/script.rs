//! The first line of a script, as the kernel's `binfmt_script` reads it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

/// How much of a file the kernel looks at to tell what it is (`BINPRM_BUF_SIZE`).
pub(super) const HEAD: usize = 256;

/// What the `#!` line says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) interpreter: PathBuf,
    argument: Option<Vec<u8>>,
}

/// Why a file is not a script that the kernel starts.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotAScript {
    NoInterpreter,
    TooLong,
}

impl Line {
    /// Reads the line from the first [`HEAD`] bytes of a file, or from all of a shorter one.
    pub(super) fn parse(head: &[u8]) -> Result<Self, NotAScript> {
        let text = head.strip_prefix(b"#!").ok_or(NotAScript::NoInterpreter)?;
        let end = text.iter().position(|&b| b == b'\n' || b == 0);
        let cut_off = end.is_none() && head.len() >= HEAD;
        let text = trim_start(&text[..end.unwrap_or(text.len())]);
        let name = text.split(|&b| is_blank(b)).next().unwrap_or_default();
        if name.is_empty() {
            return Err(NotAScript::NoInterpreter);
        }
        if cut_off && name.len() == text.len() {
            return Err(NotAScript::TooLong);
        }
        // The kernel keeps the last byte of a full buffer for its own NUL.
        let text = &text[..text.len() - usize::from(cut_off)];
        let argument = trim_end(trim_start(&text[name.len()..]));
        Ok(Self {
            interpreter: OsString::from_vec(name.to_vec()).into(),
            argument: (!argument.is_empty()).then(|| argument.to_vec()),
        })
    }

    /// The program that the line makes `env` start, if its interpreter is `env`.
    pub(super) fn env_program(&self) -> Option<OsString> {
        if self.interpreter.file_name()? != "env" {
            return None;
        }
        let argument = self.argument.as_deref()?;
        // The kernel passes all that follows as one argument; only -S makes env split it.
        let Some(words) = split_string(argument) else {
            let names_a_program = !argument.starts_with(b"-") && !argument.contains(&b'=');
            return names_a_program.then(|| OsString::from_vec(argument.to_vec()));
        };
        let mut words = words
            .split(|&b| is_blank(b))
            .filter(|word| !word.is_empty());
        while let Some(word) = words.next() {
            match word {
                b"-u" | b"-C" | b"--unset" | b"--chdir" => _ = words.next(),
                _ if word.starts_with(b"-") || word.contains(&b'=') => {}
                _ => return Some(OsString::from_vec(word.to_vec())),
            }
        }
        None
    }
}

/// What follows `-S` (also as `-vS`, `-iS`) or `--split-string`.
fn split_string(argument: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = argument.strip_prefix(b"--split-string") {
        return Some(rest.strip_prefix(b"=").unwrap_or(rest));
    }
    let options = argument.strip_prefix(b"-")?;
    let flags = options.iter().take_while(|b| b"iv0".contains(b)).count();
    options[flags..].strip_prefix(b"S")
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn trim_start(text: &[u8]) -> &[u8] {
    let blanks = text.iter().take_while(|&&b| is_blank(b)).count();
    &text[blanks..]
}

fn trim_end(text: &[u8]) -> &[u8] {
    let blanks = text.iter().rev().take_while(|&&b| is_blank(b)).count();
    &text[..text.len() - blanks]
}
