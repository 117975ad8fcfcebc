//! Whether the compiler of a JVM is at rest. It goes on for tens of thousands of requests, and as long as it does, users wait: for code
//! that is not compiled yet, and for the processor.

use std::time::Duration;

use crate::host::ProcessorTime;

/// How long it is watched before anything is said of it.
const WATCHED: Duration = Duration::from_secs(2);

/// A process that is less busy waits for something else than processors.
const BUSY: Duration = Duration::from_millis(200);

/// A compiler, as far as it was watched.
#[derive(Debug)]
pub(super) struct Compiler {
    /// When it was looked at last, and what its process had used then.
    since: Duration,
    before: ProcessorTime,
    is_at_rest: bool,
}

impl Compiler {
    /// From now on. Of whom nothing is known, nothing is waited for.
    pub(super) fn at(now: Duration, used: Option<ProcessorTime>) -> Compiler {
        let before = used.unwrap_or_default();
        Compiler { since: now, before, is_at_rest: before.compilers.is_zero() }
    }

    /// Whether it is time to look again.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        !self.is_at_rest && now.saturating_sub(self.since) >= WATCHED
    }

    /// Looks again: it is at rest where it takes less than a tenth of what its process takes.
    pub(super) fn look(&mut self, now: Duration, used: ProcessorTime) {
        let all = used.all.saturating_sub(self.before.all);
        // A thread that has ended takes its time with it.
        let compilers = used.compilers.saturating_sub(self.before.compilers);
        self.is_at_rest = compilers * 10 <= all.max(BUSY);
        (self.since, self.before) = (now, used);
    }

    pub(super) fn is_at_rest(&self) -> bool {
        self.is_at_rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn used(all: u64, compilers: u64) -> ProcessorTime {
        ProcessorTime { all: Duration::from_millis(all), compilers: Duration::from_millis(compilers) }
    }

    #[test]
    fn f130_a_compiler_is_at_rest_once_it_takes_less_than_a_tenth_of_what_its_process_takes() {
        for (name, all, compilers, wanted) in [
            ("it takes half", 3000, 1500, false),
            ("a bit more than a tenth", 3000, 301, false),
            ("a tenth", 3000, 300, true),
            ("nothing", 3000, 0, true),
            ("the process waits for a database", 60, 20, true),
            ("a thread of it has ended", 3000, 0, true),
        ] {
            let mut compiler = Compiler::at(9 * SECOND, Some(used(8000, 5000)));
            assert!(!compiler.is_at_rest() && !compiler.is_due(10 * SECOND) && compiler.is_due(11 * SECOND), "{name}");
            compiler.look(11 * SECOND, used(8000 + all, 5000 + compilers));
            assert_eq!(compiler.is_at_rest(), wanted, "{name}");
            assert!(!compiler.is_due(12 * SECOND), "{name}");
        }
        let mut ended = Compiler::at(SECOND, Some(used(8000, 5000)));
        ended.look(3 * SECOND, used(9000, 1000));
        assert!(ended.is_at_rest());
    }

    #[test]
    fn f130_nobody_waits_for_a_compiler_that_is_none() {
        for used in [None, Some(used(8000, 0))] {
            let compiler = Compiler::at(SECOND, used);
            assert!(compiler.is_at_rest() && !compiler.is_due(9 * SECOND));
        }
    }
}
