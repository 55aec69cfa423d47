//! Adding proposed lines to a manifest, after asking for each that carries a warning.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use ringfence::PrepareError;
use ringfence_manifest::{Faults, Manifest, Unformattable, Variables, extend};
use ringfence_observe::{Denial, Proposal};
use rustix::termios::{QueueSelector, tcflush};

use super::super::{NAME, files};
use crate::run::{self, StartError};
use crate::ui;

/// Why nothing was added.
#[derive(Debug, thiserror::Error)]
pub(super) enum WriteError {
    #[error("cannot read or write the manifest: {0}")]
    File(#[from] io::Error),
    #[error("cannot ask on the terminal: {0}")]
    Terminal(io::Error),
    #[error("{0}")]
    Place(#[from] Unformattable),
    #[error("{0}")]
    Unusable(String),
}

/// Why a manifest with the lines would be none that starts.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    #[error("the manifest would not be usable:\n\n{0}\n")]
    Faults(Box<Faults>),
    #[error("the policy would not start")]
    Prepare(#[from] PrepareError),
    #[error(transparent)]
    Own(#[from] StartError),
}

/// Why lines cannot be added to this manifest, before anything has run.
pub(super) fn fault(manifest: Option<&Path>, yes: bool) -> Option<String> {
    let Some(file) = manifest else {
        return Some("--write adds lines to a manifest; name it with --policy".to_owned());
    };
    let extension = file.extension().and_then(|extension| extension.to_str());
    if let Some(format @ ("toml" | "json")) = extension {
        return Some(format!(
            "--write adds lines to YAML alone, and {} is {}; add them by hand",
            ui::shown(file),
            format.to_uppercase()
        ));
    }
    // What is read-only is meant to stay as it is, though root could write it.
    let is_read_only = file
        .metadata()
        .is_ok_and(|facts| facts.permissions().readonly());
    let writable = OpenOptions::new().append(true).open(file);
    match writable {
        Err(error) => Some(format!("--write cannot change {}: {error}", ui::shown(file))),
        Ok(_) if is_read_only => Some(format!(
            "--write does not change {}, which is read-only; make it writable first",
            ui::shown(file)
        )),
        Ok(_) if !yes && Terminal::open().is_err() => Some(
            "--write asks on the terminal, and there is none; --yes adds what carries no warning without asking"
                .to_owned(),
        ),
        Ok(_) => None,
    }
}

/// Adds what is wished of the first proposal for each denial.
pub(super) fn add(
    denials: &[Denial],
    file: &Path,
    variables: &Variables,
    yes: bool,
) -> Result<(), WriteError> {
    let mut proposals: Vec<&Proposal> = Vec::new();
    for proposal in denials.iter().filter_map(|denial| denial.proposals.first()) {
        if proposal.yaml.is_some() && !proposals.contains(&proposal) {
            proposals.push(proposal);
        }
    }
    let wished = if yes {
        without_warning(proposals)
    } else {
        asked(proposals, file).map_err(WriteError::Terminal)?
    };
    let yaml = wished
        .iter()
        .filter_map(|proposal| proposal.yaml.as_deref());
    let mut text = files::read(file)?;
    let mut added = 0;
    for addition in yaml {
        text = extend(&text, addition)?;
        added += 1;
    }
    if added == 0 {
        ui::note(NAME, "nothing was added to the manifest");
        return Ok(());
    }
    files::replace_checked(file, &text, |draft| {
        usable(draft, variables).map_err(|why| {
            // The draft is gone when this is read: what is wrong with it would be so with the file.
            let draft = draft.display().to_string();
            let file = file.display().to_string();
            WriteError::Unusable(ui::with_causes(&why).replace(&draft, &file))
        })
    })?;
    let lines = if added == 1 { "line" } else { "lines" };
    let text = format!("added {added} {lines} to {}", ui::shown(file));
    ui::note(NAME, &text);
    Ok(())
}

/// Whether a manifest is one that starts.
fn usable(draft: &Path, variables: &Variables) -> Result<(), Unusable> {
    let (manifest, sources) =
        Manifest::read(draft, variables).map_err(|faults| Unusable::Faults(Box::new(faults)))?;
    let sandbox = manifest.policy.prepare()?;
    let files: Vec<PathBuf> = sources.files().map(PathBuf::from).collect();
    Ok(run::require_own_manifest(&files, &sandbox)?)
}

fn without_warning(proposals: Vec<&Proposal>) -> Vec<&Proposal> {
    let (wished, left): (Vec<_>, Vec<_>) = proposals
        .into_iter()
        .partition(|proposal| proposal.warning.is_none());
    for proposal in left {
        let warning = proposal.warning.as_deref().unwrap_or_default();
        let text = format!(
            "not added, decide: {}; that {}",
            proposal.flags.replace('\n', "\\n"),
            warning.replace('\n', "\\n")
        );
        ui::note(NAME, &text);
    }
    wished
}

/// Asks once for all that is harmless, and for each that is not.
fn asked<'p>(proposals: Vec<&'p Proposal>, file: &Path) -> io::Result<Vec<&'p Proposal>> {
    let (harmless, others): (Vec<_>, Vec<_>) = proposals
        .into_iter()
        .partition(|proposal| proposal.warning.is_none());
    if harmless.is_empty() && others.is_empty() {
        return Ok(Vec::new());
    }
    let mut terminal = Terminal::open()?;
    let mut wished = Vec::new();
    if !harmless.is_empty() {
        for proposal in &harmless {
            terminal.says(&format!("  {}\n", proposal.flags))?;
        }
        let lines = harmless.len();
        let question = format!("Add these to {}, {lines} in all? [Y/n] ", ui::shown(file));
        if terminal.asks(&question, true)? {
            wished = harmless;
        }
    }
    for proposal in others {
        let warning = proposal.warning.as_deref().unwrap_or_default();
        let question = format!("  {}\nThat {warning}. Add it? [y/N] ", proposal.flags);
        if terminal.asks(&question, false)? {
            wished.push(proposal);
        }
    }
    Ok(wished)
}

/// The terminal that this process was started at, wherever its input and output lead.
struct Terminal {
    keys: BufReader<File>,
}

impl Terminal {
    fn open() -> io::Result<Self> {
        let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        Ok(Self {
            keys: BufReader::new(terminal),
        })
    }

    fn says(&mut self, text: &str) -> io::Result<()> {
        let text = ui::printable(text);
        self.keys.get_mut().write_all(text.as_bytes())
    }

    /// Whether the answer is yes; `default` if there is none. What was typed before the question was shown
    /// answers nothing, nor what the terminal answered to the command.
    fn asks(&mut self, question: &str, default: bool) -> io::Result<bool> {
        tcflush(self.keys.get_ref(), QueueSelector::IFlush)?;
        self.says(question)?;
        let mut answer = String::new();
        if self.keys.read_line(&mut answer)? == 0 {
            // The terminal is gone.
            return Ok(false);
        }
        Ok(match answer.trim().to_ascii_lowercase().as_str() {
            "" => default,
            "y" | "yes" => true,
            _ => false,
        })
    }
}
