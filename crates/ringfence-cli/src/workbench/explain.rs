//! `ringfence run`, and with `--explain` what its policy denied.

use std::convert::Infallible;
use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Command};
use ringfence::{AccessFs, Allowance, Decision, Plan, Policy, Request};
use ringfence_manifest::Variables;
use ringfence_observe::{Denial, End, Enforced, Explained, Sensitive, UNSEEN, explain};
use ringfence_sys::ptrace::Enter;

use super::NAME;
use crate::invocation::Invocation;
use crate::run::{self, Prepared, StartError};
use crate::ui;
use crate::wrapper::{self, Asked};

mod fragment;
mod report;
mod write;

/// The flags of `run` that the wrapper has not: name, value, help.
const FLAGS: &[(&str, Option<&str>, &str)] = &[
    (
        "explain",
        None,
        "Say at the end what the policy denied, and which line would allow it; the command runs enforced, and slower",
    ),
    (
        "follow",
        None,
        "With --explain: say it as it happens; at the end only how often",
    ),
    (
        "write",
        None,
        "With --explain: add the lines to the manifest, after asking on the terminal",
    ),
    (
        "yes",
        None,
        "With --write: add the lines that carry no warning, and ask nothing",
    ),
    ("json", None, "With --explain: say it in JSON"),
    (
        "explain-to",
        Some("FILE"),
        "With --explain: say it in FILE instead of on standard error",
    ),
];

/// Adds the flags to a command line in clap's terms.
pub(super) fn with_flags(command: Command) -> Command {
    FLAGS.iter().fold(command, |command, (name, value, help)| {
        let argument = Arg::new(*name)
            .long(*name)
            .help(*help)
            .help_heading("Explanation");
        command.arg(match value {
            Some(value) => argument
                .value_name(*value)
                .value_parser(clap::value_parser!(OsString))
                .value_hint(clap::ValueHint::FilePath),
            None => argument.action(ArgAction::SetTrue),
        })
    })
}

/// What was asked for beside the run.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
struct Options {
    explain: bool,
    follow: bool,
    write: bool,
    yes: bool,
    json: bool,
    to: Option<PathBuf>,
}

impl Options {
    fn set(&mut self, name: &str, parser: &mut lexopt::Parser) -> Result<bool, lexopt::Error> {
        match name {
            "explain" => self.explain = true,
            "follow" => self.follow = true,
            "write" => self.write = true,
            "yes" => self.yes = true,
            "json" => self.json = true,
            "explain-to" => self.to = Some(parser.value()?.into()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// What cannot be asked for, as a sentence.
    fn fault(&self, invocation: &Invocation) -> Option<String> {
        let beside = [
            ("follow", self.follow),
            ("write", self.write),
            ("yes", self.yes),
            ("json", self.json),
            ("explain-to", self.to.is_some()),
        ];
        if !self.explain {
            let flag = beside.iter().find(|(_, given)| *given);
            return flag
                .map(|(name, _)| format!("--{name} is about an explanation; add --explain"));
        }
        if self.yes && !self.write {
            return Some("--yes is about what is written; add --write".to_owned());
        }
        self.write
            .then(|| write::fault(invocation.manifest.as_deref(), self.yes))
            .flatten()
    }
}

/// Runs the command of this line; none if help was asked for.
pub(super) fn run(arguments: impl Iterator<Item = OsString> + 'static) -> Option<u8> {
    let mut options = Options::default();
    // The line is read as the wrapper reads it, so that both take and refuse the same.
    let invocation = match wrapper::parse_with(arguments, |name, parser| options.set(name, parser))
    {
        Ok(Asked::Run(invocation)) => *invocation,
        Ok(Asked::Help | Asked::Version) => return None,
        Err(error) => return Some(ui::fail(NAME, &error, run::SETUP_FAILED)),
    };
    if let Some(fault) = options.fault(&invocation) {
        ui::note(NAME, &format!("error: {fault}"));
        return Some(run::SETUP_FAILED);
    }
    Some(if options.explain {
        explained(&options, invocation)
    } else {
        run::run(NAME, invocation)
    })
}

/// Runs the command enforced and watched, and says what was denied; the command's own exit code.
fn explained(options: &Options, invocation: Invocation) -> u8 {
    let separated = invocation.command.iter().any(|word| word == "--");
    let (manifest, variables) = (invocation.manifest.clone(), invocation.variables.clone());
    let mut kept = None;
    let prepared = run::prepare(NAME, invocation, |policy| kept = Some(policy.clone()));
    let (prepared, policy) = match (prepared, kept) {
        (Ok(prepared), Some(policy)) => (prepared, policy),
        (Err(error), _) => return run::failed(NAME, &error, separated),
        (Ok(_), None) => return run::SETUP_FAILED,
    };
    let plan = prepared.sandbox.plan().clone();
    let mut out = match Out::open(options, &plan) {
        Ok(out) => out,
        Err(error) => {
            let text = format!("error: cannot write the explanation to {error}");
            ui::note(NAME, &text);
            return run::SETUP_FAILED;
        }
    };
    let name = prepared.command.program.file_name().unwrap_or_default();
    let name = name.to_string_lossy().into_owned();
    let sensitive = Sensitive::of_this_user();
    let enforced = Enforced {
        policy: &policy,
        plan: &plan,
        sensitive: &sensitive,
        name: &name,
    };
    let begin = |enter: &Enter<'_>| match start(prepared, &policy, &plan, enter) {
        Ok(never) => match never {},
        Err(error) => run::failed(NAME, &error, separated),
    };
    let mut told = |denial: &Denial| {
        if options.follow {
            out.follow(denial);
        }
    };
    let (mut explained, end) = match explain(enforced, begin, &mut told) {
        Ok(ended) => ended,
        Err(error) => return ui::fail(NAME, &error, run::SETUP_FAILED),
    };
    explained.notes.extend(fragment::note(&explained.denials));
    out.finish(&explained);
    if let (true, Some(file)) = (options.write, &manifest) {
        write_lines(&explained, file, &variables, options.yes);
    }
    match end {
        End::Code(code) => code,
        End::Signal(signal) => {
            ringfence_sys::ptrace::end_by(signal);
            128_u8.saturating_add(u8::try_from(signal).unwrap_or(0))
        }
    }
}

/// What the process does that is watched. It looks paths up anew, since `/proc/self` is another here.
fn start(
    mut prepared: Prepared,
    policy: &Policy,
    plan: &Plan,
    enter: &Enter<'_>,
) -> Result<Infallible, StartError> {
    let own = Plan::new(policy.clone(), *plan.kernel()).prepare()?;
    prepared.sandbox = own.trapping(UNSEEN)?;
    enter().map_err(StartError::Watch)?;
    prepared.start()
}

fn write_lines(explained: &Explained, file: &Path, variables: &Variables, yes: bool) {
    if let Err(error) = write::add(&explained.denials, file, variables, yes) {
        ui::note(NAME, &format!("error: nothing was added: {error}"));
    }
}

/// As many as the kernel follows (`path_resolution(7)`).
const MOST_SYMLINKS: u8 = 40;

/// Whether a symlink on the way to a file is where the command may make some: an earlier run must not
/// choose what this one overwrites.
fn is_planted(file: &Path, plan: &Plan, left: u8) -> bool {
    let Ok(file) = std::path::absolute(file) else {
        return false;
    };
    file.ancestors().any(|link| {
        let (Some(parent), Some(name), Ok(target)) =
            (link.parent(), link.file_name(), link.read_link())
        else {
            return false;
        };
        let parent = parent.canonicalize().unwrap_or_else(|_| parent.to_owned());
        let request = Request::Path(AccessFs::MAKE_SYM, &parent.join(name));
        matches!(plan.decide(request), Decision::Allowed(Allowance::Paths(_)))
            || left > 0 && is_planted(&parent.join(target), plan, left - 1)
    })
}

/// Where the explanation goes, and how it looks.
struct Out {
    file: Option<File>,
    json: bool,
    follow: bool,
}

impl Out {
    fn open(options: &Options, plan: &Plan) -> Result<Self, String> {
        let file = options.to.as_ref().map(|path| {
            let shown = ui::shown(path);
            if is_planted(path, plan, MOST_SYMLINKS) {
                return Err(format!(
                    "{shown}: a symlink leads from there elsewhere, and the policy lets programs make such; name the \
                     real path if you mean it"
                ));
            }
            File::create(path).map_err(|error| format!("{shown}: {error}"))
        });
        Ok(Self {
            file: file.transpose()?,
            json: options.json,
            follow: options.follow,
        })
    }

    /// Writes lines at once. A reader that has gone away cannot be told.
    fn write(&mut self, text: &str) {
        match &mut self.file {
            Some(file) => {
                let line = format!("{}\n", ui::printable(text));
                let _ = file.write_all(line.as_bytes());
            }
            None => ui::message(text),
        }
    }

    fn follow(&mut self, denial: &Denial) {
        let text = if self.json {
            ui::printable_json(&report::denial_json(denial).to_string())
        } else {
            report::denial(denial, false)
        };
        self.write(&text);
    }

    fn finish(&mut self, explained: &Explained) {
        let text = match (self.json, self.follow) {
            (true, true) => ui::printable_json(&report::json(explained).to_string()),
            (true, false) => ui::printable_json(&format!("{:#}", report::json(explained))),
            (false, follow) => report::text(explained, follow),
        };
        self.write(&text);
    }
}
