//! Tables in Markdown, and how numbers are written in them.

use crate::statistics::Summary;

/// What stands for a figure that there is none of.
pub(crate) const NONE: &str = "–";

/// A table: the first column to the left, the others to the right. Padded, so that it is one on a terminal as well.
pub(crate) fn render(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(head.get(column).map(|cell| cell.chars().count())).max().unwrap_or(0).max(3)
    };
    let line = |cells: &[String]| {
        let cells = cells.iter().enumerate().map(|(column, cell)| {
            let width = width(column);
            if column == 0 { format!("{cell:<width$}") } else { format!("{cell:>width$}") }
        });
        format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
    };
    let rule: Vec<String> = (0..head.len())
        .map(|column| if column == 0 { "-".repeat(width(0)) } else { format!("{}:", "-".repeat(width(column) - 1)) })
        .collect();
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let mut text = line(&head) + &line(&rule);
    text.extend(rows.iter().map(|row| line(row)));
    text
}

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

    #[test]
    fn a_table_is_aligned_whatever_is_in_it() {
        let rows = vec![vec!["reload".to_owned(), "–".to_owned()], vec!["x".to_owned(), "1,000".to_owned()]];
        let expected = "| way    |  time |\n| ------ | ----: |\n| reload |     – |\n| x      | 1,000 |\n";
        assert_eq!(render(&["way", "time"], &rows), expected);
    }
}
