//! What is said of a list of figures.

use serde::Serialize;

/// A list of figures in short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Summary {
    /// How many figures.
    pub(crate) n: usize,
    /// The middle one; the lower of two.
    pub(crate) median: f64,
    /// The smallest one that at least 95 of 100 do not exceed.
    pub(crate) p95: f64,
    /// The largest one.
    pub(crate) max: f64,
}

impl Summary {
    /// Sums up; nothing for no figures.
    pub(crate) fn of(figures: &[f64]) -> Option<Self> {
        let [median, p95, max] = percentiles(figures, [50, 95, 100])?;
        Some(Self { n: figures.len(), median, p95, max })
    }
}

/// For each percentage the smallest figure that so many of a hundred do not exceed; nothing for no figures. It is the nearest rank: a
/// figure that was measured, never one between two of them.
pub(crate) fn percentiles<const N: usize>(figures: &[f64], percents: [usize; N]) -> Option<[f64; N]> {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = *sorted.last()?;
    let rank = |percent: usize| sorted.get((sorted.len() * percent).div_ceil(100).max(1) - 1).copied().unwrap_or(last);
    Some(percents.map(rank))
}

/// The rate that failures have at most, with 95 % confidence, if none of `n` trials failed: the rule of three.
pub(crate) fn rule_of_three(n: u64) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    (n > 0).then(|| (3.0 / n as f64).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_summed_up_by_ranks() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).rev().collect();
        for (figures, n, median, p95, max) in [
            (&[3.0, 1.0, 2.0][..], 3, 2.0, 3.0, 3.0),
            (&[4.0, 1.0], 2, 1.0, 4.0, 4.0),
            (&[7.0], 1, 7.0, 7.0, 7.0),
            (&hundred, 100, 50.0, 95.0, 100.0),
        ] {
            assert_eq!(Summary::of(figures), Some(Summary { n, median, p95, max }), "{figures:?}");
        }
        assert_eq!(Summary::of(&[]), None);
    }

    #[test]
    fn no_failure_in_n_trials_bounds_the_rate_by_three_over_n() {
        for (n, bound) in [(0, None), (2, Some(1.0)), (300, Some(0.01)), (300_000, Some(0.000_01))] {
            assert_eq!(rule_of_three(n), bound, "{n}");
        }
    }
}
