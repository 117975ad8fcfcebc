//! docs/benchmarks.md: the figures in words and tables, the ratios first; pure.

use shared::lifecycle::HOOKS;
use shared::report::table::{self, Side};

use crate::effort;
use crate::host::BACK;
use crate::number::{NONE, median_p95, number, times, whole};
use crate::results::{DeployFigures, FailureFigures, Results};
use crate::statistics::Summary;
use crate::tally::Count;
use crate::way::Way;

const WAYS: [Way; 3] = [Way::Scripts, Way::Reload, Way::Instant];

/// A row's name, and where its figures are.
type Measure = (&'static str, fn(&DeployFigures) -> &Summary);

/// The whole document.
pub(crate) fn write(results: &Results) -> String {
    let machine = &results.machine;
    let mut parts = vec![
        "<!-- Written by scripts/bench.sh from one run; do not edit. -->\n# Benchmarks\n".to_owned(),
        format!(
            "Three ways to deploy, measured in one run and in turns: the shell scripts that the hooks replace (re-created in \
             [scripts/bench/baseline](../scripts/bench/baseline), sleeps and all), the hooks with `proxy.cutover = \"reload\"`, \
             and the hooks with `\"instant\"`. The application is a small service that boots in {} ms; clients of {} kinds ask for \
             it through nginx meanwhile, {} times a second in all ({} of these on fresh connections). nginx {}, {} with \
             {} cores, Linux {}.\n",
            results.boot_milliseconds,
            effort::kinds().len(),
            whole(results.rate.into()),
            whole(results.fresh_rate.into()),
            machine.nginx,
            machine.cpu,
            machine.cores,
            machine.kernel
        ),
        "![Requests around a cutover, by the release that answered them](cutover.svg)\n".to_owned(),
        "## A deploy\n".to_owned(),
        deploys(results),
        format!(
            "Medians (in brackets the 95th percentile), and how many times less than the scripts. *Time beyond the boot* is all hooks \
         of a deploy from start to exit, less the boot. *Processes* are counted exactly (ptrace), in deploys that are not timed: \
         those that the hooks made, without the application; then with it and the hooks themselves; threads are none. *CPU time* is \
         user and system time of the hooks and of everything that they waited for. *The command* is `switch`, or the scripts' \
         `switch_proxy`; *the change* is the first change of the include or of the flag on disk, as inotify tells it. Answers are \
         those on fresh connections without a round trip, of which one is sent every {:.1} ms: so exact are the moments.\n",
            1000.0 / f64::from(results.fresh_rate.max(1))
        ),
        "## Each hook\n".to_owned(),
        hooks(results),
        "Deploys without a load, so that each hook has the machine for itself. Time from start to exit; CPU time and peak resident \
         memory of the process itself, without its children (its CPU clock before it is reaped, `VmHWM` at its exit). Memory is \
         from the deploys that were watched. `switch --back` goes back to the release that served before.\n"
            .to_owned(),
        "## Failed requests\n".to_owned(),
        failures(results),
        format!(
            "All cutovers of the deploys above, and `switch --back` again and again between two running releases: the same steps \
             without a boot. *RTT* is the round trip between clients and nginx. Of `sse` and `websocket` a request is a stream, \
             and an answer an event or a message. Where nothing failed, the last column is what the rate of failures is at most, \
             with 95 % confidence (3/n). A reload closes idle connections: a client that keeps them and does not retry can fail \
             there ({}); `fresh` and `retry` may not.\n",
            "failures of `keep-alive`, `blind` and `post`"
        ),
    ];
    if let Some(kills) = &results.kills {
        parts.push("## The live application is killed\n".to_owned());
        parts.push(counts_table(
            kills.modes.iter().map(|(mode, count)| (vec![mode.to_string()], count)).collect(),
            &["mode"],
        ));
        parts.push(format!(
            "{} times SIGKILL under load with `instant`: nginx goes on with the standby within the same request, and returns when \
             the application is back. A POST that had begun is not sent again, so that those in flight at a kill fail.\n",
            whole(kills.cutovers)
        ));
    }
    if !results.proxy_cpu.is_empty() {
        parts.push("## What a request costs nginx\n".to_owned());
        parts.push(proxy_cpu(results));
        parts.push(
            "User and system time of nginx's workers for a request on kept connections, over the same number of requests at the \
             same rate, in turns; the ratio is of figures from the same round.\n"
                .to_owned(),
        );
    }
    parts.push("## Again\n".to_owned());
    parts.push(
        "```sh\n./scripts/bench.sh          # about a quarter of an hour\n./scripts/bench.sh --long   # 300 cutovers and 300,000 \
         answers in every mode: about an hour\n```\n\nAbsolute times depend on the machine and on what else it does; the ratios \
         much less. [benchmarks.json](benchmarks.json) has the same figures for programs.\n"
            .to_owned(),
    );
    parts.join("\n")
}

fn deploys(results: &Results) -> String {
    let of = |way: Way| results.deploys.get(&way);
    let measures: [Measure; 8] = [
        ("time beyond the boot, ms", |figures| &figures.over_boot),
        ("processes made by the hooks", |figures| &figures.children),
        ("all processes", |figures| &figures.processes),
        ("CPU time, ms", |figures| &figures.cpu),
        ("command to first new answer, ms", |figures| &figures.command_to_first_new),
        ("command to last old answer, ms", |figures| &figures.command_to_last_old),
        ("change to first new answer, ms", |figures| &figures.change_to_first_new),
        ("change to last old answer, ms", |figures| &figures.change_to_last_old),
    ];
    let rows = measures.map(|(name, measure)| {
        let mut row = vec![name.to_owned()];
        row.extend(WAYS.map(|way| of(way).map_or_else(|| NONE.to_owned(), |figures| median_p95(measure(figures)))));
        row.extend([Way::Reload, Way::Instant].map(|way| {
            let pair = of(Way::Scripts).zip(of(way));
            let ratio = pair.map(|(base, figures)| times(measure(base).median, measure(figures).median));
            ratio.unwrap_or_else(|| NONE.to_owned())
        }));
        row
    });
    let n = WAYS.map(|way| of(way).map_or_else(|| NONE.to_owned(), |figures| figures.over_boot.n.to_string()));
    let mut rows = rows.to_vec();
    let back = |way: Way| of(way).and_then(|figures| figures.back.as_ref());
    let mut row = vec!["`switch --back`, ms".to_owned()];
    row.extend(WAYS.map(|way| back(way).map_or_else(|| NONE.to_owned(), median_p95)));
    row.extend([NONE.to_owned(), NONE.to_owned()]);
    rows.push(row);
    rows.push(
        ["deploys that were timed".to_owned()].into_iter().chain(n).chain([String::new(), String::new()]).collect(),
    );
    let head = ["a deploy", "scripts", "reload", "instant", "scripts/reload", "scripts/instant"];
    render(&head, &rows)
}

fn hooks(results: &Results) -> String {
    let mut rows = Vec::new();
    for (way, figures) in &results.deploys {
        for hook in HOOKS.into_iter().chain([BACK]) {
            let Some(figures) = figures.hooks.get(hook) else { continue };
            let mega = |summary: &Summary| {
                format!("{} ({})", number(summary.median / 1_048_576.0), number(summary.max / 1_048_576.0))
            };
            let median_max = |summary: &Summary| format!("{} ({})", number(summary.median), number(summary.max));
            let none = || NONE.to_owned();
            rows.push(vec![
                format!("{}: {hook}", way.name()),
                median_max(&figures.milliseconds),
                median_max(&figures.cpu_milliseconds),
                figures.peak_memory_bytes.as_ref().map_or_else(none, mega),
                figures.children.as_ref().map_or_else(none, median_max),
                figures.milliseconds.n.to_string(),
            ]);
        }
    }
    render(&["median (maximum)", "time, ms", "CPU, ms", "peak memory, MiB", "processes made", "n"], &rows)
}

fn failures(results: &Results) -> String {
    let mut rows = Vec::new();
    for FailureFigures { way, round_trip_milliseconds, tally } in &results.failures {
        for (mode, count) in &tally.modes {
            let round_trip = format!("{round_trip_milliseconds} ms");
            let names = vec![format!("{}: {mode}", way.name()), round_trip, whole(tally.cutovers)];
            rows.push((names, count));
        }
    }
    counts_table(rows, &["way and mode", "RTT", "cutovers"])
}

fn counts_table(rows: Vec<(Vec<String>, &Count)>, head: &[&str]) -> String {
    let rows: Vec<Vec<String>> = rows
        .into_iter()
        .map(|(mut row, count)| {
            row.extend([whole(count.requests), whole(count.answers), whole(count.failed)]);
            row.push(count.bound().map_or_else(|| NONE.to_owned(), |bound| format!("< {bound:.1e}")));
            row
        })
        .collect();
    let head: Vec<&str> = head.iter().copied().chain(["requests", "answers", "failed", "rate at most"]).collect();
    render(&head, &rows)
}

fn proxy_cpu(results: &Results) -> String {
    let rows: Vec<Vec<String>> = results
        .proxy_cpu
        .iter()
        .map(|form| {
            vec![
                form.name.to_owned(),
                number(form.ratio.median),
                number(form.microseconds.median),
                number(form.microseconds.max),
                form.microseconds.n.to_string(),
            ]
        })
        .collect();
    render(&["form", "ratio", "µs, median", "µs, maximum", "rounds"], &rows)
}

/// A row's name to the left, its figures to the right.
fn render(head: &[&str], rows: &[Vec<String>]) -> String {
    let sides: Vec<Side> = (0..head.len()).map(|column| if column == 0 { Side::Left } else { Side::Right }).collect();
    table::markdown(head, rows, &sides)
}
