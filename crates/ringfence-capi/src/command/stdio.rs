//! Where the standard descriptors of a command come from.

use std::ffi::c_int;

use ringfence::process::{SpawnError, Stdio as Opened};

use super::{Command, change};
use crate::border::duplicate;
use crate::error::Error;

/// What a standard descriptor is, where it is none of yours.
#[repr(C)]
#[derive(Clone, Copy)]
pub enum Stdio {
    /// This process's own.
    Inherit = -1,
    /// `/dev/null`.
    Null = -2,
    /// A new pipe, whose other end the child has.
    Piped = -3,
}

/// What a descriptor is to be: a number, or one of [`Stdio`].
#[derive(Clone, Copy)]
pub struct Choice(c_int);

impl Choice {
    /// Opens it for one start. A descriptor of C's is copied, and stays C's.
    pub fn open(self, what: &'static str) -> Result<Opened, Error> {
        const INHERIT: c_int = Stdio::Inherit as c_int;
        const NULL: c_int = Stdio::Null as c_int;
        const PIPED: c_int = Stdio::Piped as c_int;

        match self.0 {
            INHERIT => Ok(Opened::inherit()),
            NULL => Ok(Opened::null()),
            PIPED => Ok(Opened::piped()),
            fd => match duplicate(fd) {
                Ok(fd) => Ok(fd.into()),
                Err(error) => Err(SpawnError::Stdio(what, error).into()),
            },
        }
    }
}

/// Where its standard input comes from: a descriptor, or a value of `ringfence_stdio`. A descriptor stays
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
        if fd < Stdio::Piped as c_int {
            return Err(Error::argument(format!("{fd} is no descriptor")));
        }
        *which(&mut command.stdio) = Some(Choice(fd));
        Ok(())
    });
}
