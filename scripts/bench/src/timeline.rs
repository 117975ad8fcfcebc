//! A cutover as fresh connections see it: when the new release gives its first answer, and the old one its last; and all
//! requests in steps of 100 ms, for the picture.

use std::time::Duration;

use serde::Serialize;
use strict_client::{Mode, Record};

/// How wide a step is.
pub(crate) const STEP: Duration = Duration::from_millis(100);
/// How many steps there are before the change and after it.
pub(crate) const STEPS_BEFORE: usize = 10;
pub(crate) const STEPS_AFTER: usize = 15;

/// The moments of one cutover, in milliseconds after the change on disk (negative: before it).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Moments {
    /// When the command that switches was started; it is before the change.
    pub(crate) command: f64,
    pub(crate) first_new: f64,
    pub(crate) last_old: f64,
}

impl Moments {
    /// From the records of one cutover to the release `new`. `command` and `change` are on the clock of the records. Nothing
    /// if one of the releases did not answer.
    pub(crate) fn of(records: &[&Record], new: &str, command: Duration, change: Duration) -> Option<Self> {
        let answers = || {
            let fresh = records.iter().filter(|record| record.mode == Mode::Fresh && record.failure.is_none());
            fresh.filter_map(|record| Some((record.release.as_deref()?, record.finished_at)))
        };
        let first_new = answers().filter(|(release, _)| *release == new).map(|(_, at)| at).min()?;
        let last_old = answers().filter(|(release, _)| *release != new).map(|(_, at)| at).max()?;
        let after = |at: Duration| milliseconds_between(change, at);
        Some(Self { command: after(command), first_new: after(first_new), last_old: after(last_old) })
    }
}

/// When the request was written; when the client set about it, if it came to nothing else.
pub(crate) fn written(record: &Record) -> Duration {
    record.written_at.unwrap_or(record.sent_at)
}

/// Exact to the microsecond; negative if `to` is the earlier one.
fn milliseconds_between(from: Duration, to: Duration) -> f64 {
    let microseconds = |duration: Duration| i32::try_from(duration.as_micros()).unwrap_or(i32::MAX);
    let forth = f64::from(microseconds(to.saturating_sub(from)));
    let back = f64::from(microseconds(from.saturating_sub(to)));
    (forth - back) / 1000.0
}

/// The requests of one step, by the release that answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    pub(crate) old: u32,
    pub(crate) new: u32,
    pub(crate) failed: u32,
}

/// All requests around the change, of all modes, by the moment when the request was written: what was asked before the change
/// may be answered long after it.
pub(crate) fn steps(records: &[&Record], new: &str, change: Duration) -> Vec<Step> {
    let mut steps = vec![Step::default(); STEPS_BEFORE + STEPS_AFTER];
    // Also where the load began less than that before the change.
    let shift = STEP * u32::try_from(STEPS_BEFORE).unwrap_or(0);
    for record in records {
        let Some(since) = (written(record) + shift).checked_sub(change) else { continue };
        let index = usize::try_from(since.as_micros() / STEP.as_micros()).unwrap_or(usize::MAX);
        let Some(step) = steps.get_mut(index) else { continue };
        match (record.failure, record.release.as_deref()) {
            (Some(_), _) => step.failed += 1,
            (None, Some(release)) if release == new => step.new += 1,
            (None, _) => step.old += 1,
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use strict_client::Failure;

    use super::*;

    fn record(mode: Mode, release: &str, finished: u64, failure: Option<Failure>) -> Record {
        let at = Duration::from_millis(finished);
        Record {
            mode,
            sent_at: at,
            written_at: Some(at),
            first_byte_at: Some(at),
            finished_at: at,
            connection: 1,
            nth_use: 1,
            exchanges: 1,
            status: Some(200),
            release: Some(release.to_owned()),
            instance: None,
            failure,
            detail: None,
            retried: false,
        }
    }

    fn records() -> Vec<Record> {
        let reset = Some(Failure::Reset);
        [
            (Mode::Fresh, "v1", 1950, None),
            (Mode::Retry, "v2", 1960, None),
            (Mode::Fresh, "v2", 2010, None),
            (Mode::Fresh, "v1", 2110, None),
            (Mode::Fresh, "v2", 2120, None),
            (Mode::KeepAlive, "v1", 2130, reset),
            (Mode::Retry, "v1", 2199, None),
            (Mode::Fresh, "v2", 900, None),
            (Mode::Fresh, "v2", 3600, None),
        ]
        .map(|(mode, release, finished, failure)| record(mode, release, finished, failure))
        .to_vec()
    }

    #[test]
    fn the_first_new_and_the_last_old_answer_are_those_on_fresh_connections() {
        let records = records();
        let records: Vec<&Record> = records.iter().filter(|record| record.finished_at.as_millis() > 1000).collect();
        let moments = |new| Moments::of(&records, new, Duration::from_millis(1900), Duration::from_secs(2));
        assert_eq!(moments("v2").unwrap(), Moments { command: -100.0, first_new: 10.0, last_old: 110.0 });
        assert_eq!(moments("v3"), None);
    }

    #[test]
    fn answers_are_counted_in_steps_from_the_change() {
        let records = records();
        let steps = steps(&records.iter().collect::<Vec<_>>(), "v2", Duration::from_secs(2));
        assert_eq!(steps.len(), STEPS_BEFORE + STEPS_AFTER);
        assert_eq!(steps[STEPS_BEFORE - 1], Step { old: 1, new: 1, failed: 0 });
        assert_eq!(steps[STEPS_BEFORE], Step { old: 0, new: 1, failed: 0 });
        assert_eq!(steps[STEPS_BEFORE + 1], Step { old: 2, new: 1, failed: 1 });
        assert_eq!(steps.iter().map(|step| step.old + step.new + step.failed).sum::<u32>(), 7);
    }
}
