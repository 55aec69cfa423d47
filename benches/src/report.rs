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
    let rows: Vec<Vec<String>> = rows.into_iter().map(Into::into).collect();
    let (case, rounds) = (&outcome.case, outcome.rounds);
    format!("{case} ({rounds} rounds)\n{}", aligned(&rows))
}

/// Rows as lines, their cells in columns: the first to the left, the others to the right.
pub(crate) fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            let _ = match column {
                0 => write!(text, "  {cell:<width$}"),
                _ => write!(text, "  {cell:>width$}"),
            };
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
