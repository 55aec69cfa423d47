//! What the filter adds to the start of a command.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Table, paired, shown};
use crate::case::{Case, Random};
use crate::error::Error;
use crate::options::Options;
use crate::stats::{Estimate, Spread};
use crate::subject::{self, Subject};
use crate::tools;
use crate::verdict::Verdict;

const ROUNDS: usize = 400;
const MOST_ADDED_US: f64 = 100.0;
/// How far from 0 the control may be for a verdict.
const RESOLUTION_US: f64 = 20.0;

const SUBJECTS: [(&str, bool); 3] = [
    ("Landlock alone", false),
    ("Landlock alone again", false),
    ("with the filter", true),
];
const CONTROL: usize = 1;
const FILTERED: usize = 2;

pub(super) fn measure(
    options: &Options,
    scratch: &Path,
    tools: &Path,
) -> Result<(Table, Vec<Verdict>), Error> {
    if !options.runner.exists() {
        return Err(Error::NoRunner(options.runner.clone()));
    }
    let runner = tools::aged(&options.runner, &tools.join("runner"))?;
    let policy = Case::small(scratch, tools)?.arguments(Path::new("/bin/true"));
    let rounds = if options.quick { ROUNDS / 10 } else { ROUNDS };
    let (wall, cpu) = times(&runner, &policy, rounds)?;

    let added = |times: &[Vec<f64>], of: usize| paired(&times[of], &times[0], |a, b| a - b);
    let rows = (0..SUBJECTS.len())
        .map(|subject| {
            let spread = Spread::of(wall[subject].iter().copied());
            vec![
                SUBJECTS[subject].0.to_owned(),
                format!("{:.0}", spread.min),
                format!("{:.0}", spread.median),
                shown(added(&wall, subject), 1),
                shown(added(&cpu, subject), 1),
            ]
        })
        .collect();
    let table = Table {
        title: format!("start of /bin/true ({rounds} rounds)"),
        columns: &["", "min µs", "median", "added µs (95 %)", "processor µs"],
        rows,
    };
    let verdicts = [("time", &wall), ("processor time", &cpu)]
        .map(|(what, times)| held(what, added(times, FILTERED), added(times, CONTROL)));
    Ok((table, verdicts.into()))
}

fn held(what: &str, added: Estimate, control: Estimate) -> Verdict {
    let steady = control.low > -RESOLUTION_US && control.high < RESOLUTION_US;
    let noise = if steady {
        ""
    } else {
        "; the machine is too busy to tell"
    };
    Verdict {
        case: "start".to_owned(),
        subject: "the filter".to_owned(),
        what: format!(
            "{} µs added {what} (at most {MOST_ADDED_US:.0}){noise}",
            shown(added, 1)
        ),
        met: steady.then_some(added.median <= MOST_ADDED_US),
    }
}

/// Wall and processor time of each subject by round.
type Times = (Vec<Vec<f64>>, Vec<Vec<f64>>);

fn times(runner: &PathBuf, policy: &[OsString], rounds: usize) -> Result<Times, Error> {
    const WARM_UP: usize = 3;
    let lines = SUBJECTS.map(|(_, filtered)| {
        let mut line: Vec<OsString> = vec![runner.into(), "--log".into(), "off".into()];
        if !filtered {
            line.push("--unrestricted-syscalls".into());
        }
        line.extend(policy.iter().cloned());
        line
    });
    let subjects = SUBJECTS.map(|(name, _)| Subject::new(name, Some(runner.clone()), true));
    for (subject, line) in subjects.iter().zip(&lines) {
        subject.check(line)?;
    }
    let mut commands = lines.map(|line| subject::command(&line));
    let mut wall = vec![vec![0.0; rounds]; SUBJECTS.len()];
    let mut cpu = wall.clone();
    let mut order: Vec<usize> = (0..SUBJECTS.len()).collect();
    let mut random = Random::new(rounds as u64);
    for round in 0..rounds + WARM_UP {
        random.shuffle(&mut order);
        for &index in &order {
            let sample = subjects[index].time(&mut commands[index])?;
            if let Some(round) = round.checked_sub(WARM_UP) {
                wall[index][round] = sample.wall_us;
                cpu[index][round] = sample.cpu_us;
            }
        }
    }
    Ok((wall, cpu))
}
