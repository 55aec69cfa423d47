//! `ringfence learn`: runs a command under watch and writes the policy that it needs.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command};
use ringfence::Kernel;
use ringfence_observe::{
    End, Observation, Sensitive, Setting, Tightness, WatchError, Watching, learn, watch,
};

use super::arguments::{variables_flag, with_command};
use super::{NAME, files};
use crate::command::{Command as Program, CommandError, Environment};
use crate::invocation::Invocation;
use crate::{run, ui};

mod merge;
mod progress;
mod summary;
mod verify;

use merge::Merge;
use progress::Progress;
use summary::Summary;

pub(super) fn command() -> Command {
    with_command(Command::new("learn"))
        .about("Run a command under watch, and write the policy that it needs")
        .long_about(
            "Run a command under watch, and write the policy that it needs: every file, port and class \
             of acts that it and all that it starts use. It is not restricted meanwhile: watch only what you \
             would run anyway. What is sensitive is not granted, but listed with a question.",
        )
        .arg(
            Arg::new("output")
                .short('o')
                .long("output")
                .value_name("FILE")
                .value_parser(clap::value_parser!(OsString))
                .value_hint(clap::ValueHint::FilePath)
                .help("Write the manifest to FILE instead of printing it when the command has ended"),
        )
        .arg(
            Arg::new("tightness")
                .long("tightness")
                .value_name("HOW")
                .value_parser(["exact", "dirs", "loose"])
                .default_value("dirs")
                .help("What becomes one line: exact, each file; dirs, a directory of which three files were used; loose, one of which two were"),
        )
        .arg(
            Arg::new("verify")
                .long("verify")
                .action(ArgAction::SetTrue)
                .requires("target")
                .help("Run the command again, under the policy, and say whether it ends as it did"),
        )
        .arg(
            Arg::new("merge")
                .long("merge")
                .value_name("FILE")
                .value_parser(clap::value_parser!(OsString))
                .value_hint(clap::ValueHint::FilePath)
                .help("Add what the run lacks to this manifest, or with -o to a copy of it, and show what becomes allowed"),
        )
        .arg(variables_flag().requires("merge"))
        .arg(
            Arg::new("syscalls")
                .long("syscalls")
                .action(ArgAction::SetTrue)
                .help("Write the list of system calls too, and let no others pass; each call stops the command, which makes it slow"),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Tell at the end what was seen as one line of JSON, on standard error"),
        )
        .group(
            clap::ArgGroup::new("target")
                .args(["output", "merge"])
                .multiple(true),
        )
        .after_help(
            "Exit codes: the command's own; 125 if it could not be watched or the manifest not be written, 1 \
             if --verify finds a difference.\n\nExamples:\n  ringfence learn -o tool.yaml -- tool --once\n  \
             ringfence learn -o tool.yaml --verify -- sh -c 'sort < in > out'\n  ringfence learn --merge tool.yaml -- tool --other",
        )
}

pub(super) fn main(matches: &ArgMatches) -> u8 {
    let words = matches
        .get_many::<OsString>("command")
        .into_iter()
        .flatten();
    let mut invocation = Invocation::default();
    invocation.command = words.cloned().collect();
    let merge = match Merge::read(matches) {
        Ok(merge) => merge,
        Err(code) => return code,
    };
    let sensitive = Sensitive::of_this_user();
    let mut learning = Learning {
        matches,
        invocation,
        sensitive: &sensitive,
        merge,
        undecided: false,
    };
    // A run may take long, and what it taught would be lost.
    if let Some(Err(error)) = learning.output().map(files::require_writable) {
        return learning.cannot_write(&error);
    }
    let (mut observation, end) = match watched(&learning) {
        Ok(seen) => seen,
        Err(error) => return error.told(),
    };
    if let Err(code) = learning.write(&observation) {
        return code;
    }
    if matches.get_flag("verify") {
        return verify::verify(&mut learning, &mut observation, end);
    }
    match end {
        End::Code(code) => code,
        End::Signal(signal) => {
            ringfence_sys::ptrace::end_by(signal);
            128_u8.saturating_add(u8::try_from(signal).unwrap_or(0))
        }
    }
}

/// What was asked for.
struct Learning<'l> {
    matches: &'l ArgMatches,
    invocation: Invocation,
    sensitive: &'l Sensitive,
    merge: Option<Merge>,
    /// Whether something was seen that the policy does not grant before a person decides.
    undecided: bool,
}

impl Learning<'_> {
    /// The file that is written.
    fn output(&self) -> Option<&Path> {
        let output = self.matches.get_one::<OsString>("output").map(Path::new);
        output.or(self.merge.as_ref().map(|merge| &*merge.target))
    }

    /// Writes what was learned, and tells of it; or the exit code.
    fn write(&mut self, observation: &Observation) -> Result<(), u8> {
        let setting = setting(
            self.matches,
            &self.invocation,
            self.sensitive,
            self.merge.as_ref(),
        );
        let kernel = setting.kernel;
        let learned = learn(observation, &setting).map_err(|why| {
            let text = format!("error: cannot write what was learned: {why}");
            ui::note(NAME, &text);
            run::SETUP_FAILED
        })?;
        self.undecided = !learned.questions.is_empty();
        let summary = Summary::of(observation, &learned, self.output());
        ui::message(&if self.matches.get_flag("json") {
            ui::printable_json(&summary.json())
        } else {
            summary.text()
        });
        let written = match (&mut self.merge, self.matches.get_one::<OsString>("output")) {
            (Some(merge), _) => merge.write(&learned.yaml, kernel).map(|change| {
                let of = ui::shown(&merge.target);
                ui::note(
                    NAME,
                    &format!("{of} changes:\n{}", change.text().trim_end()),
                );
            }),
            (None, Some(file)) => files::replace(file.as_ref(), &learned.yaml),
            (None, None) => {
                return match ui::print_as_it_is(&learned.yaml) {
                    0 => Ok(()),
                    code => Err(code),
                };
            }
        };
        written.map_err(|error| self.cannot_write(&error))
    }

    /// Says why the manifest cannot be written; the exit code.
    fn cannot_write(&self, error: &std::io::Error) -> u8 {
        let file = self
            .output()
            .map_or_else(|| "the manifest".to_owned(), ui::shown);
        ui::note(NAME, &format!("error: cannot write {file}: {error}"));
        run::SETUP_FAILED
    }
}

enum Failed {
    Command(CommandError),
    Watch(WatchError),
}

impl Failed {
    /// Says it; the exit code.
    fn told(&self) -> u8 {
        match self {
            Self::Command(error) => ui::fail(NAME, error, error.exit_code()),
            Self::Watch(error) => ui::fail(NAME, error, run::SETUP_FAILED),
        }
    }
}

impl From<CommandError> for Failed {
    fn from(error: CommandError) -> Self {
        Self::Command(error)
    }
}

fn watched(learning: &Learning<'_>) -> Result<(Observation, End), Failed> {
    let invocation = &learning.invocation;
    // As in a sandbox, so that the command finds the same.
    ringfence_sys::close_on_exec_above_stderr(&[])
        .map_err(|error| Failed::Watch(WatchError::Trace(error)))?;
    let command = Program::new(invocation, &Environment::Inherited)?;
    command.require_file(invocation)?;
    let (program, arguments, environment) = command.parts()?;
    let mut progress = Progress::default();
    let how = Watching {
        every_call: learning.matches.get_flag("syscalls"),
        progress: Some(&mut |seen| progress.show(seen)),
    };
    watch(&program, arguments, environment, how).map_err(|error| match error {
        WatchError::Execute(error) => Failed::Command(CommandError::NotExecutable {
            program: PathBuf::from(OsString::from(program.to_string_lossy().into_owned())),
            why: error.to_string(),
        }),
        error => Failed::Watch(error),
    })
}

fn setting<'s>(
    matches: &ArgMatches,
    invocation: &Invocation,
    sensitive: &'s Sensitive,
    merge: Option<&'s Merge>,
) -> Setting<'s> {
    let directory = |name: &str| {
        let path = std::env::var_os(name).map(PathBuf::from)?;
        path.canonicalize()
            .ok()
            .filter(|path| path.parent().is_some())
    };
    let words = invocation.command.iter();
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    Setting {
        kernel: Kernel::probe(),
        sensitive,
        home: directory("HOME"),
        temporary: directory("TMPDIR").unwrap_or_else(|| PathBuf::from("/tmp")),
        tightness: match matches.get_one::<String>("tightness").map(String::as_str) {
            Some("exact") => Tightness::Exact,
            Some("loose") => Tightness::Loose,
            _ => Tightness::Dirs,
        },
        command: words.join(" "),
        existing: merge.map(|merge| &merge.policy),
    }
}
