//! One case, measured: every subject once in every round, in an order that changes.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use serde::Serialize;

use crate::case::{Case, Random};
use crate::error::Error;
use crate::stats::{Estimate, Spread};
use crate::subject::{self, Sample, Subject};

/// The index of the command alone among the subjects, of the floor, and of the control.
const PLAIN: usize = 0;
const FLOOR: usize = 1;
/// The floor a second time: what its ratio to itself is off from 1 is noise.
const CONTROL: usize = 2;

/// The programs and places that every case needs.
pub(crate) struct Bench<'b> {
    pub(crate) scratch: &'b Path,
    /// The command whose time is taken.
    pub(crate) command: &'b Path,
    /// The memory meter, which is also the command while memory is measured.
    pub(crate) peak: &'b Path,
    /// The plain command, the floor, the floor again, and the others.
    pub(crate) subjects: &'b [Subject],
}

/// What was found for one subject.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) subject: String,
    /// Whether the targets are for it.
    pub(crate) judged: bool,
    pub(crate) time_us: Spread,
    /// Beyond the plain command of the same round.
    pub(crate) added_us: f64,
    /// The added time in terms of the floor's of the same round.
    pub(crate) ratio: Option<Estimate>,
    /// The same of processor time: other programs on the machine disturb it less.
    pub(crate) cpu_ratio: Option<Estimate>,
    pub(crate) peak_kib: u64,
    /// System calls before the command's execve.
    pub(crate) calls: Option<usize>,
}

/// One case with the figures of every subject, the plain command first, then the floor.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    pub(crate) case: String,
    pub(crate) rounds: usize,
    #[serde(skip)]
    pub(crate) few_paths: bool,
    pub(crate) figures: Vec<Figures>,
}

impl Outcome {
    pub(crate) fn floor(&self) -> &Figures {
        &self.figures[FLOOR]
    }

    pub(crate) fn control(&self) -> &Figures {
        &self.figures[CONTROL]
    }
}

impl Bench<'_> {
    pub(crate) fn measure(&self, case: &Case, rounds: usize) -> Result<Outcome, Error> {
        let policy = case.arguments(self.command);
        let lines = self.lines(&policy, self.command);
        for (subject, line) in self.subjects.iter().zip(&lines) {
            subject.check(line)?;
        }
        let times = self.times(&lines, rounds)?;

        let memory_policy = case.arguments(self.peak);
        let memory_lines = self.lines(&memory_policy, self.peak);
        let figures = self
            .subjects
            .iter()
            .enumerate()
            .map(|(index, subject)| {
                let wall = |of: usize| times[of].iter().map(|sample| sample.wall_us);
                let cpu = |of: usize| times[of].iter().map(|sample| sample.cpu_us);
                Ok(Figures {
                    subject: subject.name.clone(),
                    judged: subject.judged,
                    time_us: Spread::of(wall(index)),
                    added_us: Estimate::of(difference(wall(index), wall(PLAIN))).median,
                    ratio: (index > FLOOR).then(|| ratio(wall, index)),
                    cpu_ratio: (index > FLOOR).then(|| ratio(cpu, index)),
                    peak_kib: self.peak_kib(subject, &memory_lines[index])?,
                    calls: Subject::calls(self.scratch, &lines[index]),
                })
            })
            .collect::<Result<_, Error>>()?;
        Ok(Outcome {
            case: case.name.clone(),
            rounds,
            few_paths: case.few_paths,
            figures,
        })
    }

    fn lines(&self, policy: &[OsString], command: &Path) -> Vec<Vec<OsString>> {
        let line = |subject: &Subject| subject.command_line(policy, command);
        self.subjects.iter().map(line).collect()
    }

    /// The samples of each subject by round.
    ///
    /// What one subject leaves behind (the kernel frees a large ruleset after the process is gone)
    /// falls on whichever comes next, hence a new order in each round.
    fn times(&self, lines: &[Vec<OsString>], rounds: usize) -> Result<Vec<Vec<Sample>>, Error> {
        const WARM_UP: usize = 3;
        let mut commands: Vec<Command> = lines.iter().map(|line| subject::command(line)).collect();
        let mut times = vec![vec![Sample::default(); rounds]; commands.len()];
        let mut order: Vec<usize> = (0..commands.len()).collect();
        let mut random = Random::new(rounds as u64);
        for round in 0..rounds + WARM_UP {
            random.shuffle(&mut order);
            for &index in &order {
                let sample = self.subjects[index].time(&mut commands[index])?;
                if let Some(round) = round.checked_sub(WARM_UP) {
                    times[index][round] = sample;
                }
            }
        }
        Ok(times)
    }

    /// The median of some runs: the kernel counts resident pages in batches.
    fn peak_kib(&self, subject: &Subject, line: &[OsString]) -> Result<u64, Error> {
        const RUNS: usize = 11;
        let mut runs = (0..RUNS)
            .map(|_| subject.peak_kib(self.peak, line))
            .collect::<Result<Vec<_>, _>>()?;
        runs.sort_unstable();
        Ok(runs[RUNS / 2])
    }
}

/// Pair by pair, as two samples of one round met the same machine.
fn difference(
    own: impl Iterator<Item = f64>,
    other: impl Iterator<Item = f64>,
) -> impl Iterator<Item = f64> {
    own.zip(other).map(|(own, other)| own - other)
}

/// The added time of a subject in terms of the floor's.
fn ratio<I: Iterator<Item = f64>>(samples: impl Fn(usize) -> I, of: usize) -> Estimate {
    let own = difference(samples(of), samples(PLAIN));
    let floor = difference(samples(FLOOR), samples(PLAIN));
    Estimate::of(own.zip(floor).map(|(own, floor)| own / floor))
}
