//! Many requests at once, now and then: a cutover brings all users in one moment, and what only many at once need, such as one more
//! connection to the database or one more thread, is cold until then. No more than are answered soon: they share what the live release
//! needs.

use std::time::Duration;

/// How often.
const EACH: Duration = Duration::from_secs(1);

/// Many that are answered within this time may be more.
const SOON: Duration = Duration::from_millis(100);

/// Many that take longer were too many.
const LATE: Duration = Duration::from_millis(250);

/// No more than that: an application that has as many users at once is busy all the time, and warm with less.
const AT_MOST: usize = 64;

/// How many are asked at once, and when next.
#[derive(Debug)]
pub(super) struct Burst {
    last: Duration,
    size: usize,
    at_least: usize,
}

impl Burst {
    /// From now on; no fewer than are asked at once in between.
    pub(super) fn at(now: Duration, at_least: usize) -> Burst {
        Burst { last: now, size: at_least, at_least }
    }

    /// Whether it is time for one.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        now.saturating_sub(self.last) >= EACH
    }

    /// How many are asked then.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// One began and ended: the next is larger by half, as long as all are answered soon, so that there is always one more than ever.
    pub(super) fn took(&mut self, began: Duration, ended: Duration) {
        let took = ended.saturating_sub(began);
        if took <= SOON {
            self.size = (self.size + self.size.div_ceil(2)).min(AT_MOST.max(self.at_least));
        } else if took > LATE {
            self.size = (self.size / 2).max(self.at_least);
        }
        self.last = ended;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f130_many_are_asked_at_once_as_long_as_they_are_answered_soon_and_no_more() {
        let mut burst = Burst::at(Duration::from_secs(9), 4);
        let (mut now, mut sizes) = (Duration::from_secs(9), Vec::new());
        for took in [0, 100, 101, 250, 251, 9000, 9000, 10, 10, 10, 10, 10, 10, 10, 300] {
            assert!(!burst.is_due(now + EACH / 2) && burst.is_due(now + EACH), "{burst:?}");
            sizes.push(burst.size());
            let began = now + EACH;
            now = began + Duration::from_millis(took);
            burst.took(began, now);
        }
        assert_eq!(sizes, [4, 6, 9, 9, 9, 4, 4, 4, 6, 9, 14, 21, 32, 48, 64]);
        assert_eq!(burst.size(), 32);
        let mut alone = Burst::at(now, 1);
        alone.took(now, now);
        assert_eq!(alone.size(), 2, "one may become two");
    }
}
