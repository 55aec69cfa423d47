//! One call in a loop, under each filter and under none.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::calls::{Call, Checked};
use super::programs::Programs;
use super::{Table, paired, shown};
use crate::case::Random;
use crate::error::Error;
use crate::options::Options;
use crate::stats::{Estimate, Spread};
use crate::tools;
use crate::verdict::{Verdict, is_steady};

const ROUNDS: usize = 60;
/// For a call whose arguments do not matter, in terms of the same loop without a filter.
const UNCHECKED_RATIO: f64 = 1.05;
/// For one whose arguments do, in terms of libseccomp's filter of the same rules.
const CHECKED_RATIO: f64 = 1.0;
/// What two loops of the same cost differ by from run to run.
const NOISE: f64 = 0.01;

const SUBJECTS: [&str; 6] = [
    "no filter",
    "no filter again",
    "a filter that allows all",
    "the usual filter",
    "rules, compiled here",
    "rules, by libseccomp",
];
const CONTROL: usize = 1;
/// What the kernel takes for any filter, however short: the least that one can cost.
const SHORTEST: usize = 2;
const USUAL: usize = 3;
const RULES: usize = 4;
const LIBSECCOMP: usize = 5;

/// The program, and the filters that it installs.
pub(super) struct Loops {
    program: PathBuf,
    filters: [OsString; 6],
    /// Instructions of those that are filters.
    lengths: [usize; 4],
}

impl Loops {
    pub(super) fn build(tools: &Path) -> Result<Self, Error> {
        let programs = Programs::write(tools)?;
        Ok(Self {
            program: tools::loops(tools)?,
            filters: [
                "-".into(),
                "-".into(),
                programs.shortest.into(),
                programs.usual.into(),
                programs.rules.into(),
                programs.libseccomp.into(),
            ],
            lengths: programs.lengths,
        })
    }

    pub(super) fn measure(
        &self,
        call: Call,
        options: &Options,
    ) -> Result<(Table, Vec<Verdict>), Error> {
        let rounds = if options.quick { ROUNDS / 10 } else { ROUNDS };
        let times = times(&self.program, &self.filters, call, rounds)?;

        let ratio = |own: usize, other: usize| paired(&times[own], &times[other], |a, b| a / b);
        let lengths = self.lengths.map(|length| length.to_string());
        let rows = (0..SUBJECTS.len())
            .map(|subject| {
                let spread = Spread::of(times[subject].iter().copied());
                vec![
                    SUBJECTS[subject].to_owned(),
                    format!("{:.1}", spread.median),
                    format!("{:.1}", spread.p90),
                    shown(ratio(subject, 0), 3),
                    subject
                        .checked_sub(SHORTEST)
                        .map_or(String::new(), |filter| lengths[filter].clone()),
                ]
            })
            .collect();
        let table = Table {
            title: format!("{}, {} calls ({rounds} rounds)", call.name, call.count),
            columns: &["", "ns a call", "p90", "÷ no filter (95 %)", "instructions"],
            rows,
        };
        let control = ratio(CONTROL, 0);
        let held = match call.checked {
            Checked::Nothing => vec![
                held(call, "no filter", ratio(USUAL, 0), UNCHECKED_RATIO, control),
                held(
                    call,
                    "the shortest filter",
                    ratio(USUAL, SHORTEST),
                    1.0 + NOISE,
                    control,
                ),
            ],
            Checked::ByRules => {
                let ratio = ratio(RULES, LIBSECCOMP);
                vec![held(
                    call,
                    "libseccomp",
                    ratio,
                    CHECKED_RATIO + NOISE,
                    control,
                )]
            }
            Checked::ByMore => Vec::new(),
        };
        Ok((table, held))
    }
}

fn held(call: Call, than: &str, ratio: Estimate, most: f64, control: Estimate) -> Verdict {
    let steady = is_steady(control);
    let noise = if steady {
        ""
    } else {
        "; the machine is too busy to tell"
    };
    Verdict {
        case: call.name.to_owned(),
        subject: "the filter".to_owned(),
        what: format!("{} × {than} (at most {most:.2}){noise}", shown(ratio, 3)),
        met: steady.then_some(ratio.median <= most),
    }
}

/// Nanoseconds a call, of each filter by round, each round in a new order.
fn times(
    loops: &Path,
    filters: &[OsString],
    call: Call,
    rounds: usize,
) -> Result<Vec<Vec<f64>>, Error> {
    let mut times = vec![Vec::with_capacity(rounds); filters.len()];
    let mut order: Vec<usize> = (0..filters.len()).collect();
    let mut random = Random::new(rounds as u64);
    for _ in 0..rounds {
        random.shuffle(&mut order);
        for &filter in &order {
            times[filter].push(time(loops, &filters[filter], call)?);
        }
    }
    Ok(times)
}

fn time(loops: &Path, filter: &OsString, call: Call) -> Result<f64, Error> {
    let run = Command::new(loops)
        .arg(filter)
        .args([call.name, &call.count.to_string()])
        .output()
        .map_err(Error::io("start the loops"))?;
    let text = String::from_utf8_lossy(&run.stdout);
    let total: f64 = text.trim().parse().map_err(|_| Error::Failed {
        name: call.name.to_owned(),
        why: format!("{}", run.status),
    })?;
    Ok(total / f64::from(call.count))
}
