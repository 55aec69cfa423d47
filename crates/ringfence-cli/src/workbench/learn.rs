//! `ringfence learn`: runs a command under watch and writes the policy that it needs.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, ArgMatches, Command};
use ringfence::Kernel;
use ringfence_observe::{
    End, Learned, Observation, Sensitive, Setting, Tightness, WatchError, Watching, learn, watch,
};

use super::{NAME, files, with_command};
use crate::command::{Command as Program, CommandError, Environment};
use crate::invocation::Invocation;
use crate::{run, ui};

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
                .help("exact: each file by itself; dirs: three files of a directory as the directory; loose: two"),
        )
        .arg(
            Arg::new("verify")
                .long("verify")
                .action(ArgAction::SetTrue)
                .requires("output")
                .help("Run the command again, under the policy, and say whether it ends as it did"),
        )
        .after_help(
            "Exit codes: the command's own; 125 if it could not be watched or the manifest not be written, 1 \
             if --verify finds a difference.\n\nExamples:\n  ringfence learn -o tool.yaml -- tool --once\n  \
             ringfence learn -o tool.yaml --verify -- sh -c 'sort < in > out'",
        )
}

pub(super) fn main(matches: &ArgMatches) -> u8 {
    let words = matches
        .get_many::<OsString>("command")
        .into_iter()
        .flatten();
    let mut invocation = Invocation::default();
    invocation.command = words.cloned().collect();
    let (mut observation, end) = match watched(&invocation) {
        Ok(seen) => seen,
        Err(error) => return error.told(),
    };
    let sensitive = Sensitive::of_this_user();
    let setting = setting(matches, &invocation, &sensitive);
    let output = matches.get_one::<OsString>("output").map(Path::new);
    if let Err(code) = write(&observation, &setting, output) {
        return code;
    }
    if let (Some(file), true) = (output, matches.get_flag("verify")) {
        return verify(&mut observation, &setting, file, &invocation, end);
    }
    match end {
        End::Code(code) => code,
        End::Signal(signal) => {
            ringfence_sys::ptrace::end_by(signal);
            128_u8.saturating_add(u8::try_from(signal).unwrap_or(0))
        }
    }
}

/// Writes what was learned, and tells of it; or the exit code.
fn write(
    observation: &Observation,
    setting: &Setting<'_>,
    output: Option<&Path>,
) -> Result<(), u8> {
    let learned = learn(observation, setting).map_err(|why| {
        let text = format!("error: cannot write what was learned: {why}");
        ui::note(NAME, &text);
        run::SETUP_FAILED
    })?;
    ui::message(&summary(observation, &learned, output));
    let written = match output {
        Some(file) => files::replace(file, &learned.yaml),
        None => match ui::print(&learned.yaml) {
            0 => Ok(()),
            _ => Err(std::io::Error::other("standard output cannot be written")),
        },
    };
    written.map_err(|error| {
        let file = output.map_or_else(|| "the manifest".to_owned(), ui::shown);
        ui::note(NAME, &format!("error: cannot write {file}: {error}"));
        run::SETUP_FAILED
    })
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

fn watched(invocation: &Invocation) -> Result<(Observation, End), Failed> {
    // As in a sandbox, so that the command finds the same.
    ringfence_sys::close_on_exec_above_stderr(&[])
        .map_err(|error| Failed::Watch(WatchError::Trace(error)))?;
    let command = Program::new(invocation, &Environment::Inherited)?;
    command.require_file(invocation)?;
    let (program, arguments, environment) = command.parts()?;
    watch(&program, arguments, environment, Watching::default()).map_err(|error| match error {
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
        existing: None,
    }
}

fn summary(observation: &Observation, learned: &Learned, output: Option<&Path>) -> String {
    let mut text = format!(
        "{NAME}: watched {} processes, {} accesses at {} paths; {} lines",
        observation.processes,
        observation.accesses(),
        observation.paths.len(),
        learned.lines
    );
    if let Some(file) = output {
        let _ = write!(text, " in {}", ui::shown(file));
    }
    for question in &learned.questions {
        let _ = write!(
            text,
            "\n{NAME}: not granted, decide: {}",
            question.replace('\n', "\\n")
        );
    }
    for note in &learned.notes {
        let _ = write!(text, "\n{NAME}: note: {}", note.replace('\n', "\\n"));
    }
    text
}

/// How often a command is watched anew that does something else each time.
const MOST_RUNS: u32 = 3;

/// Runs the command under the policy until it ends as it did, watching it once more after each time that
/// it does not.
fn verify(
    observation: &mut Observation,
    setting: &Setting<'_>,
    file: &Path,
    invocation: &Invocation,
    mut before: End,
) -> u8 {
    for run in 1..=MOST_RUNS {
        let after = match confined(file, invocation) {
            Ok(end) => end,
            Err(error) => {
                let text = format!("error: cannot run the command again: {error}");
                ui::note(NAME, &text);
                return run::SETUP_FAILED;
            }
        };
        if before == after {
            let text = format!(
                "verified: under the policy it ends the same, {}",
                ended(after)
            );
            ui::note(NAME, &text);
            return 0;
        }
        let differs = format!(
            "under the policy it ends {}, without it {}",
            ended(after),
            ended(before)
        );
        if run == MOST_RUNS {
            ui::note(
                NAME,
                &format!("not verified: {differs}, and watching it again does not help"),
            );
            break;
        }
        ui::note(
            NAME,
            &format!("not verified yet: {differs}; watching it once more"),
        );
        match watched(invocation) {
            Ok((seen, end)) => {
                observation.merge(seen);
                before = end;
            }
            Err(error) => return error.told(),
        }
        if let Err(code) = write(observation, setting, Some(file)) {
            return code;
        }
    }
    1
}

/// Runs the command under the policy.
fn confined(file: &Path, invocation: &Invocation) -> std::io::Result<End> {
    use std::os::unix::process::ExitStatusExt as _;

    let status = std::process::Command::new(std::env::current_exe()?)
        .args(["run", "--log", "off", "--policy"])
        .arg(file)
        .arg("--")
        .args(&invocation.command)
        .status()?;
    Ok(match status.signal() {
        Some(signal) => End::Signal(signal),
        None => End::Code(
            status
                .code()
                .and_then(|code| u8::try_from(code).ok())
                .unwrap_or(u8::MAX),
        ),
    })
}

fn ended(end: End) -> String {
    match end {
        End::Code(code) => format!("with exit code {code}"),
        End::Signal(signal) => format!("by signal {signal}"),
    }
}
