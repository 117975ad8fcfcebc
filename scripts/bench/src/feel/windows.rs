//! How long answers took, by the time at which they were asked for: before a deploy, while the new release booted, and in the seconds
//! after the cutover; pure.

use std::fmt;
use std::time::{Duration, Instant};

use super::loads::Request;
use super::shop::Deployed;
use crate::statistics::percentiles;

/// The times after the cutover, in seconds: from, and to.
const AFTER: [(u64, u64); 4] = [(0, 2), (2, 5), (5, 10), (10, 30)];
/// The names of all windows, in their order.
pub(crate) const NAMES: [&str; 6] = ["steady", "boot", "0–2 s", "2–5 s", "5–10 s", "10–30 s"];
/// Everybody is served as before once so long a time has a median of no more than twice the steady one.
const SPAN: Duration = Duration::from_secs(1);
/// The step of a picture's line.
const STEP: Duration = Duration::from_millis(500);

/// What one deploy came to.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    /// Milliseconds of each answer, by window.
    pub(crate) windows: [Vec<f64>; NAMES.len()],
    /// Failed requests, by window.
    pub(crate) failures: [usize; NAMES.len()],
    /// From the first hook to the end of the last.
    pub(crate) whole: Duration,
    /// From the start of the release to its proof.
    pub(crate) boot: Duration,
    /// What its process took of the processors until then.
    pub(crate) boot_cpu: Option<Duration>,
    /// From the first hook until everybody was served as before; nothing if that was not seen.
    pub(crate) as_before: Option<Duration>,
    /// Seconds after the cutover and the median of the answers that were asked for in the step that begins then.
    pub(crate) line: Vec<(f64, f64)>,
}

impl Sample {
    /// Sorts the requests into their windows; nothing where the new release never answered.
    pub(crate) fn of(requests: &[Request], deployed: &Deployed) -> Option<Sample> {
        let is_new = |request: &&Request| {
            request.sent >= deployed.began && request.release.as_deref() == Some(deployed.release.as_str())
        };
        let cutover = requests.iter().find(is_new)?.sent;
        let mut sample = Sample {
            windows: Default::default(),
            failures: Default::default(),
            whole: deployed.ended.saturating_duration_since(deployed.began),
            boot: deployed.boot,
            boot_cpu: deployed.boot_cpu,
            as_before: None,
            line: Vec::new(),
        };
        for request in requests {
            let Some(window) = window(request.sent, deployed.began, cutover) else { continue };
            sample.windows[window].push(milliseconds(request.took));
            sample.failures[window] += usize::from(request.failed);
        }
        let steady = median(&sample.windows[0])?;
        let mut from = cutover;
        while let Some(found) = median_between(requests, from, from + SPAN) {
            if found <= steady * 2.0 {
                sample.as_before = Some((from + SPAN).saturating_duration_since(deployed.began));
                break;
            }
            from += SPAN / 4;
        }
        sample.line = line(requests, cutover);
        Some(sample)
    }

    /// Failed requests in all.
    pub(crate) fn failed(&self) -> usize {
        self.failures.iter().sum()
    }
}

impl fmt::Display for Sample {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "boot {:.1} s", self.boot.as_secs_f64())?;
        for (name, window) in NAMES.iter().zip(&self.windows) {
            let [p50, p99] = percentiles(window, [50, 99]).unwrap_or_default();
            write!(formatter, ", {name} p50 {p50:.0} p99 {p99:.0} ms")?;
        }
        write!(formatter, ", {} failed", self.failed())
    }
}

/// The window that a moment belongs to.
fn window(sent: Instant, began: Instant, cutover: Instant) -> Option<usize> {
    if sent < began {
        return Some(0);
    }
    if sent < cutover {
        return Some(1);
    }
    let after = sent.duration_since(cutover);
    let within = |(from, to): &(u64, u64)| after >= Duration::from_secs(*from) && after < Duration::from_secs(*to);
    AFTER.iter().position(within).map(|position| position + 2)
}

/// The medians of each step around the cutover.
fn line(requests: &[Request], cutover: Instant) -> Vec<(f64, f64)> {
    let mut line = Vec::new();
    for step in -20_i32..60 {
        let offset = STEP * step.unsigned_abs();
        let from = if step < 0 { cutover.checked_sub(offset) } else { cutover.checked_add(offset) };
        let found = from.and_then(|from| median_between(requests, from, from + STEP));
        line.extend(found.map(|found| (f64::from(step) * STEP.as_secs_f64(), found)));
    }
    line
}

fn median_between(requests: &[Request], from: Instant, to: Instant) -> Option<f64> {
    let taken: Vec<f64> = requests
        .iter()
        .filter(|request| request.sent >= from && request.sent < to)
        .map(|request| milliseconds(request.took))
        .collect();
    median(&taken)
}

/// Whether nothing failed and at least nine of ten answers took no longer than `well`.
pub(crate) fn are_served(requests: &[Request], well: Duration) -> bool {
    let slow = requests.iter().filter(|request| request.took > well).count();
    !requests.is_empty() && requests.iter().all(|request| !request.failed) && slow * 10 <= requests.len()
}

/// The middle one; nothing where there is none.
pub(crate) fn median(figures: &[f64]) -> Option<f64> {
    percentiles(figures, [50]).map(|[median]| median)
}

/// The median of the deploys in each step.
pub(crate) fn medians(samples: &[Sample]) -> Vec<(f64, f64)> {
    let mut steps: Vec<(f64, Vec<f64>)> = Vec::new();
    for (at, found) in samples.iter().flat_map(|sample| &sample.line) {
        match steps.iter_mut().find(|(own, _)| (own - at).abs() < STEP.as_secs_f64() / 2.0) {
            Some((_, all)) => all.push(*found),
            None => steps.push((*at, vec![*found])),
        }
    }
    steps.sort_by(|one, other| one.0.total_cmp(&other.0));
    steps.into_iter().filter_map(|(at, all)| Some((at, median(&all)?))).collect()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(sent: Instant, milliseconds: u64, release: &str) -> Request {
        let took = Duration::from_millis(milliseconds);
        Request { sent, took, release: Some(release.to_owned()), failed: false }
    }

    #[test]
    fn each_answer_belongs_to_the_window_in_which_it_was_asked_for() {
        let start = Instant::now();
        let at = |milliseconds: u64| start + Duration::from_millis(milliseconds);
        let deployed = Deployed {
            release: "v2".into(),
            began: at(10_000),
            ended: at(31_000),
            boot: Duration::from_secs(20),
            boot_cpu: None,
        };
        // 10 ms before; 20 in the boot; 400 for two seconds after the cutover, then 15.
        let took = |sent: u64| match sent {
            0..10_000 => 10,
            10_000..30_000 => 20,
            30_000..32_000 => 400,
            _ => 15,
        };
        let release = |sent| if sent < 30_000 { "v1" } else { "v2" };
        let requests: Vec<Request> =
            (0..60_000).step_by(100).map(|sent| request(at(sent), took(sent), release(sent))).collect();
        let sample = Sample::of(&requests, &deployed).unwrap();
        let found: Vec<(usize, f64)> =
            sample.windows.iter().map(|window| (window.len(), percentiles(window, [99]).unwrap()[0])).collect();
        assert_eq!(found, [(100, 10.0), (200, 20.0), (20, 400.0), (30, 15.0), (50, 15.0), (200, 15.0)]);
        let as_before = sample.as_before.unwrap();
        assert!((Duration::from_secs(22)..=Duration::from_secs(23)).contains(&as_before), "{as_before:?}");
        assert!(sample.line.iter().any(|(at, found)| (*at, *found) == (0.5, 400.0)), "{:?}", sample.line);
        assert!(Sample::of(&requests[..250], &deployed).is_none(), "it never answered");
    }

    #[test]
    fn a_rate_is_served_where_nothing_fails_and_nine_of_ten_answers_come_in_time() {
        let now = Instant::now();
        let well = Duration::from_millis(250);
        let fast: Vec<Request> = (0..9).map(|_| request(now, 10, "v1")).collect();
        let slow = request(now, 900, "v1");
        assert!(are_served(&[fast.clone(), vec![slow.clone()]].concat(), well));
        assert!(!are_served(&[fast.clone(), vec![slow.clone(), slow]].concat(), well));
        assert!(!are_served(&[fast, vec![Request { failed: true, ..request(now, 1, "v1") }]].concat(), well));
        assert!(!are_served(&[], well));
    }
}
