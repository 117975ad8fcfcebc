//! The ground of a chart: where a value stands, and the lines that people read it by; pure.

use maud::{Markup, html};

pub(super) const WIDTH: f64 = 900.0;
pub(super) const LEFT: f64 = 56.0;
const RIGHT: f64 = 12.0;
/// Above the plot, for the labels of steps.
pub(super) const TOP: f64 = 24.0;
const PLOT: f64 = 180.0;
/// Below it, for the labels of the axis.
const BOTTOM: f64 = 26.0;

/// A chart over time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chart {
    /// How many intervals, and how long one is in seconds.
    intervals: usize,
    length: f64,
    /// What is at the top, and from line to line.
    top: f64,
    tick: f64,
}

impl Chart {
    /// With room for `most`.
    pub(super) fn new(intervals: usize, length: f64, most: f64) -> Chart {
        let tick = tick(most / 4.0);
        Chart { intervals, length, top: tick * (most / tick).ceil().max(1.0), tick }
    }

    pub(super) fn view_box() -> String {
        format!("0 0 {WIDTH} {}", TOP + PLOT + BOTTOM)
    }

    /// How wide an interval is.
    pub(super) fn step(&self) -> f64 {
        (WIDTH - LEFT - RIGHT) / real(self.intervals.max(1))
    }

    /// Where an interval begins.
    pub(super) fn x(&self, interval: usize) -> f64 {
        self.step().mul_add(real(interval), LEFT)
    }

    /// Where a moment is, in seconds from the beginning; at the border if it is beyond it.
    pub(super) fn at(&self, seconds: f64) -> f64 {
        (seconds / self.length).min(real(self.intervals)).mul_add(self.step(), LEFT)
    }

    /// How high a value is.
    pub(super) fn height(&self, value: f64) -> f64 {
        PLOT * (value / self.top).min(1.0)
    }

    pub(super) fn bottom() -> f64 {
        TOP + PLOT
    }

    /// The lines with their values, and the seconds below.
    pub(super) fn ground(&self) -> Markup {
        let lines = std::iter::successors(Some(0.0), |value| Some(value + self.tick))
            .take_while(|value| *value <= self.top * 1.001);
        let whole = real(self.intervals) * self.length;
        let pace = tick(whole / 10.0);
        let moments = std::iter::successors(Some(0.0), |at| Some(at + pace)).take_while(|at| *at <= whole * 1.001);
        html! {
            @for value in lines {
                @let y = number(Chart::bottom() - self.height(value));
                line class="grid" x1=(number(LEFT)) x2=(number(WIDTH - RIGHT)) y1=(y) y2=(y) {}
                text class="quiet" x=(number(LEFT - 8.0)) y=(y) dy="4" text-anchor="end" { (label(value)) }
            }
            @for moment in moments {
                text class="quiet" x=(number(self.at(moment))) y=(number(Chart::bottom() + 18.0)) text-anchor="middle" { (label(moment)) " s" }
            }
        }
    }
}

/// The next of 1, 2 or 5 times a power of ten.
fn tick(least: f64) -> f64 {
    if least <= 0.0 {
        return 1.0;
    }
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|tick| *tick >= least * 0.999).unwrap_or(least)
}

/// Without what nobody needs of it.
fn label(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// A place in a picture.
pub(super) fn number(value: f64) -> String {
    format!("{value:.1}")
}

#[expect(clippy::cast_precision_loss, reason = "a small number")]
pub(super) fn real(value: usize) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_at_round_values_and_the_most_has_room() {
        for (most, step, top) in
            [(0.0, 1.0, 1.0), (4.0, 1.0, 4.0), (5.0, 2.0, 6.0), (17.0, 5.0, 20.0), (0.31, 0.1, 0.4)]
        {
            let chart = Chart::new(10, 0.1, most);
            assert!((chart.tick - step).abs() < 1e-9 && (chart.top - top).abs() < 1e-9, "{most}: {chart:?}");
            assert!(chart.height(most) <= PLOT);
        }
    }

    #[test]
    fn values_are_written_as_people_write_them() {
        for (value, text) in [(0.0, "0"), (0.1, "0.1"), (20.0, "20"), (0.25, "0.25"), (2.0, "2")] {
            assert_eq!(label(value), text);
        }
    }
}
