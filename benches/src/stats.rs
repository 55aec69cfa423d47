//! Medians, and how far they can be trusted.

use serde::Serialize;

/// The spread of one subject's times, in microseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Spread {
    pub(crate) min: f64,
    pub(crate) median: f64,
    pub(crate) p90: f64,
}

/// A median with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Estimate {
    pub(crate) low: f64,
    pub(crate) median: f64,
    pub(crate) high: f64,
}

impl Spread {
    pub(crate) fn of(samples: impl Iterator<Item = f64>) -> Self {
        let sorted = sorted(samples);
        Self {
            min: at(&sorted, 0.0),
            median: at(&sorted, 0.5),
            p90: at(&sorted, 0.9),
        }
    }
}

impl Estimate {
    /// The interval is that of order statistics: it assumes nothing about the shape of the noise.
    pub(crate) fn of(samples: impl Iterator<Item = f64>) -> Self {
        let sorted = sorted(samples);
        let half = 0.98 / f64::sqrt(count(&sorted).max(1.0));
        Self {
            low: at(&sorted, (0.5 - half).max(0.0)),
            median: at(&sorted, 0.5),
            high: at(&sorted, (0.5 + half).min(1.0)),
        }
    }
}

fn sorted(samples: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = samples.collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[expect(clippy::cast_precision_loss, reason = "a few hundred samples")]
fn count(samples: &[f64]) -> f64 {
    samples.len() as f64
}

/// The sample at a quantile, between two of them the mean weighted by nearness.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "an index into the samples"
)]
fn at(sorted: &[f64], quantile: f64) -> f64 {
    let place = quantile * (count(sorted) - 1.0).max(0.0);
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    match (sorted.get(below), sorted.get(above)) {
        (Some(below), Some(above)) => below + (above - below) * place.fract(),
        _ => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_samples() {
        let spread = Spread::of([4.0, 1.0, 3.0, 2.0].into_iter());
        assert!((spread.min - 1.0).abs() < 1e-9);
        assert!((spread.median - 2.5).abs() < 1e-9);
        assert!((spread.p90 - 3.7).abs() < 1e-9);
    }

    #[test]
    fn an_estimate_narrows_with_more_samples() {
        let width = |n: u32| {
            let estimate = Estimate::of((0..n).map(|i| f64::from(i) / f64::from(n)));
            estimate.high - estimate.low
        };
        assert!(width(400) < width(25));
    }
}
