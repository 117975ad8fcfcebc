//! The result as people read it: the deploys, the load, the verdict.

use std::path::PathBuf;
use std::time::Duration;

use shared::report::table::{self, Side};

use crate::load::LoadReport;
use crate::step::{Expectation, Step};
use crate::verdict::{self, Check};

/// What the shell scripts took for a whole deploy of a service that boots in 0.2 s: the median of twelve, 15 s of it `sleep`.
pub(crate) const SCRIPTS: Duration = Duration::from_millis(15_950);

/// What was deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    Demo,
    Spring,
    Bundle,
}

/// All there is to say at the end.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) subject: Subject,
    pub(crate) agent: u8,
    pub(crate) steps: Vec<Step>,
    pub(crate) load: LoadReport,
    pub(crate) checks: Vec<Check>,
    /// What is not as it is in production.
    pub(crate) notes: Vec<String>,
    pub(crate) kept: Option<PathBuf>,
}

impl Report {
    pub(crate) fn new(subject: Subject, agent: u8, steps: Vec<Step>, load: LoadReport, kept: Option<PathBuf>) -> Self {
        let checks = verdict::judge(&steps, &load);
        Self { subject, agent, steps, load, checks, notes: Vec::new(), kept }
    }

    /// Whether every check passed.
    pub(crate) fn passed(&self) -> bool {
        self.checks.iter().all(|check| check.passed)
    }

    /// The hook time of the slowest whole deploy under load that went well.
    pub(crate) fn deploy_time(&self) -> Option<Duration> {
        let whole = |step: &&Step| step.span.is_some() && step.expected == Expectation::Done && step.hooks.len() > 1;
        self.steps.iter().filter(whole).filter(|step| step.mismatches().is_empty()).map(Step::hook_time).max()
    }
}

/// Renders the whole of it.
pub(crate) fn render(report: &Report) -> String {
    let mut parts = vec![
        format!("\nDeploys, as agent {} carried them out; seconds by hook\n\n", report.agent),
        steps(&report.steps),
    ];
    if !report.load.modes.is_empty() {
        let (rate, seconds) = (report.load.rate, report.load.duration.as_secs_f64());
        parts.push(format!(
            "\nLoad through nginx meanwhile: {rate} requests a second in each mode, for {seconds:.0} s\n\n"
        ));
        parts.push(load(&report.load));
    }
    parts.push("\n".to_owned());
    for check in &report.checks {
        parts.push(format!("{:<6}  {}\n", if check.passed { "ok" } else { "FAILED" }, check.text));
        parts.extend(check.details.iter().map(|detail| format!("        - {detail}\n")));
    }
    parts.extend(comparison(report).map(|comparison| format!("\n{comparison}\n")));
    parts.extend(report.notes.iter().map(|note| format!("note: {note}\n")));
    parts.extend(report.kept.as_ref().map(|directory| format!("kept: {}\n", directory.display())));
    parts.push(format!("\n{}\n", conclusion(report)));
    parts.concat()
}

fn steps(steps: &[Step]) -> String {
    let mut hooks: Vec<&str> = Vec::new();
    for hook in steps.iter().flat_map(|step| &step.hooks) {
        if !hooks.contains(&hook.hook.as_str()) {
            hooks.push(&hook.hook);
        }
    }
    let head = ["", "step"].into_iter().chain(hooks.iter().copied()).chain(["total", "ended", "serves then"]);
    let mut rows: Vec<Vec<String>> = vec![head.map(str::to_owned).collect()];
    for step in steps {
        let of_hook = |name: &&str| time_of(step, name).map_or_else(|| "-".to_owned(), seconds);
        let mut row = vec![step.number.to_string(), step.title.clone()];
        row.extend(hooks.iter().map(of_hook));
        row.extend([seconds(step.hook_time()), step.outcome.to_string(), step.serving.to_string()]);
        if !(step.mismatches().is_empty() && step.wrong_answers().is_empty()) {
            row.push("<- NOT AS IT SHOULD BE".to_owned());
        }
        rows.push(row);
    }
    let mut sides = vec![Side::Right, Side::Left];
    sides.extend(hooks.iter().map(|_| Side::Right));
    sides.push(Side::Right);
    lines(&rows, &sides)
}

/// What a hook took in a step, if it ran.
pub(crate) fn time_of(step: &Step, name: &str) -> Option<Duration> {
    step.hooks.iter().filter(|hook| hook.hook == name).map(|hook| hook.took).reduce(|one, other| one + other)
}

fn load(load: &LoadReport) -> String {
    let head = ["mode", "requests", "failed", "a retry saves", "retried", "slowest", "failures by kind"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for counts in &load.modes {
        let kinds: Vec<String> = counts.failures.iter().map(|(kind, count)| format!("{count} x {kind}")).collect();
        rows.push(vec![
            counts.mode.to_owned(),
            counts.requests.to_string(),
            counts.failed().to_string(),
            counts.saved_by_a_retry.to_string(),
            counts.retried.to_string(),
            format!("{:.0} ms", counts.slowest.as_secs_f64() * 1000.0),
            kinds.join(", "),
        ]);
    }
    lines(&rows, &[Side::Left, Side::Right, Side::Right, Side::Right, Side::Right, Side::Right])
}

fn lines(rows: &[Vec<String>], sides: &[Side]) -> String {
    table::lines(rows, sides).join("\n") + "\n"
}

/// How long a whole deploy took, beside the scripts.
pub(crate) fn comparison(report: &Report) -> Option<String> {
    let took = seconds(report.deploy_time()?);
    let scripts = SCRIPTS.as_secs_f64();
    match report.subject {
        Subject::Demo => Some(format!(
            "A whole deploy of a service that boots in 0.2 s took {took} s of hook time (the shell scripts: {scripts:.0} s, \
             of which 15 are sleep)."
        )),
        Subject::Spring => Some(format!(
            "A whole deploy of a Spring Boot service took {took} s of hook time, its boot included (the shell scripts: 15 s \
             of sleep and more)."
        )),
        Subject::Bundle => None,
    }
}

/// The verdict in one line.
pub(crate) fn conclusion(report: &Report) -> String {
    let failed = report.checks.iter().filter(|check| !check.passed).count();
    match failed {
        0 => "PASSED".to_owned(),
        failed => format!("FAILED: {failed} of {} checks, marked above", report.checks.len()),
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.2}", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::load::ModeCounts;
    use crate::step::Outcome;
    use crate::step::examples::{good, refused};

    fn report(steps: Vec<Step>) -> Report {
        let counts = |mode, saved_by_a_retry, retried| ModeCounts {
            mode,
            requests: 700,
            failures: if saved_by_a_retry > 0 { BTreeMap::from([("reset".to_owned(), 1)]) } else { BTreeMap::new() },
            saved_by_a_retry,
            retried,
            slowest: Duration::from_millis(12),
        };
        let modes = vec![counts("fresh", 0, 0), counts("keep-alive", 1, 0), counts("retry", 0, 2)];
        let load = LoadReport { rate: 100, duration: Duration::from_secs(7), modes, ..LoadReport::default() };
        Report::new(Subject::Demo, 1, steps, load, None)
    }

    #[test]
    fn a_hook_that_did_not_run_has_a_dash() {
        let expected = "   step               stop  start  health  switch  total  ended                            serves then\n\
                        2  v2, under load     0.04   0.25    0.31    0.15   0.75  done                             v2 as real1\n\
                        3  v3, never healthy  0.05   0.25    3.10       -   3.40  refused by health, exit code 31  v2 as real1\n";
        assert_eq!(steps(&[good(), refused()]), expected);
    }

    #[test]
    fn a_step_that_went_wrong_is_marked_in_its_row() {
        let text = steps(&[Step { outcome: Outcome::Done, ..refused() }]);
        assert!(text.lines().nth(1).unwrap().ends_with("<- NOT AS IT SHOULD BE"), "{text}");
    }

    #[test]
    fn the_load_is_a_row_for_each_mode_with_its_failures_by_kind() {
        let expected = "\
mode        requests  failed  a retry saves  retried  slowest  failures by kind
fresh            700       0              0        0    12 ms
keep-alive       700       1              1        0    12 ms  1 x reset
retry            700       0              0        2    12 ms
";
        assert_eq!(load(&report(vec![good()]).load), expected);
    }

    #[test]
    fn the_end_says_how_long_a_whole_deploy_took_and_whether_all_went_well() {
        let text = render(&report(vec![good(), refused()]));
        assert!(
            text.contains("boots in 0.2 s took 0.75 s of hook time (the shell scripts: 16 s, of which 15 are sleep)")
        );
        assert!(text.ends_with("\n\nPASSED\n"), "{text}");
        let text = render(&report(vec![Step { outcome: Outcome::Done, ..refused() }]));
        assert!(text.ends_with("FAILED: 1 of 4 checks, marked above\n") && !text.contains("hook time ("), "{text}");
    }
}
