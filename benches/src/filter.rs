//! What the filter of system calls costs: once, at the start, and at every call.
//!
//! The same interleaved rounds as for the wrapper. Each table has a control, the first subject a
//! second time: how far it is from the first shows what the figures can tell.

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use crate::error::Error;
use crate::options::Options;
use crate::report;
use crate::stats::Estimate;
use loops::Loops;

mod calls;
mod loops;
mod programs;
mod start;

/// A table: a title, and a row of cells for each subject.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    title: String,
    columns: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

/// Measures both, prints them, and says which targets are met.
pub(crate) fn run(options: &Options, scratch: &Path, tools: &Path) -> Result<ExitCode, Error> {
    let (mut tables, mut verdicts) = (Vec::new(), Vec::new());
    if options.wants("start") {
        let (table, of_start) = start::measure(options, scratch, tools)?;
        tables.push(table);
        verdicts.extend(of_start);
    }
    let loops = Loops::build(tools)?;
    for call in calls::CALLS {
        if options.wants(call.name) {
            let (table, of_call) = loops.measure(call, options)?;
            tables.push(table);
            verdicts.extend(of_call);
        }
    }
    if options.json {
        println!(
            "{:#}",
            serde_json::json!({ "tables": tables, "targets": verdicts })
        );
    } else {
        for table in &tables {
            println!("{}", table.text());
        }
        print!("{}", report::verdicts(&verdicts));
    }
    let missed = verdicts.iter().any(|verdict| verdict.met == Some(false));
    Ok(ExitCode::from(u8::from(options.check && missed)))
}

impl Table {
    fn text(&self) -> String {
        let header = self.columns.iter().map(|&column| column.to_owned());
        let rows: Vec<Vec<String>> = [header.collect()]
            .into_iter()
            .chain(self.rows.clone())
            .collect();
        format!("{}\n{}", self.title, report::aligned(&rows))
    }
}

/// `1.023 (1.011–1.034)`
fn shown(estimate: Estimate, digits: usize) -> String {
    let Estimate { low, median, high } = estimate;
    format!("{median:.digits$} ({low:.digits$}–{high:.digits$})")
}

/// Pair by pair, as two samples of one round met the same machine.
fn paired(own: &[f64], other: &[f64], how: fn(f64, f64) -> f64) -> Estimate {
    Estimate::of(own.iter().zip(other).map(|(own, other)| how(*own, *other)))
}
