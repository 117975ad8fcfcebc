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
        Compiler { since: now, is_at_rest: before.compilers.is_empty(), before }
    }

    /// Whether it is time to look again.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        !self.is_at_rest && now.saturating_sub(self.since) >= WATCHED
    }

    /// Looks again: it is at rest where it takes no more than a tenth of what its process takes.
    pub(super) fn look(&mut self, now: Duration, used: ProcessorTime) {
        let all = used.all.saturating_sub(self.before.all);
        self.is_at_rest = compiled(&self.before, &used) * 10 <= all.max(BUSY);
        (self.since, self.before) = (now, used);
    }

    pub(super) fn is_at_rest(&self) -> bool {
        self.is_at_rest
    }
}

/// What the threads have taken since, each by itself: a JVM ends some of them meanwhile, and starts others.
fn compiled(before: &ProcessorTime, used: &ProcessorTime) -> Duration {
    let since = |(id, time): &(u32, Duration)| {
        let then = before.compilers.iter().find(|(thread, _)| thread == id).map_or(Duration::ZERO, |(_, then)| *then);
        time.saturating_sub(then)
    };
    used.compilers.iter().map(since).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// What a process has used, and each of its compilers, in milliseconds.
    fn used(all: u64, compilers: &[(u32, u64)]) -> ProcessorTime {
        let compilers = compilers.iter().map(|(id, time)| (*id, Duration::from_millis(*time))).collect();
        ProcessorTime { all: Duration::from_millis(all), compilers }
    }

    #[test]
    fn f130_a_compiler_is_at_rest_once_it_takes_no_more_than_a_tenth_of_what_its_process_takes() {
        for (name, all, compilers, wanted) in [
            ("it takes half", 3000, &[(1, 3000), (2, 3500)][..], false),
            ("a bit more than a tenth", 3000, &[(1, 2100), (2, 3201)], false),
            ("a tenth", 3000, &[(1, 2100), (2, 3200)], true),
            ("nothing", 3000, &[(1, 2000), (2, 3000)], true),
            ("the process waits for a database", 60, &[(1, 2010), (2, 3010)], true),
            ("a thread of it has ended, and the other is at work", 3000, &[(1, 3500)], false),
            ("a thread of it has ended, and the other has nothing to do", 3000, &[(2, 3000)], true),
            ("another thread has begun", 3000, &[(1, 2000), (2, 3000), (3, 900)], false),
            ("all have ended", 3000, &[], true),
        ] {
            let mut compiler = Compiler::at(9 * SECOND, Some(used(8000, &[(1, 2000), (2, 3000)])));
            assert!(!compiler.is_at_rest() && !compiler.is_due(10 * SECOND) && compiler.is_due(11 * SECOND), "{name}");
            compiler.look(11 * SECOND, used(8000 + all, compilers));
            assert_eq!(compiler.is_at_rest(), wanted, "{name}");
            assert!(!compiler.is_due(12 * SECOND), "{name}");
        }
    }

    #[test]
    fn f130_nobody_waits_for_a_compiler_that_is_none() {
        for used in [None, Some(used(8000, &[]))] {
            let compiler = Compiler::at(SECOND, used);
            assert!(compiler.is_at_rest() && !compiler.is_due(9 * SECOND));
        }
    }
}
