//! Patience: how often to look again and for how long, as a value; and `Waiting`, which spends it on a host's clock. Only the
//! host waits.

use std::time::Duration;

use crate::error::Result;
use crate::host::Host;

/// How long to wait before looking the first time again; from there the pause doubles up to `Patience::every`.
const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// How often to look again, and for how long at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The longest pause between two looks.
    pub every: Duration,
    /// After this much time there is no further look.
    pub at_most: Duration,
}

impl Patience {
    /// Patience of `at_most`, looking again every 20 ms: for things on this host that take milliseconds.
    #[must_use]
    pub fn brisk(at_most: Duration) -> Patience {
        Patience { every: Duration::from_millis(20), at_most }
    }

    /// The pauses between the looks, short at first.
    #[must_use]
    pub fn pauses(self) -> Pauses {
        Pauses { patience: self, next: FIRST_PAUSE.min(self.every) }
    }
}

/// The pauses between looks: 5 ms, then twice as long each time, up to `every`.
#[derive(Debug)]
pub struct Pauses {
    patience: Patience,
    next: Duration,
}

impl Pauses {
    /// The pause before the next look when `elapsed` has passed since the first, or nothing when patience is at its end.
    pub fn after(&mut self, elapsed: Duration) -> Option<Duration> {
        let left = self.patience.at_most.checked_sub(elapsed).filter(|left| !left.is_zero())?;
        let pause = self.next;
        self.next = (pause * 2).min(self.patience.every);
        Some(pause.min(left))
    }
}

/// A wait that has begun.
#[derive(Debug)]
pub struct Waiting<'a, H> {
    host: &'a H,
    began: Duration,
    pauses: Pauses,
}

impl<'a, H: Host> Waiting<'a, H> {
    /// Patience begins now.
    pub fn begin(host: &'a H, patience: Patience) -> Waiting<'a, H> {
        Waiting { host, began: host.elapsed(), pauses: patience.pauses() }
    }

    /// Waits until it is time for another look; `false` if patience is at its end.
    ///
    /// # Errors
    /// `Kind::Interrupted` after a signal.
    pub async fn for_another_look(&mut self) -> Result<bool> {
        match self.pauses.after(self.host.elapsed().saturating_sub(self.began)) {
            Some(pause) => self.host.pause(pause).await.map(|()| true),
            None => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn milliseconds(number: u64) -> Duration {
        Duration::from_millis(number)
    }

    #[test]
    fn pauses_grow_to_the_longest_and_stop_at_the_limit() {
        let mut pauses = Patience { every: milliseconds(20), at_most: milliseconds(60) }.pauses();
        let mut elapsed = Duration::ZERO;
        let mut seen = Vec::new();
        while let Some(pause) = pauses.after(elapsed) {
            seen.push(pause);
            elapsed += pause;
        }
        assert_eq!(seen, [5, 10, 20, 20, 5].map(milliseconds));
        assert_eq!(elapsed, milliseconds(60));
    }

    #[test]
    fn a_look_that_took_too_long_is_the_last() {
        let mut pauses = Patience::brisk(milliseconds(100)).pauses();
        assert_eq!(pauses.after(milliseconds(101)), None);
    }
}
