//! Whether answers are as fast as they get: twice as many have hardly made them faster.

use std::time::Duration;

/// Before so many answers nobody can tell.
pub(super) const AT_LEAST: usize = 60;

/// What is less is noise: no user feels it.
const NOISE: Duration = Duration::from_millis(1);

/// The middle of these, the later one of two; no time where there are none.
pub(super) fn median(times: &[Duration]) -> Duration {
    if times.is_empty() {
        return Duration::ZERO;
    }
    let mut times = times.to_vec();
    let middle = times.len() / 2;
    *times.select_nth_unstable(middle).1
}

/// The middle of the last half of these answers.
pub(super) fn last(times: &[Duration]) -> Duration {
    median(&times[times.len() / 2..])
}

/// Whether these answers, in the order in which they came, have become as fast as they get: the middle of the last half is not less by
/// more than a fifth than that of the quarter before it. The compiler of a JVM goes on for thousands of requests, each time twice
/// as many for the next gain; a comparison of a fixed number of answers takes the pace of that for the end.
pub(super) fn is_reached(times: &[Duration]) -> bool {
    if times.len() < AT_LEAST {
        return false;
    }
    let before = median(&times[times.len() / 4..times.len() / 2]);
    let last = last(times);
    before <= last + (last / 5).max(NOISE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These times, each so often, in milliseconds.
    fn times(of: &[(u64, usize)]) -> Vec<Duration> {
        of.iter().flat_map(|(time, often)| std::iter::repeat_n(Duration::from_millis(*time), *often)).collect()
    }

    #[test]
    fn f130_answers_are_as_fast_as_they_get_once_the_last_are_hardly_faster_than_those_before() {
        for (name, seen, wanted) in [
            ("nothing", times(&[]), false),
            ("too few to compare", times(&[(10, 59)]), false),
            ("always the same", times(&[(10, 60)]), true),
            ("still becoming faster", times(&[(900, 1), (20, 29), (10, 30)]), false),
            ("1.2 times", times(&[(120, 30), (100, 30)]), true),
            ("more than that", times(&[(121, 30), (100, 30)]), false),
            ("slowly faster, as a compiler goes on", times(&[(40, 200), (30, 200), (24, 200), (19, 200)]), false),
            ("a plateau that is short", times(&[(40, 200), (20, 120), (20, 60)]), false),
            ("a plateau of half of them", times(&[(40, 90), (20, 200)]), true),
            ("a first one that is slow and no other", times(&[(900, 1), (10, 59)]), true),
            ("a hiccup among the last", times(&[(10, 30), (10, 20), (500, 10)]), true),
            ("slower again", times(&[(10, 30), (30, 30)]), true),
            ("what nobody feels", times(&[(2, 30), (1, 30)]), true),
            ("what was long ago", times(&[(900, 40), (10, 120)]), true),
            ("what was slow", times(&[(900, 50), (10, 40)]), false),
        ] {
            assert_eq!(is_reached(&seen), wanted, "{name}");
        }
    }

    #[test]
    fn the_middle_of_the_last_half_is_told_however_few_there_are() {
        assert_eq!(last(&[]), Duration::ZERO);
        assert_eq!(last(&times(&[(900, 1), (10, 1), (20, 1)])), Duration::from_millis(20));
        assert_eq!(last(&times(&[(900, 40), (10, 60)])), Duration::from_millis(10));
    }
}
