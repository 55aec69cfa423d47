//! `ringfence generate`: man pages and completions, from the definition of the command lines.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches, Command};
use clap_complete::Shell;

use super::{NAME, wrapper_command};
use crate::{run, ui};

pub(super) fn command() -> Command {
    Command::new("generate")
        .after_help("Example:\n  mkdir -p man && ringfence generate man && man ./man/ringfence.1")
        .about("Write man pages and shell completions of both executables into a directory")
        .arg(
            Arg::new("directory")
                .value_name("DIR")
                .value_parser(clap::value_parser!(PathBuf))
                .value_hint(clap::ValueHint::DirPath)
                .required(true)
                .help("An existing directory"),
        )
}

pub(super) fn main(matches: &ArgMatches) -> u8 {
    let Some(directory) = matches.get_one::<PathBuf>("directory") else {
        return run::SETUP_FAILED;
    };
    match generate(directory) {
        Ok(()) => 0,
        Err(error) => {
            let text = format!(
                "{NAME}: error: cannot write into {}: {error}",
                directory.display()
            );
            ui::message(&text);
            1
        }
    }
}

fn generate(directory: &Path) -> io::Result<()> {
    for mut command in [super::command(), wrapper_command()] {
        command.build();
        man_pages(&command, directory)?;
        let name = command.get_name().to_owned();
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            clap_complete::generate_to(shell, &mut command, &name, directory)?;
        }
    }
    Ok(())
}

/// One page for a command and one for each of its subcommands.
fn man_pages(command: &Command, directory: &Path) -> io::Result<()> {
    for subcommand in command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        man_pages(subcommand, directory)?;
    }
    let name = command.get_display_name().unwrap_or(command.get_name());
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone())
        .title(name)
        .render(&mut page)?;
    let page = with_sections(&String::from_utf8_lossy(&page));
    std::fs::write(directory.join(format!("{name}.1")), page)
}

/// Makes a section of its own of each paragraph behind the options that has a heading, its lines as they
/// stand.
fn with_sections(page: &str) -> String {
    const HEADING: &str = ".SH ";
    let Some((options, behind)) = page.split_once(".SH EXTRA\n") else {
        return page.to_owned();
    };
    let (paragraphs, rest) = match behind.split_once(HEADING) {
        Some((paragraphs, rest)) => (paragraphs, format!("{HEADING}{rest}")),
        None => (behind, String::new()),
    };
    let sections =
        paragraphs
            .trim_end()
            .split("\n\n")
            .map(|paragraph| match paragraph.split_once(":\n") {
                Some((title, lines)) if !title.contains('\n') => {
                    let title = match title {
                        "Exit codes" => "EXIT STATUS".to_owned(),
                        title => title.to_uppercase(),
                    };
                    format!("{HEADING}\"{title}\"\n.nf\n{lines}\n.fi\n")
                }
                _ => format!("{HEADING}NOTES\n{paragraph}\n"),
            });
    format!("{options}{}{rest}", sections.collect::<String>())
}
