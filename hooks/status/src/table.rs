//! Rows of cells as aligned columns of text, two blanks between them, and none at the end of a line.

use shared::report::agent::clean;

/// The rows as lines, each with this in front.
pub(crate) fn lines<const N: usize>(indent: &str, rows: &[[String; N]]) -> Vec<String> {
    let rows: Vec<[String; N]> = rows.iter().map(|row| row.each_ref().map(|cell| clean(cell))).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("{indent}{}", cells.join("  ")).trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_what_is_not_text_stays_out() {
        let rows = [["event", "state"], ["ValidateService", "Failed\u{1b}[31m"]].map(|row| row.map(str::to_owned));
        assert_eq!(lines("  ", &rows), ["  event            state", "  ValidateService  Failed"]);
    }
}
