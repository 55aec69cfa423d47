//! What came of all kernels: one line each.

use std::fmt;

use super::Options;
use super::qemu::Boot;
use super::transcript::{Run, Transcript};
use crate::counts::Counts;

/// The result of the whole matrix.
pub struct Summary {
    pub kernels: Vec<Kernel>,
}

/// One kernel, and what came of it.
pub struct Kernel {
    pub name: String,
    pub outcome: Outcome,
}

#[derive(Clone, Debug)]
pub enum Outcome {
    /// It booted, ran everything and powered off; single tests may have failed.
    Ran(Ran),
    /// It only was to be fetched, and is there.
    Fetched,
    /// It could not be had, and why.
    NotRun(String),
    /// It did not come to its end, and why.
    Broke(String),
}

#[derive(Clone, Debug)]
pub struct Ran {
    pub release: String,
    pub abi: String,
    pub counts: Counts,
    /// How often a sandbox was refused as the plan says.
    pub refused: u32,
    pub seconds: f64,
    /// The runs that did not end well.
    pub failed: Vec<String>,
}

impl Outcome {
    /// Judges a boot. Tests have to say what they counted and to find this ABI; another program's
    /// exit code is enough.
    pub fn of(boot: &Boot, tests_find_abi: Option<u32>) -> Self {
        let transcript = Transcript::read(&boot.console);
        if let Some(reason) = transcript.broken {
            return Self::Broke(reason);
        }
        if boot.timed_out {
            return Self::Broke(format!("still not off after {:.0} s", boot.seconds));
        }
        if boot.console.contains("Kernel panic") {
            return Self::Broke("the kernel panicked".into());
        }
        let abi = transcript.abi.clone().unwrap_or_else(|| "?".into());
        if let Some(expected) = tests_find_abi
            && transcript.powered_off
            && abi != expected.to_string()
        {
            return Self::Broke(format!("it answers ABI {abi} and should have {expected}"));
        }
        if !transcript.powered_off {
            return Self::Broke("the machine went down before the tests had ended".into());
        }
        let well =
            |run: &Run| run.exit == Some(0) && (run.counts.is_some() || tests_find_abi.is_none());
        let failed = transcript
            .runs
            .iter()
            .filter(|run| !well(run))
            .map(|run| run.what.clone());
        Self::Ran(Ran {
            release: transcript.release.unwrap_or_default(),
            abi,
            counts: transcript.runs.iter().filter_map(|run| run.counts).sum(),
            refused: transcript.refused,
            seconds: boot.seconds,
            failed: failed.collect(),
        })
    }

    pub fn failed(&self) -> bool {
        match self {
            Self::Ran(ran) => ran.counts.failed > 0 || !ran.failed.is_empty(),
            Self::Broke(_) => true,
            Self::Fetched | Self::NotRun(_) => false,
        }
    }
}

impl Summary {
    /// The tests of all kernels together.
    pub fn counts(&self) -> Counts {
        self.kernels
            .iter()
            .filter_map(|kernel| match &kernel.outcome {
                Outcome::Ran(ran) => Some(ran.counts),
                _ => None,
            })
            .sum()
    }

    /// Kernels with a failed test, or that did not come to their end.
    pub fn failed(&self) -> usize {
        self.kernels
            .iter()
            .filter(|kernel| kernel.outcome.failed())
            .count()
    }

    /// Kernels that could not be had.
    pub fn not_run(&self) -> usize {
        let not_run = |kernel: &&Kernel| matches!(kernel.outcome, Outcome::NotRun(_));
        self.kernels.iter().filter(not_run).count()
    }

    /// Whether this is good enough for what was asked.
    pub fn acceptable(&self, options: &Options) -> bool {
        self.failed() == 0 && (self.not_run() == 0 || !options.require_all)
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [name, release, abi] = ["kernel", "release", "ABI"];
        let [passed, failed, ignored] = ["passed", "failed", "ignored"];
        let [refused, seconds] = ["refused", "seconds"];
        writeln!(
            f,
            "{name:20} {release:30} {abi:>10} {passed:>7} {failed:>7} {ignored:>7} {refused:>7} {seconds:>7}"
        )?;
        for kernel in &self.kernels {
            writeln!(f, "{kernel}")?;
        }
        let (all, failed, not_run) = (self.kernels.len(), self.failed(), self.not_run());
        writeln!(
            f,
            "{} of {all} kernels well, {failed} failed, {not_run} not run",
            all - failed - not_run
        )
    }
}

impl fmt::Display for Kernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:20} ", self.name)?;
        match &self.outcome {
            Outcome::Ran(Ran {
                release,
                abi,
                counts,
                refused,
                seconds,
                failed: failed_runs,
            }) => {
                let Counts {
                    passed,
                    failed,
                    ignored,
                } = counts;
                write!(
                    f,
                    "{release:30} {abi:>10} {passed:>7} {failed:>7} {ignored:>7} {refused:>7} {seconds:>7.1}"
                )?;
                if !failed_runs.is_empty() {
                    write!(f, "  failed: {}", failed_runs.join(" and "))?;
                }
                Ok(())
            }
            Outcome::Fetched => write!(f, "fetched"),
            Outcome::NotRun(reason) => write!(f, "not run: {reason}"),
            Outcome::Broke(reason) => write!(f, "failed: {reason}"),
        }
    }
}
