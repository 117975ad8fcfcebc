//! What a wait says while it lasts: how long it has lasted, for what, and how long it may last still.

use std::time::Duration;

use super::agent::Report;
use super::duration;
use crate::language::translated;

/// Nothing is said more often. A wait that is shorter says nothing.
const EVERY: Duration = Duration::from_secs(5);

/// A wait that has begun, on the host's clock.
#[derive(Debug)]
pub struct Progress<'a> {
    report: &'a Report,
    began: Duration,
    end: Duration,
    next: Duration,
}

impl<'a> Progress<'a> {
    /// It begins now, and ends at `end` at the latest.
    #[must_use]
    pub fn begin(report: &'a Report, now: Duration, end: Duration) -> Progress<'a> {
        Progress { report, began: now, end, next: now + EVERY }
    }

    /// Says what is waited for, unless that was said just before.
    pub fn say(&mut self, now: Duration, what: &dyn Fn() -> String) {
        if now < self.next || now >= self.end {
            return;
        }
        self.next = now + EVERY;
        // People count whole seconds; what is left is what they give together.
        let passed = Duration::from_secs(now.saturating_sub(self.began).as_secs());
        let left = self.end.saturating_sub(self.began + passed);
        self.report.say(&translated!("{}: {}; {} are left", duration(passed), what(), duration(left)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_every_five_seconds_what_is_waited_for_and_never_at_the_end() {
        let report = Report::collecting("health");
        let milliseconds = Duration::from_millis;
        let mut progress = Progress::begin(&report, milliseconds(700), milliseconds(90_700));
        for at in [700, 800, 5_699, 5_720, 9_000, 10_719, 18_000, 18_100, 75_000, 90_700, 95_000] {
            progress.say(milliseconds(at), &|| "it does not listen".to_owned());
        }
        let wanted = [
            "health: 5 s: it does not listen; 1 min 25 s are left",
            "health: 17 s: it does not listen; 1 min 13 s are left",
            "health: 1 min 14 s: it does not listen; 16 s are left",
        ];
        assert_eq!(report.collected(), wanted);
    }
}
