//! How a duration is written for people, everywhere: plans, notes, verdicts, `status`. Settings and nginx's directives have a
//! syntax of their own.

use std::time::Duration;

/// A duration as people write it: "350 ms" below a second, "1.2 s" below a minute, then "1 min 30 s" and "2 h 5 min". Rounded to
/// the nearest value of that form; only what lasts less than a millisecond is rounded up, so that nothing but zero is "0 s".
#[must_use]
pub fn duration(time: Duration) -> String {
    let milliseconds = match rounded(time, Duration::from_millis(1)) {
        0 if time.is_zero() => return "0 s".to_owned(),
        0 => 1,
        milliseconds => milliseconds,
    };
    let (tenths, seconds, minutes) = (
        rounded(time, Duration::from_millis(100)),
        rounded(time, Duration::from_secs(1)),
        rounded(time, Duration::from_mins(1)),
    );
    // Each limit looks at the rounded number: what rounds up to a second is a second, not 1000 ms.
    if milliseconds < 1000 {
        format!("{milliseconds} ms")
    } else if tenths < 600 {
        match tenths % 10 {
            0 => format!("{} s", tenths / 10),
            tenth => format!("{}.{tenth} s", tenths / 10),
        }
    } else if seconds < 3600 {
        of_two(seconds, "min", "s")
    } else {
        of_two(minutes, "h", "min")
    }
}

/// How many times `unit` a duration is, to the nearest whole number; half of one counts.
fn rounded(time: Duration, unit: Duration) -> u128 {
    (time.as_nanos() + unit.as_nanos() / 2) / unit.as_nanos()
}

/// A number of small units as large ones, of which each is 60 small ones, and the rest where there is one.
fn of_two(small: u128, large_unit: &str, small_unit: &str) -> String {
    match (small / 60, small % 60) {
        (large, 0) => format!("{large} {large_unit}"),
        (large, rest) => format!("{large} {large_unit} {rest} {small_unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_as_people_write_it_and_rounded_once() {
        let table = [
            (Duration::ZERO, "0 s"),
            (Duration::from_nanos(1), "1 ms"),
            (Duration::from_micros(1_499), "1 ms"),
            (Duration::from_micros(1_500), "2 ms"),
            (Duration::from_millis(20), "20 ms"),
            (Duration::from_millis(200), "200 ms"),
            (Duration::from_millis(350), "350 ms"),
            (Duration::from_micros(999_499), "999 ms"),
            (Duration::from_micros(999_500), "1 s"),
            (Duration::from_secs(1), "1 s"),
            (Duration::from_millis(1_049), "1 s"),
            (Duration::from_millis(1_050), "1.1 s"),
            (Duration::from_millis(1_800), "1.8 s"),
            (Duration::from_nanos(7_586_697_702), "7.6 s"),
            (Duration::from_millis(9_960), "10 s"),
            (Duration::from_millis(13_250), "13.3 s"),
            (Duration::from_secs(59), "59 s"),
            (Duration::from_millis(59_949), "59.9 s"),
            (Duration::from_millis(59_950), "1 min"),
            (Duration::from_mins(1), "1 min"),
            (Duration::from_millis(60_499), "1 min"),
            (Duration::from_millis(60_500), "1 min 1 s"),
            (Duration::from_secs(90), "1 min 30 s"),
            (Duration::from_millis(119_500), "2 min"),
            (Duration::from_secs(130), "2 min 10 s"),
            (Duration::from_secs(3_599), "59 min 59 s"),
            (Duration::from_millis(3_599_500), "1 h"),
            (Duration::from_secs(3_629), "1 h"),
            (Duration::from_secs(3_630), "1 h 1 min"),
            (Duration::from_mins(125), "2 h 5 min"),
            (Duration::from_hours(72), "72 h"),
        ];
        for (time, wanted) in table {
            assert_eq!(duration(time), wanted, "{time:?}");
        }
    }
}
