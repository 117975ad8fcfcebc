//! docs/feel.svg: the median of the answers over the time around a cutover, a line for each way, on a scale on which ten times is one step;
//! pure. Both of GitHub's themes are served by one file.

use std::fmt::Write;

use super::Treatment;
use super::document::Figures;

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 92.0;
const BOTTOM: f64 = 58.0;
/// Seconds that are shown, around the cutover.
const SHOWN: (f64, f64) = (-10.0, 30.0);
/// Milliseconds that are shown.
const SCALE: (f64, f64) = (1.0, 10_000.0);

const STYLE: &str = "\
text { font: 13px -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328; }
.title { font-size: 17px; font-weight: 600; }
.quiet { fill: #59636e; font-size: 12px; }
.grid { stroke: #d1d9e0; stroke-width: 1; }
.change { stroke: #1f2328; stroke-width: 1.5; stroke-dasharray: 4 3; }
polyline { fill: none; stroke-width: 2; }
.scripts { stroke: #d1242f; }
.equal-share { stroke: #59636e; }
.plain { stroke: #9a6700; }
.warm-up { stroke: #0969da; }
.archive { stroke: #8250df; }
.both { stroke: #1a7f37; }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc; }
.quiet { fill: #9198a1; }
.grid { stroke: #3d444d; }
.change { stroke: #f0f6fc; }
.scripts { stroke: #ff6a69; }
.equal-share { stroke: #9198a1; }
.plain { stroke: #d29922; }
.warm-up { stroke: #4493f8; }
.archive { stroke: #ab7df8; }
.both { stroke: #3fb950; }
}
";

/// Draws the lines of one rate.
pub(crate) fn draw(rate: u32, figures: &[Figures]) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         role=\"img\" aria-labelledby=\"title\">\n<title id=\"title\">How long answers take around a cutover, at {rate} requests a \
         second</title>\n<style>\n{STYLE}</style>\n"
    );
    text(
        &mut svg,
        (LEFT, 28.0),
        "title",
        "start",
        &format!("How long answers take around a cutover, {rate} requests a second"),
    );
    for power in 0..=4 {
        let milliseconds = 10_f64.powi(power);
        let y = y(milliseconds);
        let right = WIDTH - RIGHT;
        let _infallible =
            writeln!(svg, "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>");
        text(&mut svg, (LEFT - 8.0, y + 4.0), "quiet", "end", &format!("{milliseconds} ms"));
    }
    for second in [-10, -5, 0, 5, 10, 15, 20, 25, 30] {
        text(&mut svg, (x(f64::from(second)), HEIGHT - BOTTOM + 18.0), "quiet", "middle", &second.to_string());
    }
    let middle = LEFT.midpoint(WIDTH - RIGHT);
    text(
        &mut svg,
        (middle, HEIGHT - 10.0),
        "quiet",
        "middle",
        "seconds after the first answer of the new release; medians of half seconds",
    );
    let cutover = x(0.0);
    let _infallible = writeln!(
        svg,
        "<line class=\"change\" x1=\"{cutover:.1}\" x2=\"{cutover:.1}\" y1=\"{TOP}\" y2=\"{}\"/>",
        HEIGHT - BOTTOM
    );
    let mut legend = LEFT;
    for Figures { treatment, line, .. } in figures.iter().filter(|figures| figures.rate == rate) {
        let class = class(*treatment);
        let points: Vec<String> = line.iter().map(|(at, found)| format!("{:.1},{:.1}", x(*at), y(*found))).collect();
        let _infallible = writeln!(svg, "<polyline class=\"{class}\" points=\"{}\"/>", points.join(" "));
        let _infallible = writeln!(svg, "<polyline class=\"{class}\" points=\"{legend},50 {},50\"/>", legend + 18.0);
        text(&mut svg, (legend + 24.0, 54.0), "name", "start", treatment.name());
        legend += 190.0;
    }
    svg.push_str("</svg>\n");
    svg
}

fn x(seconds: f64) -> f64 {
    let share = (seconds.clamp(SHOWN.0, SHOWN.1) - SHOWN.0) / (SHOWN.1 - SHOWN.0);
    (WIDTH - LEFT - RIGHT).mul_add(share, LEFT)
}

fn y(milliseconds: f64) -> f64 {
    let share = (milliseconds.clamp(SCALE.0, SCALE.1) / SCALE.0).log10() / (SCALE.1 / SCALE.0).log10();
    (HEIGHT - BOTTOM - TOP).mul_add(1.0 - share, TOP)
}

fn class(treatment: Treatment) -> &'static str {
    match treatment {
        Treatment::Scripts => "scripts",
        Treatment::EqualShare => "equal-share",
        Treatment::Plain => "plain",
        Treatment::WarmUp => "warm-up",
        Treatment::Archive => "archive",
        Treatment::Both => "both",
    }
}

fn text(svg: &mut String, (x, y): (f64, f64), class: &str, anchor: &str, what: &str) {
    let _infallible =
        writeln!(svg, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{what}</text>");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_times_is_one_step_and_what_is_beyond_stays_in_the_picture() {
        let step = y(1.0) - y(10.0);
        assert!((y(10.0) - y(100.0) - step).abs() < 0.001 && step > 10.0);
        assert!((y(99_999.0) - TOP).abs() < 0.001 && (x(-60.0) - LEFT).abs() < 0.001);
    }
}
