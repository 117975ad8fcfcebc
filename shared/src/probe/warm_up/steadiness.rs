//! Whether answers are as fast as they get: they have stopped becoming faster.

use std::time::Duration;

/// How many answers are compared with as many before them. With 10 a moment in which the compiler is at other work passes for the
/// end: on the sample with pages out of a database the rule then stopped at three times what the same page took a little later.
pub(super) const COMPARED: usize = 30;

/// What is less is noise: no user feels it.
const NOISE: Duration = Duration::from_millis(1);

/// The middle of these, the later one of two; no time where there are none.
pub(super) fn median(times: &[Duration]) -> Duration {
    let mut times = times.to_vec();
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The middle of the last answers, as far as there are so many.
pub(super) fn last(times: &[Duration]) -> Duration {
    median(&times[times.len().saturating_sub(COMPARED)..])
}

/// Whether these answers, in the order in which they came, have become as fast as they get: the middle of those before the last was
/// no more than 1.2 times the middle of the last.
pub(super) fn is_reached(times: &[Duration]) -> bool {
    let Some(begin) = times.len().checked_sub(2 * COMPARED) else { return false };
    let (before, last) = times[begin..].split_at(COMPARED);
    let (before, last) = (median(before), median(last));
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
            ("a first one that is slow and no other", times(&[(900, 1), (10, 59)]), true),
            ("a hiccup among the last", times(&[(10, 30), (10, 20), (500, 10)]), true),
            ("slower again", times(&[(10, 30), (30, 30)]), true),
            ("what nobody feels", times(&[(2, 30), (1, 30)]), true),
            ("what was long ago", times(&[(900, 40), (10, 60)]), true),
            ("what was slow", times(&[(900, 50), (10, 40)]), false),
        ] {
            assert_eq!(is_reached(&seen), wanted, "{name}");
        }
    }

    #[test]
    fn the_middle_of_the_last_is_told_however_few_there_are() {
        assert_eq!(last(&[]), Duration::ZERO);
        assert_eq!(last(&times(&[(900, 1), (10, 1), (20, 1)])), Duration::from_millis(20));
        assert_eq!(last(&times(&[(900, 40), (10, 30)])), Duration::from_millis(10));
    }
}
