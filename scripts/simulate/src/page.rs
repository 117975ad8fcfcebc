//! The result as a page for a browser. Each picture is there as a table too, for those who cannot see it.

mod chart;
mod pictures;

use std::time::Duration;

use maud::{Markup, html};
use workstation::page;

use crate::load::LoadReport;
use crate::step::Step;
use crate::table::{self, Report};
use crate::timeline::Timeline;

/// Renders the whole of it.
pub(crate) fn render(report: &Report) -> String {
    let verdict = table::conclusion(report);
    let hooks = hooks(&report.steps);
    let content = html! {
        h1 { "Deploys under load: " span class=(class(report.passed())) { (verdict) } }
        p { "Carried out as agent " (report.agent) " of CodeDeploy does, on a host of its own with a real nginx." }
        @for note in &report.notes { p { "Note: " (note) } }
        (checks(report))
        @if let Some(comparison) = table::comparison(report) { p { (comparison) } }
        (answers(report))
        (times(&report.load.timeline))
        (steps(&report.steps, &hooks))
        (requests(&report.load))
    };
    page::render(&format!("Deploys under load: {verdict}"), &content)
}

/// How what went well is shown, and what did not.
fn class(good: bool) -> &'static str {
    if good { "good" } else { "bad" }
}

/// The hooks that ran, in the order in which they did first.
fn hooks(steps: &[Step]) -> Vec<&str> {
    let mut hooks: Vec<&str> = Vec::new();
    for hook in steps.iter().flat_map(|step| &step.hooks) {
        if !hooks.contains(&hook.hook.as_str()) {
            hooks.push(&hook.hook);
        }
    }
    hooks
}

fn checks(report: &Report) -> Markup {
    html! {
        ul {
            @for check in &report.checks {
                li {
                    span class=(class(check.passed)) { @if check.passed { "ok" } @else { "FAILED" } } ": " (check.text)
                    @if !check.details.is_empty() { ul { @for detail in &check.details { li { (detail) } } } }
                }
            }
        }
    }
}

fn answers(report: &Report) -> Markup {
    let timeline = &report.load.timeline;
    if timeline.intervals.is_empty() {
        return html! {};
    }
    let releases = timeline.releases();
    let caption = format!(
        "{} requests a second by each kind of client; a bar is what was sent within {}, by the release that answered. Above it the \
         steps, by their numbers below.",
        report.load.rate,
        milliseconds(timeline.length)
    );
    let rows = timeline.intervals.iter().zip(0u32..).map(|(interval, number)| {
        let mut row = vec![seconds(timeline.length * number)];
        row.extend(releases.iter().map(|name| interval.answers.get(*name).copied().unwrap_or_default().to_string()));
        row.push(interval.failed.to_string());
        row
    });
    let head = ["sent at, s"].into_iter().chain(releases.iter().map(|name| named(name))).chain(["failed"]);
    html! {
        section {
            h2 id="answers" { "Who answered" }
            figure aria-labelledby="answers" {
                ul class="legend" {
                    @for (index, name) in releases.iter().enumerate() { (pictures::key(pictures::colour(index), named(name))) }
                    (pictures::key("failed", "failed"))
                }
                (pictures::answers(timeline, &report.steps))
                figcaption { (caption) }
            }
            (details(&head.collect::<Vec<_>>(), rows.collect()))
        }
    }
}

/// A release that does not say who it is.
fn named(release: &str) -> &str {
    if release.is_empty() { "no name" } else { release }
}

fn times(timeline: &Timeline) -> Markup {
    if timeline.intervals.is_empty() {
        return html! {};
    }
    let rows = timeline.intervals.iter().zip(0u32..).filter_map(|(interval, number)| {
        let times = interval.times?;
        Some(vec![seconds(timeline.length * number), milliseconds(times.median), milliseconds(times.slowest)])
    });
    html! {
        section {
            h2 id="times" { "How long answers took" }
            figure aria-labelledby="times" {
                ul class="legend" {
                    (pictures::key("slowest", "the slowest"))
                    li { "the line: the median" }
                }
                (pictures::times(timeline))
                figcaption { "Milliseconds, by when the request was sent." }
            }
            (details(&["sent at, s", "median", "slowest"], rows.collect()))
        }
    }
}

fn steps(steps: &[Step], hooks: &[&str]) -> Markup {
    let head = ["", "step"].into_iter().chain(hooks.iter().copied()).chain(["total", "ended", "serves then"]);
    let rows = steps.iter().map(|step| {
        let of_hook = |name: &&str| table::time_of(step, name).map_or_else(|| "–".to_owned(), seconds);
        let mut row = vec![step.number.to_string(), step.title.clone()];
        row.extend(hooks.iter().map(of_hook));
        row.extend([seconds(step.hook_time()), step.outcome.to_string(), step.serving.to_string()]);
        row
    });
    html! {
        section {
            h2 id="steps" { "Where the time went" }
            figure aria-labelledby="steps" {
                ul class="legend" {
                    @for (index, hook) in hooks.iter().enumerate() { (pictures::key(pictures::colour(index), hook)) }
                }
                (pictures::hooks(steps, hooks))
                figcaption { "Seconds of each step, by hook." }
            }
            (data(&head.collect::<Vec<_>>(), rows.collect(), "the steps"))
        }
    }
}

fn requests(load: &LoadReport) -> Markup {
    if load.modes.is_empty() {
        return html! {};
    }
    let rows = load.modes.iter().map(|counts| {
        let kinds: Vec<String> = counts.failures.iter().map(|(kind, count)| format!("{count} x {kind}")).collect();
        let numbers = [counts.requests, counts.failed(), counts.saved_by_a_retry, counts.retried]
            .map(|number| number.to_string());
        let mut row = vec![counts.mode.to_owned()];
        row.extend(numbers);
        row.extend([milliseconds(counts.slowest), kinds.join(", ")]);
        row
    });
    let head = ["client", "requests", "failed", "a retry saves", "retried", "slowest", "failures by kind"];
    html! {
        section {
            h2 { "The requests by kind of client" }
            (data(&head, rows.collect(), "the requests"))
        }
    }
}

/// What a picture shows, as a table that is shown to who asks for it.
fn details(head: &[&str], rows: Vec<Vec<String>>) -> Markup {
    html! { details { summary { "The same as a table" } (data(head, rows, "the same as a table")) } }
}

/// A table that can be scrolled with the keyboard where it is wider than the screen.
fn data(head: &[&str], rows: Vec<Vec<String>>, label: &str) -> Markup {
    let is_number = |text: &str| text.starts_with(|first: char| first.is_ascii_digit() || first == '–');
    let table = html! {
        table {
            thead { tr { @for cell in head { th scope="col" { (cell) } } } }
            tbody {
                @for row in rows {
                    tr { @for cell in row { @if is_number(&cell) { td class="number" { (cell) } } @else { td { (cell) } } } }
                }
            }
        }
    };
    page::scrolled(label, &table)
}

fn seconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64())
}

fn milliseconds(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1000.0)
}
