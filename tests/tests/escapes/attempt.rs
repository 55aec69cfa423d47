//! One try of a technique, and what came of it.

use std::fmt;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

use ringfence_tests::wrapper::{NOBODY, Sandbox, stderr, stdout};
use rustix::io::Errno;

use crate::catalog::Technique;
use crate::stage::Stage;

/// The program's own results, see `escape.h`.
const CANNOT: i32 = 77;
const BROKEN: i32 = 99;
const SIGSYS: i32 = 31;

/// What a try came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    /// It got what it wanted, and that was seen outside where it can be.
    Got,
    /// It was denied with this errno.
    Denied(Errno),
    /// The kernel ended it for the call.
    Ended,
    /// It reported no error, and yet nothing arrived.
    Silence,
    /// There is nothing to try here.
    Cannot,
    /// The sandbox did not start.
    Refused(String),
    /// The technique or its stage is at fault.
    Broken(String),
}

impl fmt::Display for Came {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Got => f.write_str("-"),
            Self::Denied(errno) => {
                let name = nix::errno::Errno::from_raw(errno.raw_os_error());
                write!(f, "{name:?}")
            }
            Self::Ended => f.write_str("SIGSYS"),
            Self::Silence => f.write_str("nothing arrives"),
            Self::Cannot => f.write_str("nothing to try on this machine"),
            Self::Refused(why) | Self::Broken(why) => f.write_str(why),
        }
    }
}

/// Tries it without a sandbox.
pub fn unsandboxed(technique: &Technique, stage: &mut Stage, program: &Path) -> Came {
    let mut command = Command::new(program);
    command.args(["try", &technique.name]);
    if technique.needs("as-nobody") {
        command.uid(NOBODY).gid(NOBODY);
    }
    run(technique, stage, program, command)
}

/// Tries it in a sandbox.
pub fn sandboxed(
    sandbox: &Sandbox,
    technique: &Technique,
    stage: &mut Stage,
    program: &Path,
) -> Came {
    let line = [program.as_os_str(), "try".as_ref(), technique.name.as_ref()];
    run(technique, stage, program, sandbox.command(line))
}

/// There is one console, and it belongs to one session at a time.
static CONSOLE: Mutex<()> = Mutex::new(());

fn run(technique: &Technique, stage: &mut Stage, program: &Path, mut command: Command) -> Came {
    let _only_one = technique
        .needs("console")
        .then(|| CONSOLE.lock().unwrap_or_else(PoisonError::into_inner));
    for (word, device) in [("terminal", "pty"), ("console", "/dev/tty1")] {
        if technique.needs(word) {
            let mut outer = Command::new(program);
            outer.args(["terminal", device]);
            outer.arg(command.get_program()).args(command.get_args());
            command = outer;
        }
    }
    let output = command
        .envs(stage.variables().iter().map(|(name, value)| (name, value)))
        .stdin(Stage::input(technique))
        .output()
        .expect("the program starts");
    judge(&output, stage)
}

fn judge(output: &Output, stage: &mut Stage) -> Came {
    let text = stdout(output);
    if !text.contains("tried: ") {
        return match output.status.code() {
            Some(125) => Came::Refused(stderr(output)),
            Some(BROKEN) => Came::Cannot,
            _ => Came::Broken(format!("{}: {}", output.status, stderr(output))),
        };
    }
    let signal = output.status.signal();
    match output.status.code() {
        Some(0) => delivered(&text, stage),
        Some(CANNOT) => Came::Cannot,
        Some(BROKEN) => Came::Broken(format!("{text}{}", stderr(output))),
        Some(code) if code == 128 + SIGSYS => Came::Ended,
        Some(code @ 1..128) => Came::Denied(Errno::from_raw_os_error(code)),
        None if signal == Some(SIGSYS) => Came::Ended,
        _ => Came::Broken(format!("{}: {text}{}", output.status, stderr(output))),
    }
}

/// Holds the technique to what it says it has sent.
fn delivered(text: &str, stage: &mut Stage) -> Came {
    for at in text
        .lines()
        .filter_map(|line| line.strip_prefix("arrives: "))
    {
        if !stage.has_arrived(at) {
            // The kernel drops such signals without a word; elsewhere silence is a fault of ours.
            return match at {
                "victim-or-silence" => Came::Silence,
                _ => Came::Broken(format!("nothing arrives at {at}")),
            };
        }
    }
    Came::Got
}
