//! docs/feel.md: the figures as tables, the ratios to the steady time first; pure.

use serde::{Deserialize, Serialize};
use shared::report::table::{self, Side};

use super::Treatment;
use super::windows::{self, NAMES, Sample};
use crate::machine::Machine;
use crate::number::{NONE, number, whole};
use crate::statistics::percentiles;

/// All that was measured on one machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Feel {
    pub(crate) machine: Machine,
    /// Requests a second that the host serves well.
    pub(crate) capacity: u32,
    /// By rate, and by way.
    pub(crate) figures: Vec<Figures>,
}

impl Feel {
    /// Adds what was measured, in the place of what there is of the same way at the same rate.
    pub(crate) fn add(&mut self, figures: Figures) {
        let of = |figures: &Figures| (figures.rate, figures.treatment);
        self.figures.retain(|kept| of(kept) != of(&figures));
        self.figures.push(figures);
        self.figures.sort_by_key(of);
    }
}

/// One way at one rate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) rate: u32,
    pub(crate) treatment: Treatment,
    pub(crate) deploys: usize,
    pub(crate) windows: Vec<Window>,
    pub(crate) boot_seconds: f64,
    pub(crate) boot_cpu_seconds: Option<f64>,
    pub(crate) whole_seconds: f64,
    /// The median of those deploys after which it was seen.
    pub(crate) as_before_seconds: Option<f64>,
    /// Deploys after which it was not seen within half a minute.
    pub(crate) never_as_before: usize,
    /// Seconds after the cutover, and the median of the deploys' medians in the step that begins then, in milliseconds.
    pub(crate) line: Vec<(f64, f64)>,
}

/// Milliseconds of the answers of all deploys that were asked for in one window.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Window {
    pub(crate) name: String,
    pub(crate) requests: usize,
    pub(crate) failed: usize,
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
}

impl Figures {
    /// Sums up.
    pub(crate) fn of(rate: u32, treatment: Treatment, samples: &[Sample]) -> Figures {
        let windows = NAMES.iter().enumerate().map(|(index, name)| {
            let all: Vec<f64> = samples.iter().flat_map(|sample| sample.windows[index].iter().copied()).collect();
            let [p50, p90, p99] = percentiles(&all, [50, 90, 99]).unwrap_or_default();
            let failed = samples.iter().map(|sample| sample.failures[index]).sum();
            Window { name: (*name).to_owned(), requests: all.len(), failed, p50, p90, p99 }
        });
        let median = |of: &dyn Fn(&Sample) -> Option<f64>| {
            let all: Vec<f64> = samples.iter().filter_map(of).collect();
            windows::median(&all)
        };
        Figures {
            rate,
            treatment,
            deploys: samples.len(),
            windows: windows.collect(),
            boot_seconds: median(&|sample| Some(sample.boot.as_secs_f64())).unwrap_or_default(),
            boot_cpu_seconds: median(&|sample| Some(sample.boot_cpu?.as_secs_f64())),
            whole_seconds: median(&|sample| Some(sample.whole.as_secs_f64())).unwrap_or_default(),
            as_before_seconds: median(&|sample| Some(sample.as_before?.as_secs_f64())),
            never_as_before: samples.iter().filter(|sample| sample.as_before.is_none()).count(),
            line: windows::medians(samples),
        }
    }
}

/// The whole document.
pub(crate) fn write(feel: &Feel) -> String {
    let Feel { machine, capacity, figures } = feel;
    let mut parts = vec![
        "<!-- Written by scripts/bench.sh --feel; do not edit. -->\n# What users feel of a deploy\n".to_owned(),
        format!(
            "A Spring Boot application as large as what people deploy ([tests/spring-app](../tests/spring-app), `-Pshop`: Hibernate, pages, \
             JSON, 83 libraries; `-Xmx400m`), six of its pages asked for at a fixed rate on new connections, whether answers come or \
             not. Client, nginx and both releases share {} cores of {}; nginx {}, Linux {}. \
             The host serves {} requests a second well when nothing is deployed (nine of ten answers within 250 ms).\n",
            machine.cores,
            machine.cpu,
            machine.nginx,
            machine.kernel,
            whole((*capacity).into())
        ),
        "![The median of the answers around a cutover](feel.svg)\n".to_owned(),
    ];
    let mut rates: Vec<u32> = figures.iter().map(|figures| figures.rate).collect();
    rates.dedup();
    for rate in rates {
        let of: Vec<&Figures> = figures.iter().filter(|figures| figures.rate == rate).collect();
        parts.push(format!("## {rate} requests a second ({} % of that)\n", rate * 100 / (*capacity).max(1)));
        parts.push(latencies(&of));
        parts.push(boots(&of));
    }
    parts.push(
        "Times of the first table are milliseconds, p50 / p99, and in brackets how many times the same of the steady seconds before the \
         deploy. Windows are by when a request was sent: *boot* is from the first hook to the first answer of the new release, the others \
         are seconds after that. *Boot* in the second table is `start` and `health`, a warm-up with them; *CPU* what the new process took \
         until then; *as before* is from the first hook until a whole second had a median of no more than twice the steady one.\n"
            .to_owned(),
    );
    parts.push("```sh\n./scripts/bench.sh --feel                # three deploys of each way\n./scripts/bench.sh --feel --deploys 20   # some hours\n```\n".to_owned());
    parts.join("\n")
}

fn latencies(figures: &[&Figures]) -> String {
    let rows: Vec<Vec<String>> = figures
        .iter()
        .map(|figures| {
            let steady = figures.windows.first().map_or((0.0, 0.0), |window| (window.p50, window.p99));
            let cell = |(index, window): (usize, &Window)| {
                let times = format!("{} / {}", number(window.p50), number(window.p99));
                if index == 0 {
                    return times;
                }
                format!("{times} ({}x / {}x)", ratio(window.p50, steady.0), ratio(window.p99, steady.1))
            };
            let failed: usize = figures.windows.iter().map(|window| window.failed).sum();
            let mut row = vec![figures.treatment.name().to_owned()];
            row.extend(figures.windows.iter().enumerate().map(cell));
            row.push(whole(u64::try_from(failed).unwrap_or(u64::MAX)));
            row
        })
        .collect();
    let head: Vec<&str> = std::iter::once("").chain(NAMES).chain(["failed"]).collect();
    let sides: Vec<Side> =
        std::iter::once(Side::Left).chain(std::iter::repeat_n(Side::Right, NAMES.len() + 1)).collect();
    table::markdown(&head, &rows, &sides)
}

fn boots(figures: &[&Figures]) -> String {
    let text = |seconds: Option<f64>| seconds.map_or_else(|| NONE.to_owned(), number);
    let rows: Vec<Vec<String>> = figures
        .iter()
        .map(|figures| {
            let never = match figures.never_as_before {
                0 => String::new(),
                never => format!(" ({never} not within half a minute)"),
            };
            vec![
                figures.treatment.name().to_owned(),
                whole(u64::try_from(figures.deploys).unwrap_or(u64::MAX)),
                number(figures.boot_seconds),
                text(figures.boot_cpu_seconds),
                number(figures.whole_seconds),
                text(figures.as_before_seconds) + &never,
            ]
        })
        .collect();
    let head = ["", "deploys", "boot, s", "CPU of it, s", "whole deploy, s", "as before, s"];
    table::markdown(&head, &rows, &[Side::Left, Side::Right, Side::Right, Side::Right, Side::Right, Side::Right])
}

fn ratio(value: f64, base: f64) -> String {
    if base > 0.0 { number(value / base) } else { NONE.to_owned() }
}
