//! What a program wrote, and how it ended.

use ringfence::process;

use crate::border::{Out, answer, given, quietly};
use crate::child::Ended;
use crate::error::Error;

/// What a program wrote, and how it ended; or what a confined function replied, and returned.
pub struct Output {
    pub(crate) ended: Ended,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: Vec<u8>,
    pub(crate) truncated: bool,
}

impl From<process::Output> for Output {
    fn from(output: process::Output) -> Self {
        Self {
            ended: output.ended.into(),
            stdout: output.stdout,
            stderr: output.stderr,
            truncated: output.truncated,
        }
    }
}

/// How it ended.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_output_ended(
    output: Option<&Output>,
    ended: Out<'_, Ended>,
) -> Option<Box<Error>> {
    answer(ended, Ended::unknown(), || {
        Ok(given(output, "the output")?.ended)
    })
}

/// What it wrote to standard output, or what a function replied: `length` bytes, which may hold NUL and end
/// without one. They belong to the output and live as long; NULL for NULL. `length` may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_output_stdout(
    output: Option<&Output>,
    length: Out<'_, usize>,
) -> *const u8 {
    bytes(output.map(|output| &*output.stdout), length)
}

/// What it wrote to standard error, as `ringfence_output_stdout`.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_output_stderr(
    output: Option<&Output>,
    length: Out<'_, usize>,
) -> *const u8 {
    bytes(output.map(|output| &*output.stderr), length)
}

fn bytes(bytes: Option<&[u8]>, length: Out<'_, usize>) -> *const u8 {
    if let Some(length) = length {
        length.write(bytes.map_or(0, <[u8]>::len));
    }
    bytes.map_or(std::ptr::null(), <[u8]>::as_ptr)
}

/// Whether it wrote more than its limit of output; what is here is the beginning then. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_output_is_truncated(output: Option<&Output>) -> bool {
    quietly(false, || output.is_some_and(|output| output.truncated))
}

/// Frees an output. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_output_free(output: Option<Box<Output>>) {
    quietly((), || drop(output));
}
