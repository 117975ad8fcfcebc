//! docs/cutover.svg: the requests of every 100 ms around a cutover, by the release that answered, one panel for
//! each way; pure. Both of GitHub's
//! themes are served by one file: its colours follow the reader's scheme.

use std::fmt::Write;

use crate::timeline::{STEP, STEPS_BEFORE, Step};
use crate::way::Way;

const WIDTH: f64 = 860.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 92.0;
const PANEL: f64 = 150.0;
const BETWEEN: f64 = 62.0;
const BOTTOM: f64 = 58.0;

/// Fills of both schemes are chosen to be told apart without colours too: the old release is light, the new one dark, or the
/// other way round.
const STYLE: &str = "\
text { font: 13px -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328; }
.title { font-size: 17px; font-weight: 600; }
.panel { font-weight: 600; }
.quiet { fill: #59636e; font-size: 12px; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
.axis { stroke: #59636e; stroke-width: 1; }
.change { stroke: #1f2328; stroke-width: 1.5; stroke-dasharray: 4 3; }
.old { fill: #9db2c9; }
.new { fill: #1a7f37; }
.failed { fill: #d1242f; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; }
.quiet { fill: #9198a1; }
.grid { stroke: #3d444d; }
.axis { stroke: #9198a1; }
.change { stroke: #f0f6fc; }
.old { fill: #5d6f84; }
.new { fill: #3fb950; }
.failed { fill: #ff6a69; }
}
";

/// Draws the panels from top to bottom. All have as many steps.
pub(crate) fn draw(panels: &[(Way, Vec<Step>)]) -> String {
    let steps = panels.iter().map(|(_, steps)| steps.len()).max().unwrap_or(0);
    let axis = Axis { bar: (WIDTH - LEFT - RIGHT) / real(steps.max(1)), steps };
    let height = (PANEL + BETWEEN).mul_add(real(panels.len()), TOP - BETWEEN + BOTTOM);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"title description\">\n<title id=\"title\">Requests around a cutover</title>\n\
         <desc id=\"description\">{}</desc>\n<style>\n{STYLE}</style>\n",
        description(panels)
    );
    text(&mut svg, LEFT, 28.0, "title", "Requests around a cutover, by the release that answered them");
    legend(&mut svg);
    // One scale for all panels, so that they can be compared.
    let most = panels.iter().flat_map(|(_, steps)| steps).map(total).max().unwrap_or(0);
    let scale = Scale::up_to(most);
    for (index, (way, steps)) in panels.iter().enumerate() {
        let top = (PANEL + BETWEEN).mul_add(real(index), TOP);
        panel(&mut svg, top, *way, steps, &axis, scale);
    }
    let label = height - 10.0;
    centred(
        &mut svg,
        LEFT + axis.bar * real(steps) / 2.0,
        label,
        "quiet",
        "milliseconds after the change on disk, when the request was sent",
    );
    svg.push_str("</svg>\n");
    svg
}

/// The same for those who cannot see it.
fn description(panels: &[(Way, Vec<Step>)]) -> String {
    let panels = panels.iter().map(|(way, steps)| {
        let after = steps.get(STEPS_BEFORE..).unwrap_or_default();
        let mixed = after.iter().filter(|step| step.old > 0).count();
        let failed: u32 = steps.iter().map(|step| step.failed).sum();
        format!("{}: in {mixed} steps of 100 ms after the change the old release answers requests, and {failed} requests fail", way.name())
    });
    panels.collect::<Vec<_>>().join(". ") + "."
}

struct Axis {
    bar: f64,
    steps: usize,
}

impl Axis {
    fn x(&self, step: usize) -> f64 {
        self.bar.mul_add(real(step), LEFT)
    }
}

/// From answers to heights, with a line at every `tick`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scale {
    tick: u32,
    top: u32,
}

impl Scale {
    /// Three to five ticks, each 1, 2 or 5 times a power of ten.
    fn up_to(most: u32) -> Self {
        let mut power = 1;
        loop {
            for factor in [1, 2, 5] {
                let tick = factor * power;
                if most <= tick * 4 {
                    return Self { tick, top: tick * most.div_ceil(tick).max(1) };
                }
            }
            power *= 10;
        }
    }

    fn height(self, answers: u32) -> f64 {
        PANEL * f64::from(answers) / f64::from(self.top)
    }
}

fn panel(svg: &mut String, top: f64, way: Way, steps: &[Step], axis: &Axis, scale: Scale) {
    let bottom = top + PANEL;
    text(svg, LEFT, top - 12.0, "panel", title(way));
    for tick in 0..=scale.top / scale.tick {
        let y = bottom - scale.height(tick * scale.tick);
        let right = axis.x(axis.steps);
        let _infallible =
            writeln!(svg, "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>");
        let number = (tick * scale.tick).to_string();
        let _infallible = writeln!(
            svg,
            "<text class=\"quiet\" x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{number}</text>",
            LEFT - 8.0,
            y + 4.0
        );
    }
    let (x, y) = (18.0, top + PANEL / 2.0);
    let _infallible = writeln!(
        svg,
        "<text class=\"quiet\" x=\"{x}\" y=\"{y}\" text-anchor=\"middle\" transform=\"rotate(-90 {x} {y})\">per 100 ms</text>"
    );
    for (index, step) in steps.iter().enumerate() {
        let mut y = bottom;
        for (class, answers) in [("old", step.old), ("new", step.new), ("failed", step.failed)] {
            if answers == 0 {
                continue;
            }
            // A single failure among hundreds of answers is to be seen.
            let least = if class == "failed" { 4.0 } else { 0.0 };
            let height = scale.height(answers).max(least);
            y -= height;
            let (x, width) = (axis.x(index) + 1.0, axis.bar - 2.0);
            let _infallible = writeln!(
                svg,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"/>"
            );
        }
    }
    let right = axis.x(axis.steps);
    let _infallible =
        writeln!(svg, "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{right:.1}\" y1=\"{bottom}\" y2=\"{bottom}\"/>");
    let x = axis.x(STEPS_BEFORE);
    let above = top - 6.0;
    let _infallible =
        writeln!(svg, "<line class=\"change\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{above}\" y2=\"{bottom}\"/>");
    for step in (0..=axis.steps).step_by(5) {
        let milliseconds = (i128::try_from(step).unwrap_or(0) - i128::try_from(STEPS_BEFORE).unwrap_or(0))
            * i128::try_from(STEP.as_millis()).unwrap_or(0);
        centred(svg, axis.x(step), bottom + 18.0, "quiet", &milliseconds.to_string());
    }
}

fn title(way: Way) -> &'static str {
    match way {
        Way::Scripts => "the scripts: the include is rewritten, then nginx is reloaded",
        Way::Reload => "cutover = \"reload\": the include is rewritten, then nginx is reloaded",
        Way::Instant => "cutover = \"instant\": a flag file is made or removed",
    }
}

fn legend(svg: &mut String) {
    let entries = [("old", "old release"), ("new", "new release"), ("failed", "failed requests")];
    for ((class, name), x) in entries.into_iter().zip([0.0, 120.0, 245.0]) {
        let x = LEFT + x;
        let _infallible = writeln!(svg, "<rect class=\"{class}\" x=\"{x}\" y=\"43\" width=\"13\" height=\"13\"/>");
        text(svg, x + 20.0, 54.0, "name", name);
    }
    let x = LEFT + 390.0;
    let _infallible = writeln!(svg, "<line class=\"change\" x1=\"{x}\" x2=\"{x}\" y1=\"41\" y2=\"58\"/>");
    text(svg, x + 9.0, 54.0, "name", "the change on disk");
}

fn text(svg: &mut String, x: f64, y: f64, class: &str, what: &str) {
    let what = what.replace('&', "&amp;").replace('<', "&lt;");
    let _infallible = writeln!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">{what}</text>");
}

fn centred(svg: &mut String, x: f64, y: f64, class: &str, what: &str) {
    let _infallible =
        writeln!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{what}</text>");
}

fn total(step: &Step) -> u32 {
    step.old + step.new + step.failed
}

#[expect(clippy::cast_precision_loss, reason = "a small number")]
fn real(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(of: impl Fn(usize) -> Step) -> Vec<Step> {
        (0..STEPS_BEFORE + 5).map(of).collect()
    }

    #[test]
    fn the_scale_has_round_ticks_and_room_for_the_most() {
        for (most, tick, top) in
            [(0, 1, 1), (4, 1, 4), (5, 2, 6), (17, 5, 20), (40, 10, 40), (150, 50, 150), (401, 200, 600)]
        {
            assert_eq!(Scale::up_to(most), Scale { tick, top }, "{most}");
        }
    }

    #[test]
    fn each_release_has_its_bars_and_failures_are_seen() {
        let reload = steps(|step| Step {
            old: if step <= STEPS_BEFORE { 500 } else { 0 },
            new: if step > STEPS_BEFORE { 500 } else { 0 },
            failed: u32::from(step == STEPS_BEFORE),
        });
        let svg = draw(&[(Way::Reload, reload)]);
        let bars = |class: &str| svg.matches(&format!("<rect class=\"{class}\"")).count() - 1;
        assert_eq!((bars("old"), bars("new"), bars("failed")), (STEPS_BEFORE + 1, 4, 1));
        assert!(
            svg.contains(
                "reload: in 1 steps of 100 ms after the change the old release answers requests, and 1 requests fail."
            ),
            "{svg}"
        );
        assert!(svg.contains("height=\"4.0\""), "{svg}");
        for label in ["-1000", ">0<", "500"] {
            assert!(svg.contains(label), "{label}");
        }
    }
}
