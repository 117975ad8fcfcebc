//! Requests and failures by mode, and which failures a way may have.

use std::collections::BTreeMap;

use serde::Serialize;
use strict_client::{Mode, Summary};

use crate::statistics::rule_of_three;
use crate::way::Way;

/// The counts of one mode.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Count {
    /// Requests; of the modes that stream, streams.
    pub(crate) requests: u64,
    /// Answers; of the modes that stream, events and messages.
    pub(crate) answers: u64,
    /// Requests (or streams) that failed.
    pub(crate) failed: u64,
    /// The failures by kind.
    pub(crate) kinds: BTreeMap<String, u64>,
}

/// The counts of a load, or of several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    /// Cutovers that happened meanwhile.
    pub(crate) cutovers: u64,
    pub(crate) modes: BTreeMap<Mode, Count>,
}

impl Tally {
    /// Adds the counts of a load during which there were `cutovers`.
    pub(crate) fn add(&mut self, summary: &Summary, cutovers: u64) {
        self.cutovers += cutovers;
        for (mode, counts) in &summary.modes {
            let count = self.modes.entry(*mode).or_default();
            count.requests += counts.requests;
            count.answers += counts.exchanges;
            count.failed += counts.failed();
            for (kind, number) in &counts.failures {
                *count.kinds.entry(kind.to_string()).or_default() += number;
            }
        }
    }

    /// Adds the counts of another tally.
    pub(crate) fn merge(&mut self, other: Self) {
        self.cutovers += other.cutovers;
        for (mode, counts) in other.modes {
            let count = self.modes.entry(mode).or_default();
            count.requests += counts.requests;
            count.answers += counts.answers;
            count.failed += counts.failed;
            for (kind, number) in counts.kinds {
                *count.kinds.entry(kind).or_default() += number;
            }
        }
    }

    /// What the mode among these that has the fewest answers has.
    pub(crate) fn fewest_answers(&self, modes: &[Mode]) -> u64 {
        modes.iter().map(|mode| self.modes.get(mode).map_or(0, |count| count.answers)).min().unwrap_or(0)
    }

    /// What must not have happened, as sentences.
    pub(crate) fn breaches(&self, way: Way) -> Vec<String> {
        let mut breaches = Vec::new();
        for (mode, count) in &self.modes {
            if count.answers == 0 {
                breaches.push(format!("{}: the mode `{mode}` had no answer, which proves nothing", way.name()));
            }
            if count.failed > 0 && !may_fail(way, *mode) {
                let Count { requests, failed, kinds, .. } = count;
                breaches.push(format!("{}: {failed} of {requests} requests failed in `{mode}`: {kinds:?}", way.name()));
            }
        }
        breaches
    }
}

impl Count {
    /// The bound on the rate of failed requests; nothing where some failed, or nothing was sent.
    pub(crate) fn bound(&self) -> Option<f64> {
        rule_of_three(self.requests).filter(|_| self.failed == 0)
    }
}

/// A reload closes idle connections, so that a client which keeps them and neither retries nor may retry can fail (I1b); one on
/// a fresh connection, or one that retries, cannot. The scripts are what is compared with: nothing is asked of them.
fn may_fail(way: Way, mode: Mode) -> bool {
    match way {
        Way::Scripts => true,
        Way::Reload => !matches!(mode, Mode::Fresh | Mode::Retry),
        Way::Instant => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(mode: Mode, requests: u64, failed: u64) -> Tally {
        let count = Count { requests, answers: requests, failed, kinds: BTreeMap::new() };
        Tally { cutovers: 1, modes: BTreeMap::from([(mode, count)]) }
    }

    #[test]
    fn each_way_is_held_to_what_it_promises() {
        for (way, mode, failed, breaches) in [
            (Way::Scripts, Mode::Fresh, 9, 0),
            (Way::Reload, Mode::KeepAlive, 9, 0),
            (Way::Reload, Mode::Blind, 9, 0),
            (Way::Reload, Mode::Post, 9, 0),
            (Way::Reload, Mode::Fresh, 1, 1),
            (Way::Reload, Mode::Retry, 1, 1),
            (Way::Reload, Mode::Retry, 0, 0),
            (Way::Instant, Mode::Blind, 1, 1),
            (Way::Instant, Mode::WebSocket, 1, 1),
            (Way::Instant, Mode::Blind, 0, 0),
        ] {
            assert_eq!(tally(mode, 10, failed).breaches(way).len(), breaches, "{way:?} {mode} {failed}");
        }
        assert_eq!(tally(Mode::Fresh, 0, 0).breaches(Way::Instant).len(), 1);
    }

    #[test]
    fn a_bound_is_given_only_where_nothing_failed() {
        let bound = |requests, failed| tally(Mode::Fresh, requests, failed).modes[&Mode::Fresh].bound();
        assert_eq!((bound(300, 0), bound(300, 1), bound(0, 0)), (Some(0.01), None, None));
    }

    #[test]
    fn the_slowest_mode_decides() {
        let mut tally = tally(Mode::Fresh, 5, 0);
        assert_eq!(tally.fewest_answers(&[Mode::Fresh, Mode::Retry]), 0);
        tally.modes.insert(Mode::Retry, Count { answers: 3, ..Count::default() });
        assert_eq!(tally.fewest_answers(&[Mode::Fresh, Mode::Retry]), 3);
    }
}
