//! How numbers are written in tables.

use crate::statistics::Summary;

/// What stands for a figure that there is none of.
pub(crate) const NONE: &str = "–";

/// With as many digits as mean something.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    if size >= 100.0 || value.fract() == 0.0 {
        thousands(value)
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if value < -0.5 { format!("-{text}") } else { text }
}

/// Median and 95th percentile.
pub(crate) fn median_p95(summary: &Summary) -> String {
    format!("{} ({})", number(summary.median), number(summary.p95))
}

/// A whole number with its thousands set apart.
pub(crate) fn whole(value: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    thousands(value as f64)
}

/// How many times less; nothing where that would be a division by zero.
pub(crate) fn times(base: f64, value: f64) -> String {
    if value > 0.0 { format!("{}x", number(base / value)) } else { NONE.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_that_mean_something() {
        for (value, text) in [
            (0.0, "0"),
            (0.014, "0.01"),
            (9.5, "9.50"),
            (43.0, "43"),
            (43.25, "43.2"),
            (-12.34, "-12.3"),
            (999.6, "1,000"),
            (1_234_567.8, "1,234,568"),
        ] {
            assert_eq!(number(value), text);
        }
        assert_eq!(
            (whole(300_000), times(10.0, 4.0), times(1.0, 0.0)),
            ("300,000".into(), "2.50x".into(), NONE.into())
        );
    }
}
