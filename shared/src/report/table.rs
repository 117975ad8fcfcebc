//! Rows of cells as aligned columns of text, for a terminal or as Markdown. What is no text stays out of the cells.

use crate::report::agent::clean;

/// Which side of its column a cell keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// As words do.
    Left,
    /// As numbers do.
    Right,
}

/// The rows as lines, two blanks between the columns and none at the end of a line. Columns beyond `sides` keep left.
#[must_use]
pub fn lines<R: AsRef<[String]>>(rows: &[R], sides: &[Side]) -> Vec<String> {
    let rows = cleaned(rows);
    let widths = widths(&rows);
    rows.iter().map(|row| aligned(row, &widths, sides).join("  ").trim_end().to_owned()).collect()
}

/// The rows as a table in Markdown, padded so that it is one on a terminal as well. Columns beyond `sides` keep left.
#[must_use]
pub fn markdown<R: AsRef<[String]>>(head: &[&str], rows: &[R], sides: &[Side]) -> String {
    let mut all = vec![head.iter().map(|cell| clean(cell)).collect()];
    all.extend(cleaned(rows));
    // A rule of fewer than three signs is none.
    let widths: Vec<usize> = widths(&all).into_iter().map(|width| width.max(3)).collect();
    let rule = widths.iter().enumerate().map(|(column, width)| match side(sides, column) {
        Side::Left => "-".repeat(*width),
        Side::Right => format!("{}:", "-".repeat(width - 1)),
    });
    let mut written: Vec<Vec<String>> = all.iter().map(|row| aligned(row, &widths, sides)).collect();
    written.insert(1, rule.collect());
    let lines: Vec<String> = written.iter().map(|cells| format!("| {} |\n", cells.join(" | "))).collect();
    lines.concat()
}

fn cleaned<R: AsRef<[String]>>(rows: &[R]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.as_ref().iter().map(|cell| clean(cell)).collect()).collect()
}

/// How wide each column has to be, in characters.
fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let mut widths = Vec::new();
    for row in rows {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    widths
}

fn aligned(row: &[String], widths: &[usize], sides: &[Side]) -> Vec<String> {
    let cells = row.iter().zip(widths).enumerate();
    let cells = cells.map(|(column, (cell, width))| match side(sides, column) {
        Side::Left => format!("{cell:<width$}"),
        Side::Right => format!("{cell:>width$}"),
    });
    cells.collect()
}

fn side(sides: &[Side], column: usize) -> Side {
    sides.get(column).copied().unwrap_or(Side::Left)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells<const N: usize>(rows: &[[&str; N]]) -> Vec<[String; N]> {
        rows.iter().map(|row| row.map(str::to_owned)).collect()
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_what_is_not_text_stays_out() {
        let rows = cells(&[["event", "state"], ["ValidateService", "Failed\u{1b}[31m"]]);
        assert_eq!(lines(&rows, &[]), ["event            state", "ValidateService  Failed"]);
    }

    #[test]
    fn cells_keep_to_their_side_and_lines_end_with_their_last_letter() {
        let rows = cells(&[["a", "1.00", "done"], ["longer", "-", ""]]);
        assert_eq!(lines(&rows, &[Side::Left, Side::Right]), ["a       1.00  done", "longer     -"]);
    }

    #[test]
    fn a_row_may_have_more_cells_than_the_others() {
        let rows = [vec!["a".to_owned()], vec!["bb".to_owned(), "<- here".to_owned()]];
        assert_eq!(lines(&rows, &[Side::Right]), [" a", "bb  <- here"]);
    }

    #[test]
    fn a_table_in_markdown_is_aligned_whatever_is_in_it() {
        let rows = cells(&[["reload", "–"], ["x", "1,000"]]);
        let expected = "| way    |  time |\n| ------ | ----: |\n| reload |     – |\n| x      | 1,000 |\n";
        assert_eq!(markdown(&["way", "time"], &rows, &[Side::Left, Side::Right]), expected);
        let rows = cells(&[["1"]]);
        assert_eq!(markdown(&["n"], &rows, &[Side::Right]), "|   n |\n| --: |\n|   1 |\n");
    }
}
