//! What is told at the end: how much was seen of each program, and what a person has to decide.

use std::fmt::Write as _;
use std::path::Path;

use ringfence_observe::{Learned, Observation};
use serde::Serialize;

use super::super::NAME;
use crate::ui;

/// So many programs are shown, those that did most.
const MOST_PROGRAMS: usize = 12;

#[derive(Serialize)]
pub(super) struct Summary<'s> {
    processes: u64,
    accesses: u64,
    paths: usize,
    lines: usize,
    programs: Vec<Program<'s>>,
    questions: &'s [String],
    notes: &'s [String],
    file: Option<String>,
}

/// What one program did, and at how many paths.
#[derive(Serialize)]
struct Program<'s> {
    name: &'s str,
    accesses: u64,
    paths: usize,
}

fn counted(number: u64, one: &str, many: &str) -> String {
    let noun = if number == 1 { one } else { many };
    format!("{number} {noun}")
}

impl<'s> Summary<'s> {
    pub(super) fn of(
        observation: &'s Observation,
        learned: &'s Learned,
        output: Option<&Path>,
    ) -> Self {
        let of_program = |(name, accesses): (&'s String, &u64)| Program {
            name,
            accesses: *accesses,
            paths: observation
                .paths
                .values()
                .filter(|seen| seen.programs.contains(name))
                .count(),
        };
        let mut programs: Vec<_> = observation.programs.iter().map(of_program).collect();
        programs.sort_by_key(|program| std::cmp::Reverse(program.accesses));
        Self {
            processes: observation.processes,
            accesses: observation.accesses(),
            paths: observation.paths.len(),
            lines: learned.lines,
            programs,
            questions: &learned.questions,
            notes: &learned.notes,
            file: output.map(ui::shown),
        }
    }

    /// One line of JSON.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{NAME}: watched {}, {} at {}; {}",
            counted(self.processes, "process", "processes"),
            counted(self.accesses, "access", "accesses"),
            counted(self.paths as u64, "path", "paths"),
            counted(self.lines as u64, "line", "lines")
        );
        if let Some(file) = &self.file {
            let _ = write!(text, " in {file}");
        }
        self.table(&mut text);
        for question in self.questions {
            let question = question.replace('\n', "\\n");
            let _ = write!(text, "\n{NAME}: not granted, decide: {question}");
        }
        for note in self.notes {
            let _ = write!(text, "\n{NAME}: note: {}", note.replace('\n', "\\n"));
        }
        text
    }

    /// Of one program the first line has said all.
    fn table(&self, text: &mut String) {
        if self.programs.len() < 2 {
            return;
        }
        let _ = write!(text, "\n  {:>8} {:>6}  PROGRAM", "ACCESSES", "PATHS");
        for program in self.programs.iter().take(MOST_PROGRAMS) {
            let _ = write!(
                text,
                "\n  {:>8} {:>6}  {}",
                program.accesses,
                program.paths,
                program.name.replace('\n', "\\n")
            );
        }
        let others = self.programs.get(MOST_PROGRAMS..).unwrap_or_default();
        if !others.is_empty() {
            let accesses: u64 = others.iter().map(|program| program.accesses).sum();
            let _ = write!(text, "\n  {accesses:>8} {:>6}  {} others", "", others.len());
        }
    }
}
