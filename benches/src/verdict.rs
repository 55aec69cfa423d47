//! The targets, and whether they are met.

use serde::Serialize;

use crate::measure::{Figures, Outcome};
use crate::stats::Estimate;

const TIME_RATIO: f64 = 1.10;
/// How far from 1 the control may be for a verdict on time.
const RESOLUTION: f64 = 0.05;
const PEAK_RATIO: f64 = 1.5;
const MORE_CALLS: usize = 12;

/// One target held against one figure.
#[derive(Debug, Serialize)]
pub(crate) struct Verdict {
    pub(crate) case: String,
    pub(crate) subject: String,
    pub(crate) what: String,
    /// `None` if it could not be measured.
    pub(crate) met: Option<bool>,
}

/// Every target that this case has, for every subject that is judged.
pub(crate) fn verdicts(outcome: &Outcome) -> Vec<Verdict> {
    let floor = outcome.floor();
    let judged = outcome.figures.iter().filter(|figures| figures.judged);
    judged
        .flat_map(|figures| {
            let calls = outcome.few_paths.then(|| calls(figures, floor));
            let wall = time("time", figures.ratio, outcome.control().ratio);
            let cpu = time(
                "processor time",
                figures.cpu_ratio,
                outcome.control().cpu_ratio,
            );
            [Some(wall), Some(cpu), calls, Some(peak(figures, floor))]
                .into_iter()
                .flatten()
                .map(|(what, met)| Verdict {
                    case: outcome.case.clone(),
                    subject: figures.subject.clone(),
                    what,
                    met,
                })
        })
        .collect()
}

type Held = (String, Option<bool>);

/// Tells nothing where the floor's ratio to itself, which is 1, is not found to be near 1.
fn time(what: &str, ratio: Option<Estimate>, control: Option<Estimate>) -> Held {
    let (Some(ratio), Some(control)) = (ratio, control) else {
        return (format!("added {what}: not measured"), None);
    };
    let text = format!(
        "added {what} {:.3} × floor (at most {TIME_RATIO:.2})",
        ratio.median
    );
    if !is_steady(control) {
        let (low, high) = (control.low, control.high);
        let noise = format!("the machine is too busy, floor ÷ floor is {low:.2}–{high:.2}");
        return (format!("{text}; {noise}"), None);
    }
    (text, Some(ratio.median <= TIME_RATIO))
}

/// Whether a control is found to be near 1, as it is.
pub(crate) fn is_steady(control: Estimate) -> bool {
    control.low >= 1.0 - RESOLUTION && control.high <= 1.0 + RESOLUTION
}

fn calls(figures: &Figures, floor: &Figures) -> Held {
    match (figures.calls, floor.calls) {
        (Some(own), Some(floor)) => (
            format!("{own} system calls, floor {floor} (at most {MORE_CALLS} more)"),
            Some(own <= floor + MORE_CALLS),
        ),
        _ => (
            "system calls: not counted, strace is missing".to_owned(),
            None,
        ),
    }
}

#[expect(clippy::cast_precision_loss, reason = "kibibytes")]
fn peak(figures: &Figures, floor: &Figures) -> Held {
    let ratio = figures.peak_kib as f64 / floor.peak_kib as f64;
    (
        format!("peak memory {ratio:.2} × floor (at most {PEAK_RATIO:.1})"),
        Some(ratio <= PEAK_RATIO),
    )
}
