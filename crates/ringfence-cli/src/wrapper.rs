//! `landlock-runner`: restricts itself as its flags say, and becomes the command.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;

use lexopt::Arg;
use ringfence_sys::Arguments;

use crate::flags::{FLAGS, Flag, Group};
use crate::invocation::{Invocation, UsageError};
use crate::{run, ui};

/// The name in messages and help.
pub const NAME: &str = "landlock-runner";

/// The summary in help and man page.
pub const SUMMARY: &str = "Restrict a program to what its flags allow, and execute it.";

/// What help and man page say behind the flags.
pub const EPILOGUE: &str = "\
Everything that no flag allows is denied: paths, TCP and UDP ports, UNIX sockets,
signals, by Landlock; and by a filter of system calls what Landlock of this kernel
leaves open. A line that this kernel cannot enforce stops the start; what nothing
can close is shown by `ringfence plan`.

Examples:
  landlock-runner --ro /usr --ro /etc/ssl/certs --rw /var/lib/tool --connect-tcp 443 -- tool
  landlock-runner --include base --ro /usr --rw . --rw /tmp -- make
  landlock-runner --policy tool.yaml --set WORKDIR=/srv/job -- tool
  landlock-runner --unrestricted-fs --bind-tcp 8080 --connect-tcp any -- server

Exit codes:
  125  the sandbox could not be set up
  126  the command cannot be executed
  127  the command was not found
  else the command's own";

/// The program. Returns only if the command could not be started, with the exit code.
pub fn main(arguments: Arguments) -> u8 {
    let asked = match parse(arguments) {
        Ok(asked) => asked,
        Err(error) => return ui::fail(NAME, &error, run::SETUP_FAILED),
    };
    match asked {
        Asked::Help => ui::print(&help()),
        Asked::Version => ui::print(&format!("{NAME} {}\n", env!("CARGO_PKG_VERSION"))),
        Asked::Run(invocation) => run::run(NAME, *invocation),
    }
}

pub(crate) enum Asked {
    Help,
    Version,
    Run(Box<Invocation>),
}

pub(crate) fn parse(
    arguments: impl Iterator<Item = OsString> + 'static,
) -> Result<Asked, UsageError> {
    parse_with(arguments, |_, _| Ok(false))
}

/// The same; long flags that are not known here are offered to `own`, which says whether it takes them.
pub(crate) fn parse_with(
    arguments: impl Iterator<Item = OsString> + 'static,
    mut own: impl FnMut(&str, &mut lexopt::Parser) -> Result<bool, lexopt::Error>,
) -> Result<Asked, UsageError> {
    let mut invocation = Invocation::default();
    let mut parser = lexopt::Parser::from_iter(arguments);
    while let Some(argument) = parser.next()? {
        let flag = match argument {
            Arg::Long("help") | Arg::Short('h') => return Ok(Asked::Help),
            Arg::Long("version") | Arg::Short('V') => return Ok(Asked::Version),
            Arg::Long(name) => match Flag::named(name) {
                Some(flag) => flag,
                None => {
                    let name = name.to_owned();
                    if own(&name, &mut parser)? {
                        continue;
                    }
                    return Err(UsageError::UnknownFlag { name });
                }
            },
            Arg::Short(letter) => {
                Flag::lettered(letter).ok_or_else(|| Arg::Short(letter).unexpected())?
            }
            Arg::Value(command) => {
                invocation.command.push(command);
                invocation.command.extend(parser.raw_args()?);
                break;
            }
        };
        if flag.value.is_some() {
            let value = parser.value()?;
            if is_no_value(&value) {
                return Err(UsageError::NoValue {
                    flag: flag.name,
                    found: value,
                });
            }
            invocation.apply(flag, value)?;
        } else {
            invocation.apply(flag, OsString::new())?;
        }
    }
    if invocation.command.is_empty() && invocation.manifest.is_none() {
        return Err(UsageError::NoCommand);
    }
    Ok(Asked::Run(Box::new(invocation)))
}

/// Whether a flag has lost its value, and what stands next was taken for it.
fn is_no_value(value: &OsStr) -> bool {
    let Some(name) = value.to_str().and_then(|text| text.strip_prefix("--")) else {
        return false;
    };
    let name = name.split('=').next().unwrap_or(name);
    name.is_empty() || Flag::named(name).is_some()
}

fn help() -> String {
    const INDENT: usize = 6;
    let mut text = format!("{SUMMARY}\n\nUsage: {NAME} [FLAGS] [--] COMMAND [ARGUMENT]...\n");
    for group in Group::ALL {
        let _ = write!(text, "\n{}:\n", group.title());
        for flag in FLAGS.iter().filter(|flag| flag.group == group) {
            let letter = flag
                .short
                .map_or(String::new(), |short| format!("-{short}, "));
            let value = flag
                .value
                .map_or(String::new(), |value| format!(" {value}"));
            let _ = writeln!(text, "  {letter}--{}{value}", flag.name);
            for line in wrap(flag.help, 80 - INDENT) {
                let _ = writeln!(text, "{:INDENT$}{line}", "");
            }
        }
    }
    let _ = write!(text, "\n  -h, --help\n  -V, --version\n\n{EPILOGUE}\n");
    text
}

/// Breaks one paragraph into lines of at most `width` columns.
fn wrap(paragraph: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in paragraph.split_whitespace() {
        let last = lines.len() - 1;
        let line = &mut lines[last];
        if line.is_empty() {
            line.push_str(word);
        } else if line.len() + 1 + word.len() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn command_line(arguments: &[&str]) -> Result<Invocation, String> {
        let arguments: Vec<OsString> = [NAME].iter().chain(arguments).map(Into::into).collect();
        match parse(arguments.into_iter()) {
            Ok(Asked::Run(invocation)) => Ok(*invocation),
            Ok(_) => Err("not a run".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn options_behind_the_command_belong_to_it() {
        for arguments in [
            &["--ro", "/usr", "ls", "--rw", "/", "--", "-v"][..],
            &["--ro", "/usr", "--", "ls", "--rw", "/", "--", "-v"][..],
        ] {
            let mut invocation = command_line(arguments).unwrap();
            assert_eq!(invocation.command, ["ls", "--rw", "/", "--", "-v"]);
            assert_eq!(invocation.take_policy().unwrap().paths().len(), 1);
            assert!(!invocation.verbose);
        }
    }

    #[test]
    fn a_value_is_taken_whole() {
        let invocation =
            command_line(&["--env", "A=x,y=z", "--env=B=", "--env", "C", "x"]).unwrap();
        let env: Vec<_> = invocation
            .env
            .iter()
            .map(|(name, value)| (name.to_str().unwrap(), value.as_deref()))
            .collect();
        let some = |value| Some(OsStr::new(value));
        assert_eq!(env, [("A", some("x,y=z")), ("B", some("")), ("C", None)]);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (arguments, message) in [
            (
                &["--connect-tcp", "65536", "x"][..],
                "--connect-tcp: `65536` is no port",
            ),
            (
                &["--conect-tcp", "1", "x"][..],
                "did you mean --connect-tcp?",
            ),
            (&["--fs", "raed=/", "x"][..], "did you mean `read`?"),
            (&["--fs", "/srv", "x"][..], "an equals sign"),
            (&["--ro"][..], "missing argument"),
            (
                &["--ro", "--", "x"][..],
                "--ro: a value is missing before `--`",
            ),
            (
                &["--env", "--rw", "/srv", "x"][..],
                "--env: a value is missing before `--rw`",
            ),
            (&["--best-effort=1", "x"][..], "unexpected argument"),
            (&["--ro", "/"][..], "no command is given"),
            (
                &["--keep-fd", "999999", "x"][..],
                "descriptor 999999 is not open",
            ),
            (
                &["--keep-fd", "+3", "x"][..],
                "number of an open descriptor",
            ),
            (
                &["--min-abi", "twelve", "x"][..],
                "write a Landlock ABI as a number",
            ),
            (&["--log", "xml", "x"][..], "text, json or off"),
            (&["--env", "=x", "x"][..], "no name"),
            (&["-x", "x"][..], "invalid option '-x'"),
            (&["--allow", "", "x"][..], "a name is missing"),
            (&["--deny-syscalls", "bpf,", "x"][..], "a name is missing"),
            (
                &["--only-syscalls", "@no-such", "x"][..],
                "the groups are @aio",
            ),
            (&["--optional", "--optional", "--ro", "/", "x"][..], "twice"),
            (
                &["--except", "*.key", "--ro", "/", "x"][..],
                "--except: an exception is a name, and no pattern",
            ),
        ] {
            let error = command_line(arguments).unwrap_err();
            assert!(error.contains(message), "{arguments:?}: {error}");
        }
        for (arguments, message) in [
            (&["--ro", "/", "--optional", "x"][..], "--optional"),
            (&["--glob", "x"][..], "--glob stands before no path flag"),
            (&["--except", "a", "x"][..], "--except stands before no"),
            (
                &["--other-syscalls", "EPERM", "x"][..],
                "add --only-syscalls",
            ),
        ] {
            let mut dangling = command_line(arguments).unwrap();
            let error = dangling.take_policy().unwrap_err().to_string();
            assert!(error.contains(message), "{arguments:?}: {error}");
        }
    }

    #[test]
    fn help_names_every_flag() {
        let help = help();
        for flag in FLAGS {
            assert!(help.contains(&format!("--{}", flag.name)));
        }
        assert!(help.lines().all(|line| line.len() <= 95));
    }
}
