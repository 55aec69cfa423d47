//! Calls other programs, and turns their failures into sentences.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

/// This program, to be started once more. By this name also where cargo has put a newer one in its place meanwhile.
pub fn this_program() -> Command {
    Command::new("/proc/self/exe")
}

/// Lines of a tool's standard error that are worth repeating.
const GIST: usize = 4;

/// Runs `command` to its end and gives its standard output; its standard error is the user's to see.
pub fn shown(command: &mut Command) -> Result<String> {
    output(command.stderr(Stdio::inherit()))
}

/// Runs `command` to its end and gives its standard output; its standard error shows only in a failure.
pub fn output(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = match command.stdin(Stdio::null()).stdout(Stdio::piped()).output() {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => bail!("{name} is not installed"),
        Err(error) => bail!("{name} could not be started: {error}"),
    };
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{name} failed ({}){}", output.status, gist(&said));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The lines of a tool's standard error that say why, without its progress and its notes.
fn gist(said: &str) -> String {
    let lines: Vec<&str> = said
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("N:"))
        .collect();
    lines[lines.len().saturating_sub(GIST)..]
        .iter()
        .flat_map(|line| ["; ", line])
        .collect()
}
