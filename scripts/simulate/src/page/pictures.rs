//! The pictures of the page: answers by release, the time that they took, and what each hook took; pure.

use std::time::Duration;

use maud::{Markup, html};

use super::chart::{Chart, LEFT, TOP, WIDTH, number, real};
use super::{milliseconds, named, seconds};
use crate::step::Step;
use crate::table;
use crate::timeline::{Interval, Timeline};

/// A failure among hundreds of answers is to be seen.
const LEAST: f64 = 4.0;
/// The height of a step's bar, with what is between two.
const ROW: f64 = 26.0;

/// The colours of releases and hooks, in their order.
pub(super) fn colour(index: usize) -> &'static str {
    ["c0", "c1", "c2", "c3", "c4", "c5"][index % 6]
}

/// What a colour stands for.
pub(super) fn key(class: &str, name: &str) -> Markup {
    html! {
        li { svg viewBox="0 0 10 10" aria-hidden="true" { rect class=(class) width="10" height="10" {} } (name) }
    }
}

/// Bars of answers by release, with the steps above.
pub(super) fn answers(timeline: &Timeline, steps: &[Step]) -> Markup {
    let releases = timeline.releases();
    let most = timeline.intervals.iter().map(Interval::requests).max().unwrap_or_default();
    let chart = Chart::new(timeline.intervals.len(), timeline.length.as_secs_f64(), most.into());
    let failed: u32 = timeline.intervals.iter().map(|interval| interval.failed).sum();
    let told = format!("{} answered one after the other, {failed} requests failed.", releases.join(", "));
    html! {
        svg viewBox=(Chart::view_box()) role="img" aria-label=(told) {
            (bands(&chart, steps))
            (chart.ground())
            @for (index, interval) in timeline.intervals.iter().enumerate() {
                (stacked(&chart, index, &parts(interval, &releases)))
            }
        }
    }
}

/// What an interval's bar is made of, from the bottom: colour, name, how many.
fn parts<'a>(interval: &Interval, releases: &[&'a str]) -> Vec<(&'static str, &'a str, u32)> {
    let of = |(index, name): (usize, &&'a str)| {
        (colour(index), named(name), interval.answers.get(*name).copied().unwrap_or_default())
    };
    let mut parts: Vec<_> = releases.iter().enumerate().map(of).collect();
    parts.push(("failed", "failed", interval.failed));
    parts.retain(|(.., count)| *count > 0);
    parts
}

fn stacked(chart: &Chart, index: usize, parts: &[(&str, &str, u32)]) -> Markup {
    let (x, width) = (number(chart.x(index)), number((chart.step() - 1.0).max(0.5)));
    let mut y = Chart::bottom();
    let bars: Vec<_> = parts
        .iter()
        .map(|(class, name, count)| {
            let least = if *class == "failed" { LEAST } else { 0.0 };
            let height = chart.height((*count).into()).max(least);
            y -= height;
            (*class, *name, *count, number(y), number(height))
        })
        .collect();
    html! {
        @for (class, name, count, y, height) in bars {
            rect class=(class) x=(x) y=(y) width=(width) height=(height) { title { (count) " by " (name) } }
        }
    }
}

/// When each step was under way, by its number.
fn bands(chart: &Chart, steps: &[Step]) -> Markup {
    let spans = steps.iter().filter_map(|step| step.span.map(|(begin, end)| (step, begin, end)));
    html! {
        @for (step, begin, end) in spans {
            @let (from, to) = (chart.at(begin.as_secs_f64()), chart.at(end.as_secs_f64()));
            rect class="step" x=(number(from)) y=(number(TOP - 20.0)) width=(number((to - from).max(2.0))) height=(number(Chart::bottom() - TOP + 20.0)) {
                title { (step.number) ". " (step.title) ": " (step.outcome.to_string()) }
            }
            text x=(number(f64::midpoint(from, to))) y=(number(TOP - 7.0)) text-anchor="middle" { (step.number) }
        }
    }
}

/// The slowest answer of each interval as a bar, the median as a line.
pub(super) fn times(timeline: &Timeline) -> Markup {
    let of = |time: Duration| time.as_secs_f64() * 1000.0;
    let known = || timeline.intervals.iter().enumerate().filter_map(|(index, interval)| Some((index, interval.times?)));
    let slowest = known().map(|(_, times)| times.slowest).max().unwrap_or_default();
    let chart = Chart::new(timeline.intervals.len(), timeline.length.as_secs_f64(), of(slowest));
    let point = |(index, median): (usize, Duration)| {
        let x = chart.step().mul_add(0.5, chart.x(index));
        format!("{},{}", number(x), number(Chart::bottom() - chart.height(of(median))))
    };
    let line: Vec<String> = known().map(|(index, times)| point((index, times.median))).collect();
    let told = format!("The slowest answer took {}.", milliseconds(slowest));
    html! {
        svg viewBox=(Chart::view_box()) role="img" aria-label=(told) {
            (chart.ground())
            @for (index, times) in known() {
                @let height = chart.height(of(times.slowest));
                rect class="slowest" x=(number(chart.x(index))) y=(number(Chart::bottom() - height)) width=(number((chart.step() - 1.0).max(0.5))) height=(number(height)) {
                    title { (milliseconds(times.slowest)) ", median " (milliseconds(times.median)) }
                }
            }
            polyline class="median" points=(line.join(" ")) {}
        }
    }
}

/// What each hook of a step took, one bar for a step.
pub(super) fn hooks(steps: &[Step], hooks: &[&str]) -> Markup {
    let most = steps.iter().map(|step| step.hook_time().as_secs_f64()).fold(0.0, f64::max);
    let scale = if most > 0.0 { (WIDTH - LEFT - 70.0) / most } else { 0.0 };
    let rows: Vec<_> =
        steps.iter().enumerate().map(|(row, step)| (real(row) * ROW, step, bars(step, hooks, scale))).collect();
    let told = format!("{} steps, the longest of {most:.2} s.", steps.len());
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {}", real(steps.len()) * ROW)) role="img" aria-label=(told) {
            @for (y, step, bars) in rows {
                text x=(number(LEFT - 12.0)) y=(number(y + 16.0)) text-anchor="end" { (step.number) }
                @for (class, x, width, told) in &bars {
                    rect class=(class) x=(number(*x)) y=(number(y + 3.0)) width=(number(*width)) height=(number(ROW - 8.0)) { title { (told) } }
                }
                @let end = bars.last().map_or(LEFT, |(_, x, width, _)| x + width);
                text class="quiet" x=(number(end + 6.0)) y=(number(y + 16.0)) { (seconds(step.hook_time())) " s" }
            }
        }
    }
}

fn bars(step: &Step, hooks: &[&str], scale: f64) -> Vec<(&'static str, f64, f64, String)> {
    let mut x = LEFT;
    let times = hooks.iter().enumerate().filter_map(|(index, hook)| Some((index, hook, table::time_of(step, hook)?)));
    times
        .map(|(index, hook, time)| {
            let width = time.as_secs_f64() * scale;
            let bar = (colour(index), x, width, format!("{hook}: {} s", seconds(time)));
            x += width;
            bar
        })
        .collect()
}
