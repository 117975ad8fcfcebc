//! Rows of cells as aligned columns of text.

/// Which side of its column a cell keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// Renders the rows; columns beyond `sides` keep left. No line ends in blanks.
pub(crate) fn render(rows: &[Vec<String>], sides: &[Side]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    rows.iter().map(|row| line(row, &widths, sides)).collect()
}

fn line(row: &[String], widths: &[usize], sides: &[Side]) -> String {
    let aligned = row.iter().zip(widths).enumerate().map(|(column, (cell, &width))| match sides.get(column) {
        Some(Side::Right) => format!("{cell:>width$}"),
        Some(Side::Left) | None => format!("{cell:<width$}"),
    });
    let cells: Vec<String> = aligned.collect();
    format!("{}\n", cells.join("  ").trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_keep_to_their_side_and_lines_end_with_their_last_letter() {
        let rows = [vec!["a", "1.00", "done"], vec!["longer", "-", ""]];
        let rows = rows.map(|row| row.into_iter().map(str::to_owned).collect());
        let text = render(&rows, &[Side::Left, Side::Right]);
        assert_eq!(text, "a       1.00  done\nlonger     -\n");
    }
}
