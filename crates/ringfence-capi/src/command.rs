//! Commands: programs that are going to be started in sandboxes.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::Arc;

use ringfence::process::{self, Limits};

use crate::border::{Out, OutHandle, OwnedText, Text, Texts, caught, given, handle, quietly};
use crate::cgroups::Cgroups;
use crate::child::Child;
use crate::error::Error;
use crate::limits;
use crate::output::Output;
use crate::sandbox::Sandbox;
use crate::strings::hand_over;

mod stdio;
mod user;

use stdio::Choice;
use user::User;

/// A program that is going to be started, any number of times and in any sandbox, with its arguments,
/// environment and limits.
///
/// What cannot be used is remembered, and starting it gives that as an error, so that the functions that
/// describe it need no checks one by one. On a command that is NULL they do nothing.
#[derive(Default)]
pub struct Command {
    program: OsString,
    name: Option<OsString>,
    arguments: Vec<OsString>,
    clear: bool,
    /// Without a value a variable is removed.
    variables: Vec<(OsString, Option<OsString>)>,
    directory: Option<PathBuf>,
    user: User,
    stdio: [Option<Choice>; 3],
    limits: Limits,
    cgroups: Option<Arc<process::Cgroups>>,
    may_leave_group: bool,
    /// The first thing that could not be used.
    fault: Option<Error>,
}

impl Command {
    /// The command in the library's words, in a sandbox.
    fn within<'s>(&'s self, sandbox: &'s Sandbox) -> Result<process::Command<'s>, Error> {
        if let Some(fault) = &self.fault {
            return Err(fault.again());
        }
        let mut command = sandbox.get()?.command(&self.program);
        command
            .args(&self.arguments)
            .limits(self.limits)
            .may_leave_group(self.may_leave_group);
        if let Some(name) = &self.name {
            command.arg0(name);
        }
        if self.clear {
            command.env_clear();
        }
        for (name, value) in &self.variables {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        self.user.set(&mut command);
        if let Some(cgroups) = &self.cgroups {
            command.cgroup(cgroups);
        }
        let [stdin, stdout, stderr] = &self.stdio;
        if let Some(choice) = stdin {
            command.stdin(choice.open("standard input")?);
        }
        if let Some(choice) = stdout {
            command.stdout(choice.open("standard output")?);
        }
        if let Some(choice) = stderr {
            command.stderr(choice.open("standard error")?);
        }
        Ok(command)
    }
}

/// Changes a command, or remembers why it cannot.
fn change(command: Option<&mut Command>, act: impl FnOnce(&mut Command) -> Result<(), Error>) {
    let Some(command) = command else { return };
    if let Err(error) = caught(|| act(command)) {
        command.fault.get_or_insert(error);
    }
}

/// A command that starts `program`; a name without a slash is looked for in PATH of the command's
/// environment. Unless told otherwise it has this process's environment and standard descriptors, of the
/// others none. Free it with `ringfence_command_free`. Never NULL, but for a fault of this library.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_new(program: Text) -> Option<Box<Command>> {
    quietly(None, || {
        let mut command = Command::default();
        change(Some(&mut command), |command| {
            command.program = program.os("the program")?.into();
            Ok(())
        });
        Some(Box::new(command))
    })
}

/// Calls it by another name, the first of its arguments.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_arg0(command: Option<&mut Command>, name: Text) {
    change(command, |command| {
        command.name = Some(name.os("the name")?.into());
        Ok(())
    });
}

/// Adds an argument.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_arg(command: Option<&mut Command>, argument: Text) {
    change(command, |command| {
        command.arguments.push(argument.os("an argument")?.into());
        Ok(())
    });
}

/// Adds arguments: an array that ends with NULL. The name of the program is not among them.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_args(command: Option<&mut Command>, arguments: Texts) {
    change(command, |command| {
        for argument in arguments.each("the arguments")? {
            command.arguments.push(argument.os("an argument")?.into());
        }
        Ok(())
    });
}

/// Sets a variable of its environment.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_env(command: Option<&mut Command>, name: Text, value: Text) {
    change(command, |command| {
        let value = value.os("the value of the variable")?.into();
        command.variables.push((variable(&name)?, Some(value)));
        Ok(())
    });
}

/// Sets variables of its environment: an array of `NAME=VALUE` that ends with NULL, as `environ` is.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_envs(command: Option<&mut Command>, variables: Texts) {
    change(command, |command| {
        for variable in variables.each("the variables")? {
            let bytes = variable.os("a variable")?.as_bytes();
            // A name may begin with `=`, by which nobody means that it is empty.
            let end = bytes.iter().skip(1).position(|&byte| byte == b'=');
            let end = end.ok_or_else(|| {
                let shown = String::from_utf8_lossy(bytes);
                Error::argument(format!("`{shown}` is no variable; write NAME=VALUE"))
            })?;
            let (name, value) = (&bytes[..=end], &bytes[end + 2..]);
            let owned = |bytes| OsStr::from_bytes(bytes).to_owned();
            command.variables.push((owned(name), Some(owned(value))));
        }
        Ok(())
    });
}

/// Takes a variable out of its environment.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_env_remove(command: Option<&mut Command>, name: Text) {
    change(command, |command| {
        command.variables.push((variable(&name)?, None));
        Ok(())
    });
}

/// Starts from an empty environment instead of this process's, and forgets variables that were set. What a
/// program is not given, it cannot tell anyone.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_env_clear(command: Option<&mut Command>) {
    change(command, |command| {
        command.clear = true;
        command.variables.clear();
        Ok(())
    });
}

fn variable(name: &Text) -> Result<OsString, Error> {
    let name = name.os("the name of the variable")?;
    if name.is_empty() || name.as_bytes().contains(&b'=') {
        return Err(Error::argument(format!(
            "`{}` is no name of a variable",
            name.display()
        )));
    }
    Ok(name.into())
}

/// Starts it in this directory. A relative name of the program is relative to it.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_current_dir(command: Option<&mut Command>, directory: Text) {
    change(command, |command| {
        command.directory = Some(directory.path("the directory")?.into());
        Ok(())
    });
}

/// Sets a limit: `limit` is a value of `ringfence_limit`, which says the unit of `value`.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_limit(command: Option<&mut Command>, limit: u32, value: u64) {
    change(command, |command| {
        limits::set(&mut command.limits, limit, value)
    });
}

/// By what each of its limits is held and what that leaves open, a line each; empty without limits. Free the
/// text with `ringfence_string_free`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_command_limits_text(
    command: Option<&Command>,
    text: Out<'_, OwnedText>,
) -> Option<Box<Error>> {
    hand_over(text, || {
        let command = given(command, "the command")?;
        let account = command.limits.account(command.cgroups.is_some());
        Ok(account.iter().map(limits::shown).collect())
    })
}

/// Puts it into a cgroup of its own beneath this one. Limits of memory and processes then hold for all of
/// the job together, and nothing can leave it.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_cgroup(
    command: Option<&mut Command>,
    cgroups: Option<&Cgroups>,
) {
    change(command, |command| {
        command.cgroups = Some(Arc::clone(&given(cgroups, "the cgroup")?.0));
        Ok(())
    });
}

/// Lets it begin sessions and process groups: for shells with job control and programs that make daemons.
/// Without a cgroup, what leaves the job's group outlives the job.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_may_leave_group(command: Option<&mut Command>, may: bool) {
    change(command, |command| {
        command.may_leave_group = may;
        Ok(())
    });
}

/// Starts it in a sandbox. No descriptor but the standard three is inherited, signals are at their defaults,
/// and when the program ends or the child is freed, all that it started is killed. The calling thread alone
/// waits until the program runs. Free the child with `ringfence_child_free`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_command_spawn(
    command: Option<&Command>,
    sandbox: Option<&Sandbox>,
    child: OutHandle<'_, Child>,
) -> Option<Box<Error>> {
    handle(child, || {
        let sandbox = given(sandbox, "the sandbox")?;
        let mut command = given(command, "the command")?.within(sandbox)?;
        Ok(command.spawn()?.into())
    })
}

/// Starts it, waits for its end, and collects what it writes; its standard input is `/dev/null` unless told
/// otherwise. Free the output with `ringfence_output_free`.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn ringfence_command_output(
    command: Option<&Command>,
    sandbox: Option<&Sandbox>,
    output: OutHandle<'_, Output>,
) -> Option<Box<Error>> {
    handle(output, || {
        let sandbox = given(sandbox, "the sandbox")?;
        let mut command = given(command, "the command")?.within(sandbox)?;
        Ok(command.output()?.into())
    })
}

/// Frees a command. NULL is fine. What it started goes on.
#[unsafe(no_mangle)]
pub extern "C" fn ringfence_command_free(command: Option<Box<Command>>) {
    quietly((), || drop(command));
}
