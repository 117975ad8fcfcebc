//! Whether the compiler of a JVM is at rest. It goes on for tens of thousands of requests, and as long as it does, users wait: for code
//! that is not compiled yet, and for the processor. And how many requests it bears meanwhile: each takes the processor from it.

use std::time::Duration;

use crate::host::CompilerTime;

/// How long it is watched before it is said to be at rest, or not.
const REST: Duration = Duration::from_secs(2);

/// How long it is watched before the number of requests at once is changed.
const PACE: Duration = Duration::from_millis(100);

/// A compiler, as far as it was watched.
#[derive(Debug)]
pub(super) struct Compiler {
    rest: Watch,
    pace: Watch,
    is_at_rest: bool,
    /// How many requests at once it bears, and how many there may be.
    bears: usize,
    at_most: usize,
}

impl Compiler {
    /// From now on, beside no more than so many requests at once. Of whom nothing is known, nothing is waited for.
    pub(super) fn at(now: Duration, times: Option<Vec<CompilerTime>>, at_most: usize) -> Compiler {
        let times = times.unwrap_or_default();
        let is_at_rest = times.is_empty();
        let watch = |times| Watch { since: now, before: times };
        let bears = if is_at_rest { at_most } else { 1 };
        Compiler { rest: watch(times.clone()), pace: watch(times), is_at_rest, bears, at_most }
    }

    /// Whether it is time to look again.
    pub(super) fn is_due(&self, now: Duration) -> bool {
        !self.is_at_rest && self.pace.is_over(now, PACE)
    }

    /// Looks again. It is at rest where it has had work for no more than a tenth of the time, whether it could do it or not: on a
    /// busy host it takes little because there is little. And it bears one request more at once where it did not have to wait for a
    /// processor, as long as a tenth of the time; else one less, down to one, that it may go on: what is asked before it is done is
    /// answered by slow code.
    pub(super) fn look(&mut self, now: Duration, times: Vec<CompilerTime>) {
        if self.rest.is_over(now, REST) {
            let (ran, waited) = self.rest.since_then(&times);
            self.is_at_rest = (ran + waited) * 10 <= now.saturating_sub(self.rest.since);
            self.rest = Watch { since: now, before: times.clone() };
        }
        let (_, waited) = self.pace.since_then(&times);
        let has_waited = waited * 10 > now.saturating_sub(self.pace.since);
        self.bears = match (self.is_at_rest, has_waited) {
            (true, _) => self.at_most,
            (false, true) => self.bears.saturating_sub(1).max(1),
            (false, false) => self.bears + 1,
        }
        .min(self.at_most);
        self.pace = Watch { since: now, before: times };
    }

    /// How many requests at once it bears.
    pub(super) fn bears(&self) -> usize {
        self.bears
    }

    pub(super) fn is_at_rest(&self) -> bool {
        self.is_at_rest
    }
}

/// What the threads had had at some time.
#[derive(Debug)]
struct Watch {
    since: Duration,
    before: Vec<CompilerTime>,
}

impl Watch {
    fn is_over(&self, now: Duration, length: Duration) -> bool {
        now.saturating_sub(self.since) >= length
    }

    /// For how long the threads were at work since, and for how long they waited, each by itself: a JVM ends some of them meanwhile, and
    /// starts others.
    fn since_then(&self, times: &[CompilerTime]) -> (Duration, Duration) {
        let zero = (Duration::ZERO, Duration::ZERO);
        let since = |now: &CompilerTime| {
            let then = self.before.iter().find(|then| then.thread == now.thread);
            let (ran, waited) = then.map_or(zero, |then| (then.ran, then.waited));
            (now.ran.saturating_sub(ran), now.waited.saturating_sub(waited))
        };
        times.iter().map(since).fold(zero, |sum, one| (sum.0 + one.0, sum.1 + one.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// What each of the compilers has had, in milliseconds.
    fn times(compilers: &[(u32, u64, u64)]) -> Vec<CompilerTime> {
        let time = |(thread, ran, waited): &(u32, u64, u64)| CompilerTime {
            thread: *thread,
            ran: Duration::from_millis(*ran),
            waited: Duration::from_millis(*waited),
        };
        compilers.iter().map(time).collect()
    }

    #[test]
    fn f130_a_compiler_is_at_rest_once_it_has_work_for_no_more_than_a_tenth_of_the_time() {
        for (name, compilers, wanted) in [
            ("it is always at work", &[(1, 3000, 100), (2, 3500, 0)][..], false),
            ("a bit more than a tenth", &[(1, 2100, 100), (2, 3101, 0)], false),
            ("a tenth", &[(1, 2100, 100), (2, 3100, 0)], true),
            ("nothing", &[(1, 2000, 100), (2, 3000, 0)], true),
            ("it had hardly a processor, and always work", &[(1, 2020, 2080), (2, 3000, 0)], false),
            ("a thread has ended, and the other is at work", &[(1, 3500, 100)], false),
            ("a thread has ended, and the other has nothing to do", &[(2, 3000, 0)], true),
            ("another thread has begun", &[(1, 2000, 100), (2, 3000, 0), (3, 900, 0)], false),
            ("all have ended", &[], true),
        ] {
            let mut compiler = Compiler::at(9 * SECOND, Some(times(&[(1, 2000, 100), (2, 3000, 0)])), 4);
            assert!(!compiler.is_at_rest(), "{name}");
            compiler.look(11 * SECOND, times(compilers));
            assert_eq!(compiler.is_at_rest(), wanted, "{name}");
            assert_eq!(compiler.bears() == 4, wanted, "{name}");
            assert_eq!(compiler.is_due(12 * SECOND), !wanted, "{name}");
        }
    }

    #[test]
    fn f130_as_long_as_a_compiler_waits_for_a_processor_fewer_requests_are_made_at_once() {
        let mut compiler = Compiler::at(SECOND, Some(times(&[(1, 2000, 0)])), 3);
        let (mut now, mut ran, mut waited) = (SECOND, 2000, 0);
        let mut bears = vec![compiler.bears()];
        for waits in [0, 0, 0, 10, 11, 90, 90, 90, 0, 0] {
            assert!(!compiler.is_due(now + PACE / 2));
            (now, ran, waited) = (now + PACE, ran + 100 - waits, waited + waits);
            assert!(compiler.is_due(now));
            compiler.look(now, times(&[(1, ran, waited)]));
            bears.push(compiler.bears());
        }
        assert_eq!(bears, [1, 2, 3, 3, 3, 2, 1, 1, 1, 2, 3]);
    }

    #[test]
    fn f130_nobody_waits_for_a_compiler_that_is_none() {
        for seen in [None, Some(Vec::new())] {
            let compiler = Compiler::at(SECOND, seen, 4);
            assert!(compiler.is_at_rest() && !compiler.is_due(9 * SECOND));
            assert_eq!(compiler.bears(), 4);
        }
    }
}
