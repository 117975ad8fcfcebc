//! Whether all went as it should, as a list of checks; pure.

use crate::load::{Failures, LoadReport};
use crate::step::{Serving, Step};

/// One thing that had to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Check {
    /// Whether it did.
    pub(crate) passed: bool,
    /// What it is, with its numbers.
    pub(crate) text: String,
    /// What was found instead.
    pub(crate) details: Vec<String>,
}

impl Check {
    fn new(text: String, details: Vec<String>) -> Self {
        Self { passed: details.is_empty(), text, details }
    }
}

/// Judges a story.
pub(crate) fn judge(steps: &[Step], load: &LoadReport) -> Vec<Check> {
    let mut checks = vec![every_step(steps)];
    checks.extend(releases(steps));
    checks.push(fresh(load));
    checks.push(reused(load));
    checks
}

fn every_step(steps: &[Step]) -> Check {
    let good = steps.iter().filter(|step| step.mismatches().is_empty()).count();
    let known = steps.iter().any(|step| step.should_serve.after != Serving::default());
    let door = if known { ", with the right release at the door" } else { "" };
    let text = format!("{good} of {} steps ended as they should{door}", steps.len());
    Check::new(text, told(steps, Step::mismatches))
}

/// Nothing where releases do not say who they are.
fn releases(steps: &[Step]) -> Option<Check> {
    let known = steps.iter().any(|step| step.span.is_some() && step.should_serve.after.release.is_some());
    let text = "the load met the right release at every moment: before, during and after each step";
    known.then(|| Check::new(text.to_owned(), told(steps, Step::wrong_answers)))
}

fn told(steps: &[Step], wrong: impl Fn(&Step) -> Vec<String>) -> Vec<String> {
    let told = |step| wrong(step).into_iter().map(move |what| format!("step {} ({}): {what}", step.number, step.title));
    steps.iter().flat_map(told).collect()
}

fn fresh(load: &LoadReport) -> Check {
    let requests: u64 = load.modes.iter().map(|counts| counts.requests).sum();
    let mut details = examples(&load.failed_on_fresh);
    let silent = load.modes.iter().filter(|counts| counts.requests == 0);
    details.extend(silent.map(|counts| format!("the mode `{}` sent nothing, which proves nothing", counts.mode)));
    if load.modes.is_empty() {
        let text = "there was no load".to_owned();
        return Check::new(text, vec!["the story ended before it, which proves nothing".to_owned()]);
    }
    Check::new(format!("{} of {requests} requests failed on a fresh connection", load.failed_on_fresh.count), details)
}

fn reused(load: &LoadReport) -> Check {
    let count = load.failed_on_reused.count;
    let saved: u64 = load.modes.iter().map(|counts| counts.saved_by_a_retry).sum();
    let besides = match saved {
        0 => String::new(),
        saved => format!(
            " ({saved} met a connection that nginx was closing for its reload: clients that retry once, as browsers do, \
             never see that)"
        ),
    };
    let text =
        format!("{count} requests failed on a kept connection in a way that a retry would not have saved{besides}");
    Check::new(text, examples(&load.failed_on_reused))
}

fn examples(failures: &Failures) -> Vec<String> {
    let mut examples = failures.examples.clone();
    let rest = failures.count - examples.len().min(failures.count);
    if rest > 0 {
        examples.push(format!("and {rest} more"));
    }
    examples
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::load::ModeCounts;
    use crate::step::Outcome;
    use crate::step::examples::{good, refused};

    fn load() -> LoadReport {
        let counts = |mode| ModeCounts {
            mode,
            requests: 100,
            failures: BTreeMap::new(),
            saved_by_a_retry: 0,
            retried: 0,
            slowest: Duration::from_millis(9),
        };
        let modes = ["fresh", "keep-alive", "retry"].map(counts).to_vec();
        LoadReport { rate: 100, duration: Duration::from_secs(1), modes, ..LoadReport::default() }
    }

    fn failed(steps: &[Step], load: &LoadReport) -> Vec<String> {
        judge(steps, load).into_iter().filter(|check| !check.passed).flat_map(|check| check.details).collect()
    }

    #[test]
    fn a_story_that_went_well_passes_every_check() {
        let checks = judge(&[good(), refused()], &load());
        assert_eq!((checks.len(), checks.iter().all(|check| check.passed)), (4, true), "{checks:#?}");
        assert!(checks[0].text.starts_with("2 of 2 steps"), "{}", checks[0].text);
        assert_eq!(checks[2].text, "0 of 300 requests failed on a fresh connection");
    }

    #[test]
    fn each_fault_is_told_with_its_step() {
        let step = Step { outcome: Outcome::Done, ..refused() };
        assert_eq!(
            failed(&[good(), step], &load()),
            ["step 3 (v3, never healthy): it was done, and should have been refused with exit code 31"]
        );
        let mut step = refused();
        step.answers.during.insert("v3".to_owned(), 1);
        let told = failed(&[good(), step], &load());
        assert_eq!(told, ["step 3 (v3, never healthy): while it was carried out 1 requests were answered by `v3`"]);
    }

    #[test]
    fn one_lost_request_is_enough_to_fail() {
        let example = Failures { count: 1, examples: vec!["fresh at 1.000 s: connect".to_owned()] };
        let fresh = LoadReport { failed_on_fresh: example.clone(), ..load() };
        assert_eq!(failed(&[good()], &fresh), ["fresh at 1.000 s: connect"]);
        let reused = LoadReport { failed_on_reused: Failures { count: 3, ..example }, ..load() };
        assert_eq!(failed(&[good()], &reused), ["fresh at 1.000 s: connect", "and 2 more"]);
    }

    #[test]
    fn what_a_retry_saves_is_told_and_forgiven() {
        let mut load = load();
        load.modes[1].saved_by_a_retry = 2;
        let checks = judge(&[good()], &load);
        assert!(checks[3].passed && checks[3].text.contains("(2 met a connection"), "{:?}", checks[3]);
    }

    #[test]
    fn a_load_that_sent_nothing_proves_nothing() {
        assert_eq!(failed(&[good()], &LoadReport::default()), ["the story ended before it, which proves nothing"]);
        let mut load = load();
        load.modes[2].requests = 0;
        assert_eq!(failed(&[good()], &load), ["the mode `retry` sent nothing, which proves nothing"]);
    }

    #[test]
    fn releases_that_do_not_say_who_they_are_are_not_judged_by_it() {
        let mut step = good();
        step.should_serve.after.release = None;
        assert_eq!(judge(&[step], &load()).len(), 3);
    }
}
