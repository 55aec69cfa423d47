//! Running the command again, under what was learned.

use std::ffi::OsString;

use ringfence_observe::{End, Observation};

use super::super::NAME;
use super::{Learning, watched};
use crate::{run, ui};

/// How often a command is watched anew that does something else each time.
const MOST_RUNS: u32 = 3;

/// Runs the command under the policy until it ends as it did, watching it once more after each time that
/// it does not.
pub(super) fn verify(
    learning: &mut Learning<'_>,
    observation: &mut Observation,
    mut before: End,
) -> u8 {
    for run in 1..=MOST_RUNS {
        let after = match confined(learning) {
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
            let why = if learning.undecided {
                "decide what was not granted above, and add it"
            } else {
                "watching it again does not help"
            };
            ui::note(NAME, &format!("not verified: {differs}; {why}"));
            break;
        }
        ui::note(
            NAME,
            &format!("not verified yet: {differs}; watching it once more"),
        );
        match watched(learning) {
            Ok((seen, end)) => {
                observation.merge(seen);
                before = end;
            }
            Err(error) => return error.told(),
        }
        if let Err(code) = learning.write(observation) {
            return code;
        }
    }
    1
}

/// Runs the command under the policy.
fn confined(learning: &Learning<'_>) -> std::io::Result<End> {
    use std::os::unix::process::ExitStatusExt as _;

    let mut command = std::process::Command::new(std::env::current_exe()?);
    command.args(["run", "--log", "off"]);
    let assignments = learning.matches.get_many::<OsString>("set");
    for assignment in assignments.into_iter().flatten() {
        command.arg("--set").arg(assignment);
    }
    let file = learning.output().unwrap_or_else(|| "".as_ref());
    command
        .arg("--policy")
        .arg(file)
        .arg("--")
        .args(&learning.invocation.command);
    let status = command.status()?;
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
