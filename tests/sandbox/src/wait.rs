//! Waiting for a condition with a deadline. The only place that sleeps.

use std::thread;
use std::time::{Duration, Instant};

const BETWEEN_LOOKS: Duration = Duration::from_millis(3);

/// Looks at `condition` until it holds or `at_most` has passed; says whether it came to hold.
pub(crate) fn wait_until(at_most: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + at_most;
    loop {
        // The time is read first, so that a condition which holds at the last moment still counts.
        let is_last_look = Instant::now() >= deadline;
        if condition() {
            return true;
        }
        if is_last_look {
            return false;
        }
        thread::sleep(BETWEEN_LOOKS);
    }
}
