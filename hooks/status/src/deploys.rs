//! The deploys of this host, put together from the ends of their hooks, and how each of them ended.

use std::time::{Duration, SystemTime};

use shared::language::translated;
use shared::ledger::DeploymentRecord;
use shared::ledger::history::{Ending, WAY_BACK};

use crate::finding::Finding;

/// No hook may take longer on any host: the agent allows no script an hour. Whatever has not gone on since then does not.
const GOES_ON_WITHIN: Duration = Duration::from_hours(1);

/// A deploy, or a way back: the ends of its hooks, of which there is one at least.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deploy {
    first: Ending,
    more: Vec<Ending>,
}

/// How a deploy stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stand {
    /// Its release got the traffic.
    Done,
    /// Its last hook failed.
    Failed,
    /// Its last hook was not `switch`, and did not fail.
    GoesOn,
}

impl Deploy {
    /// Puts them together, the oldest first: by the deployment's id, and by hand from one `stop` to the next.
    pub(crate) fn of(endings: Vec<Ending>) -> Vec<Deploy> {
        let mut deploys: Vec<Deploy> = Vec::new();
        for ending in endings {
            match deploys.iter_mut().rev().find(|deploy| deploy.goes_on_with(&ending)) {
                Some(deploy) => deploy.more.push(ending),
                None => deploys.push(Deploy { first: ending, more: Vec::new() }),
            }
        }
        deploys
    }

    fn goes_on_with(&self, next: &Ending) -> bool {
        let is_back = self.is_way_back() || next.hook == WAY_BACK;
        let by_hand = next.deployment.is_none() && (next.hook == "stop" || self.stand() == Stand::Done);
        !is_back && !by_hand && self.first.deployment == next.deployment
    }

    pub(crate) fn endings(&self) -> impl Iterator<Item = &Ending> {
        std::iter::once(&self.first).chain(&self.more)
    }

    pub(crate) fn last(&self) -> &Ending {
        self.more.last().unwrap_or(&self.first)
    }

    pub(crate) fn is_way_back(&self) -> bool {
        self.first.hook == WAY_BACK
    }

    pub(crate) fn stand(&self) -> Stand {
        match self.last() {
            Ending { exit_code: 0, hook, .. } if hook == "switch" || hook == WAY_BACK => Stand::Done,
            Ending { exit_code: 0, .. } => Stand::GoesOn,
            _ => Stand::Failed,
        }
    }

    /// Whether it will never go on.
    pub(crate) fn was_left(&self, now: SystemTime) -> bool {
        self.stand() == Stand::GoesOn && self.last().age(now).is_some_and(|age| age > GOES_ON_WITHIN)
    }

    /// What people call it.
    pub(crate) fn name(&self) -> &str {
        self.first.deployment.as_deref().unwrap_or(translated!("by hand"))
    }

    /// The release that it was about.
    pub(crate) fn release(&self) -> Option<&str> {
        self.endings().filter_map(|ending| ending.release.as_deref()).last()
    }

    /// The time that its hooks took together.
    pub(crate) fn took(&self) -> Duration {
        Duration::from_millis(self.endings().map(|ending| ending.took_ms).sum())
    }

    /// The time that one of its hooks took, however often it ran.
    pub(crate) fn took_by(&self, hook: &str) -> Option<Duration> {
        let times = || self.endings().filter(|ending| ending.hook == hook).map(|ending| ending.took_ms);
        times().next().map(|_| Duration::from_millis(times().sum()))
    }

    /// How long its release took to boot.
    pub(crate) fn boot(&self) -> Option<Duration> {
        self.endings().find_map(|ending| ending.boot_ms).map(Duration::from_millis)
    }

    /// How it ended, as a fragment.
    pub(crate) fn outcome(&self) -> String {
        let Ending { hook, exit_code, .. } = self.last();
        match self.stand() {
            Stand::Done => translated!("done").to_owned(),
            Stand::Failed => translated!("failed in `{hook}`, exit code {exit_code}"),
            Stand::GoesOn => translated!("not ended, `{hook}` was the last"),
        }
    }
}

/// What is to be said of the last deploy.
pub(crate) fn finding(last: &Deploy, now: SystemTime) -> Option<Finding> {
    let Ending { ended, hook, what, to_do, .. } = last.last();
    let name = last.name();
    if last.stand() == Stand::Failed {
        let why = what.as_ref().map(|what| format!(": {what}")).unwrap_or_default();
        let told = translated!("the last deploy ({name}) {}, at {ended}{why}", last.outcome());
        return Some(Finding::DeployFailed(told, to_do.clone()));
    }
    last.was_left(now).then(|| {
        Finding::DeployLeft(translated!(
            "the last deploy ({name}) has not ended: `{hook}`, at {ended}, was the last of its hooks; deploy again"
        ))
    })
}

/// The deploy that counts as the last one. A single hook by hand is none, and of a way back only one that failed is of interest. Where
/// the one that the ledger has is not among them the history could not be written, and what it ends with is old.
pub(crate) fn last<'a>(deploys: &'a [Deploy], known: Option<&DeploymentRecord>) -> Option<&'a Deploy> {
    if known.is_some_and(|known| deploys.iter().all(|deploy| deploy.first.deployment != known.id)) {
        return None;
    }
    let is_one =
        |deploy: &&Deploy| !deploy.is_way_back() && (deploy.first.deployment.is_some() || deploy.first.hook == "stop");
    let failed_back = deploys.last().filter(|last| last.is_way_back() && last.stand() == Stand::Failed);
    failed_back.or_else(|| deploys.iter().rev().find(is_one))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(deployment: &str, hook: &str, exit_code: u8) -> Ending {
        let deployment = Some(deployment.to_owned()).filter(|id| !id.is_empty());
        Ending { deployment, hook: hook.into(), exit_code, took_ms: 1000, ..Ending::default() }
    }

    #[test]
    fn f152_the_ends_of_hooks_are_put_together_to_the_deploys_that_they_were() {
        for (name, ends, wanted, last_one) in [
            ("nothing", vec![], vec![], None),
            (
                "one",
                vec![("d-1", "stop", 0), ("d-1", "start", 0), ("d-1", "health", 0), ("d-1", "switch", 0)],
                vec!["d-1 done"],
                Some("d-1 done"),
            ),
            (
                "a retry",
                vec![("d-1", "health", 31), ("d-1", "health", 0), ("d-1", "switch", 0)],
                vec!["d-1 done"],
                Some("d-1 done"),
            ),
            (
                "one that failed",
                vec![("d-1", "stop", 0), ("d-1", "start", 30)],
                vec!["d-1 failed in `start`, exit code 30"],
                Some("d-1 failed in `start`, exit code 30"),
            ),
            (
                "one that goes on",
                vec![("d-1", "stop", 0)],
                vec!["d-1 not ended, `stop` was the last"],
                Some("d-1 not ended, `stop` was the last"),
            ),
            (
                "two at once",
                vec![("d-1", "stop", 0), ("d-2", "stop", 0), ("d-1", "start", 11), ("d-2", "switch", 0)],
                vec!["d-1 failed in `start`, exit code 11", "d-2 done"],
                Some("d-2 done"),
            ),
            (
                "two by hand",
                vec![("", "stop", 0), ("", "switch", 0), ("", "stop", 0), ("", "switch", 0)],
                vec!["by hand done", "by hand done"],
                Some("by hand done"),
            ),
            (
                "a way back",
                vec![("d-1", "switch", 0), ("", WAY_BACK, 0), ("", WAY_BACK, 0)],
                vec!["d-1 done", "by hand done", "by hand done"],
                Some("d-1 done"),
            ),
            (
                "one that failed",
                vec![("d-1", "switch", 0), ("", WAY_BACK, 12)],
                vec!["d-1 done", "by hand failed in `switch --back`, exit code 12"],
                Some("by hand failed in `switch --back`, exit code 12"),
            ),
            (
                "a hook by hand, out of order",
                vec![("d-1", "switch", 0), ("", "health", 10)],
                vec!["d-1 done", "by hand failed in `health`, exit code 10"],
                Some("d-1 done"),
            ),
        ] {
            let deploys = Deploy::of(ends.into_iter().map(|(id, hook, code)| ending(id, hook, code)).collect());
            let told = |deploy: &Deploy| format!("{} {}", deploy.name(), deploy.outcome());
            assert_eq!(deploys.iter().map(told).collect::<Vec<_>>(), wanted, "{name}");
            assert_eq!(last(&deploys, None).map(told).as_deref(), last_one, "{name}");
        }
    }

    #[test]
    fn f152_a_deploy_that_has_not_gone_on_for_longer_than_any_hook_may_take_was_left() {
        let at = |hours: u64| SystemTime::UNIX_EPOCH + Duration::from_hours(hours);
        let deploy = |hook| Deploy {
            first: Ending { ended: "1970-01-01T03:00:00Z".into(), ..ending("d-1", hook, 0) },
            more: Vec::new(),
        };
        for (hook, now, wanted) in
            [("stop", 3, false), ("stop", 4, false), ("health", 5, true), ("switch", 5, false), ("stop", 1, false)]
        {
            assert_eq!(deploy(hook).was_left(at(now)), wanted, "{hook} at {now}");
        }
    }
}
