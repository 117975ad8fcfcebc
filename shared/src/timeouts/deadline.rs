//! Ending before the agent ends us: it sends SIGTERM at the `timeout` of appspec.yml, closes our output, and shows a verdict
//! of its own. A hook that ends itself a little earlier shows what it was waiting for.

use std::time::Duration;

/// What is left for the verdict, and for what passed before this process could look at a clock: `su` is slow on some hosts.
const RESERVE: Duration = Duration::from_secs(3);

/// The timeout that the agent holds this hook to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    timeout: Duration,
}

impl Deadline {
    /// The deadline that a timeout makes.
    #[must_use]
    pub fn of(timeout: Duration) -> Deadline {
        Deadline { timeout }
    }

    /// The timeout itself.
    #[must_use]
    pub fn timeout(self) -> Duration {
        self.timeout
    }

    /// How long after its beginning a hook may still wait, if taking back what it did may take `undo`. At least half of the
    /// timeout: where it is too short for both, working comes first.
    #[must_use]
    pub fn waits_end(self, undo: Duration) -> Duration {
        let reserve = RESERVE.min(self.timeout / 5);
        self.timeout.saturating_sub(reserve + undo).max(self.timeout / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i9_waiting_ends_early_enough_to_take_things_back_and_say_so() {
        for (name, timeout, undo, wanted) in [
            ("nothing to take back", 120, 0, 117),
            ("a way back", 90, 7, 80),
            ("a short timeout keeps most of itself", 10, 0, 8),
            ("a way back that takes longer than there is", 10, 20, 5),
        ] {
            let ends = Deadline::of(Duration::from_secs(timeout)).waits_end(Duration::from_secs(undo));
            assert_eq!(ends, Duration::from_secs(wanted), "{name}");
        }
    }
}
