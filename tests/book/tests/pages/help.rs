//! The examples that `--help` shows, and the reference with it, are command lines that the programs take.

use clap::Command;
use ringfence_cli::workbench;

pub fn examples_are_taken() {
    let mut examples = Vec::new();
    collect(&workbench::wrapper_command(), &mut examples);
    collect(&workbench::command(), &mut examples);
    assert!(
        examples.len() > 20,
        "only {} lines of examples",
        examples.len()
    );
    let mut tried = 0;
    let mut faults = Vec::new();
    for example in &examples {
        for words in commands(example) {
            let program = match words.first().map(String::as_str) {
                Some("landlock-runner") => workbench::wrapper_command(),
                Some("ringfence") => workbench::command(),
                _ => continue,
            };
            tried += 1;
            if let Err(fault) = program.try_get_matches_from(words) {
                faults.push(format!("{example}\n{fault}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(tried >= examples.len(), "{tried} of {}", examples.len());
}

/// The lines beneath `Examples:` of a command and of those beneath it.
fn collect(command: &Command, examples: &mut Vec<String>) {
    if let Some(after) = command.get_after_help() {
        let after = after.to_string();
        let lines = after.lines().map(str::trim);
        let beneath = lines
            .skip_while(|line| !matches!(*line, "Examples:" | "Example:"))
            .skip(1);
        examples.extend(
            beneath
                .take_while(|line| !line.is_empty())
                .map(str::to_owned),
        );
    }
    for subcommand in command.get_subcommands() {
        collect(subcommand, examples);
    }
}

/// The commands of a line of shell as simple as examples are: words, single quotes, and what joins or redirects.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word = String::new();
    let mut quoted = false;
    let mut redirected = false;
    for letter in line.chars().chain([' ']) {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted && !word.is_empty() => match std::mem::take(&mut word).as_str() {
                "|" | "&&" | "&" => {
                    redirected = false;
                    commands.push(Vec::new());
                }
                ">" | "2>" | "<" => redirected = true,
                _ if redirected => {}
                other => {
                    if let Some(command) = commands.last_mut() {
                        command.push(other.to_owned());
                    }
                }
            },
            ' ' if !quoted => {}
            letter => word.push(letter),
        }
    }
    commands
}
