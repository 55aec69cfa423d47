//! Where the standard descriptors of a command come from.

use std::ffi::c_int;

use ringfence::process::{SpawnError, Stdio};

use super::{Command, change};
use crate::border::duplicate;
use crate::error::Error;

/// This process's own descriptor.
pub const RINGFENCE_STDIO_INHERIT: c_int = -1;
/// `/dev/null`.
pub const RINGFENCE_STDIO_NULL: c_int = -2;
/// A new pipe, whose other end the child has.
pub const RINGFENCE_STDIO_PIPED: c_int = -3;

/// What a descriptor is to be: a number, or one of the constants above.
#[derive(Clone, Copy)]
pub struct Choice(c_int);

impl Choice {
    /// Opens it for one start. A descriptor of C's is copied, and stays C's.
    pub fn open(self, what: &'static str) -> Result<Stdio, Error> {
        match self.0 {
            RINGFENCE_STDIO_INHERIT => Ok(Stdio::inherit()),
            RINGFENCE_STDIO_NULL => Ok(Stdio::null()),
            RINGFENCE_STDIO_PIPED => Ok(Stdio::piped()),
            fd => match duplicate(fd) {
                Ok(fd) => Ok(fd.into()),
                Err(error) => Err(SpawnError::Stdio(what, error).into()),
            },
        }
    }
}

/// Where its standard input comes from: a descriptor, or one of `RINGFENCE_STDIO_*`. A descriptor stays
/// yours, and has to be open when the command is started.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_stdin(command: Option<&mut Command>, fd: c_int) {
    set(command, fd, |[stdin, _, _]| stdin);
}

/// Where its standard output goes, as `ringfence_command_stdin`.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_stdout(command: Option<&mut Command>, fd: c_int) {
    set(command, fd, |[_, stdout, _]| stdout);
}

/// Where its standard error goes, as `ringfence_command_stdin`.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_stderr(command: Option<&mut Command>, fd: c_int) {
    set(command, fd, |[_, _, stderr]| stderr);
}

fn set(
    command: Option<&mut Command>,
    fd: c_int,
    which: fn(&mut [Option<Choice>; 3]) -> &mut Option<Choice>,
) {
    change(command, |command| {
        if fd < RINGFENCE_STDIO_PIPED {
            return Err(Error::argument(format!("{fd} is no descriptor")));
        }
        *which(&mut command.stdio) = Some(Choice(fd));
        Ok(())
    });
}
