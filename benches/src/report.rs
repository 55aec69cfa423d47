//! The figures as aligned tables.

use std::fmt::Write as _;

use crate::measure::{Figures, Outcome};
use crate::stats::Estimate;
use crate::verdict::Verdict;

const COLUMNS: [&str; 9] = [
    "",
    "min ms",
    "median",
    "p90",
    "added",
    "÷ floor (95 %)",
    "processor ÷ floor",
    "peak KiB",
    "calls",
];

/// One case's table.
pub(crate) fn table(outcome: &Outcome) -> String {
    let mut rows = vec![COLUMNS.map(str::to_owned)];
    rows.extend(outcome.figures.iter().map(row));
    let widths: [usize; COLUMNS.len()] = std::array::from_fn(|column| {
        let width = |row: &[String; COLUMNS.len()]| row[column].chars().count();
        rows.iter().map(width).max().unwrap_or(0)
    });
    let mut text = format!("{} ({} rounds)\n", outcome.case, outcome.rounds);
    for row in &rows {
        let _ = write!(text, "  {:<1$}", row[0], widths[0]);
        for (cell, width) in row.iter().zip(widths).skip(1) {
            let _ = write!(text, "  {cell:>width$}");
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

fn row(figures: &Figures) -> [String; COLUMNS.len()] {
    let ms = |us: f64| format!("{:.3}", us / 1e3);
    [
        figures.subject.clone(),
        ms(figures.time_us.min),
        ms(figures.time_us.median),
        ms(figures.time_us.p90),
        ms(figures.added_us),
        figures.ratio.map_or(String::new(), estimate),
        figures.cpu_ratio.map_or(String::new(), estimate),
        figures.peak_kib.to_string(),
        figures
            .calls
            .map_or(String::new(), |calls| calls.to_string()),
    ]
}

fn estimate(ratio: Estimate) -> String {
    format!("{:.3} ({:.3}–{:.3})", ratio.median, ratio.low, ratio.high)
}

/// Each target, and whether it is met.
pub(crate) fn verdicts(verdicts: &[Verdict]) -> String {
    let mut text = String::from("Targets\n");
    for verdict in verdicts {
        let met = match verdict.met {
            Some(true) => "met",
            Some(false) => "MISSED",
            None => "unknown",
        };
        let Verdict {
            case,
            subject,
            what,
            ..
        } = verdict;
        let _ = writeln!(text, "  {met:<7}  {case}: {subject}: {what}");
    }
    text
}
