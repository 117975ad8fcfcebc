//! The marks of a history, put so that a record can ask what held at its time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Settings;
use super::error::CheckError;
use crate::mark::{Mark, MarkKind};

/// What held when.
#[derive(Debug)]
pub(crate) struct Timeline {
    live: BTreeSet<String>,
    /// When each instance was verified for the first time.
    verified: BTreeMap<String, Duration>,
    reloads: Vec<Duration>,
    /// When a cutover began (nobody) or ended (who is to answer from then on).
    cutovers: Vec<(Duration, Option<String>)>,
    settings: Settings,
}

impl Timeline {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { live: BTreeSet::new(), verified: BTreeMap::new(), reloads: Vec::new(), cutovers: Vec::new(), settings }
    }

    /// Takes the mark of a line.
    pub(crate) fn add(&mut self, line: u64, mark: Mark) -> Result<(), CheckError> {
        let Mark { at, kind, to, label, .. } = mark;
        let to = || {
            to.clone().ok_or_else(|| CheckError::Line {
                number: line,
                problem: format!("is the mark {label:?} without `to`; needed an instance or a release"),
            })
        };
        match kind {
            Some(MarkKind::Live) => {
                self.live.insert(to()?);
            }
            Some(MarkKind::Verified) => {
                let first = self.verified.entry(to()?).or_insert(at);
                *first = at.min(*first);
            }
            Some(MarkKind::Reload) => self.reloads.push(at),
            Some(MarkKind::CutoverBegin) => self.cutovers.push((at, None)),
            Some(MarkKind::CutoverEnd) => self.cutovers.push((at, Some(to()?))),
            Some(MarkKind::Kill) | None => {}
        }
        Ok(())
    }

    /// To be called once all marks are in.
    pub(crate) fn sort(&mut self) {
        self.reloads.sort_unstable();
        // Stable: a cutover that ends when the next begins stands before it.
        self.cutovers.sort_by_key(|(at, _)| *at);
    }

    /// One of the instances that were live at the start, if any is known.
    pub(crate) fn live_at_start(&self) -> Option<&str> {
        self.live.first().map(String::as_str)
    }

    pub(crate) fn assume_live(&mut self, instance: &str) {
        self.live.insert(instance.to_owned());
    }

    /// Whether the instance might answer a request that was written at this time.
    pub(crate) fn may_answer(&self, instance: &str, written_at: Duration) -> bool {
        self.live.contains(instance) || self.verified.get(instance).is_some_and(|at| *at <= written_at)
    }

    /// Whether a request that was sent at this time met a reload or its consequences.
    pub(crate) fn met_reload(&self, sent_at: Duration) -> bool {
        let Settings { reload_window, on_the_way } = self.settings;
        let before = self.reloads.partition_point(|reload| *reload <= sent_at + on_the_way);
        before.checked_sub(1).is_some_and(|last| sent_at <= self.reloads[last] + reload_window)
    }

    /// Who alone may answer a request that was sent and finished at these times; nothing, while anybody may.
    pub(crate) fn sole_answerer(&self, sent_at: Duration, finished_at: Duration) -> Option<&str> {
        let before = self.cutovers.partition_point(|(at, _)| *at <= sent_at);
        let (_, to) = &self.cutovers[before.checked_sub(1)?];
        let next_begins = self.cutovers.get(before).is_some_and(|(at, _)| *at <= finished_at);
        to.as_deref().filter(|_| !next_begins)
    }
}
