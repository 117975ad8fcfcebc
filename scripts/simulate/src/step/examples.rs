//! Steps as they come out of a story that went well, for the tests of everything that reads steps.

use super::*;

/// Who serves, with both facts known.
pub(crate) fn serving(release: &str, profile: &str) -> Serving {
    Serving { release: Some(release.to_owned()), profile: Some(profile.to_owned()), trouble: None }
}

fn answers(releases: &[(&str, u64)]) -> BTreeMap<String, u64> {
    releases.iter().map(|(release, count)| ((*release).to_owned(), *count)).collect()
}

fn hooks(seconds: &[(&str, f64)]) -> Vec<HookTime> {
    let hook = |(hook, took): &(&str, f64)| HookTime { hook: (*hook).to_owned(), took: Duration::from_secs_f64(*took) };
    seconds.iter().map(hook).collect()
}

/// A deploy of v2 over v1 that went well.
pub(crate) fn good() -> Step {
    Step {
        number: 2,
        title: "v2, under load".to_owned(),
        expected: Expectation::Done,
        outcome: Outcome::Done,
        hooks: hooks(&[("stop", 0.04), ("start", 0.25), ("health", 0.31), ("switch", 0.15)]),
        should_serve: Change { before: serving("v1", "real2"), after: serving("v2", "real1") },
        serving: serving("v2", "real1"),
        span: Some((Duration::from_secs(1), Duration::from_secs(2))),
        answers: Answers { during: answers(&[("v1", 250), ("v2", 50)]), after: answers(&[("v2", 60)]) },
        diagnostics: None,
    }
}

/// A deploy of v3 over v2 that `health` refused, as it should.
pub(crate) fn refused() -> Step {
    Step {
        number: 3,
        title: "v3, never healthy".to_owned(),
        expected: Expectation::Refused { exit_code: 31 },
        outcome: Outcome::Refused { hook: "health".to_owned(), exit_code: 31 },
        hooks: hooks(&[("stop", 0.05), ("start", 0.25), ("health", 3.1)]),
        should_serve: Change { before: serving("v2", "real1"), after: serving("v2", "real1") },
        serving: serving("v2", "real1"),
        span: Some((Duration::from_secs(3), Duration::from_secs(7))),
        answers: Answers { during: answers(&[("v2", 1200)]), after: answers(&[("v2", 60)]) },
        diagnostics: Some("Error code:  ScriptFailed".to_owned()),
    }
}
