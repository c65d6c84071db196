//! Tables: columns under a head, as wide as what is in them.

use crate::palette::{Palette, Tone};

/// What stands in one line of one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) tone: Tone,
    pub(crate) text: String,
}

impl Cell {
    /// A text that is nothing special.
    pub(crate) fn plain(text: impl Into<String>) -> Cell {
        Cell { tone: Tone::Plain, text: text.into() }
    }
}

/// A head and its rows as text. The last column is not filled up.
pub(crate) fn table<const N: usize>(
    head: [&str; N],
    rows: &[[Cell; N]],
    palette: Palette,
) -> String {
    let head = head.map(|text| Cell { tone: Tone::Strong, text: text.to_owned() });
    let lines = || std::iter::once(&head).chain(rows);
    let widths: [usize; N] = std::array::from_fn(|column| match column + 1 == N {
        true => 0,
        false => lines().map(|it| it[column].text.chars().count()).max().unwrap_or_default(),
    });
    let line = |cells: &[Cell; N]| {
        let cells = cells.iter().zip(widths);
        let padded = cells.map(|(it, width)| palette.paint(it.tone, format!("{:width$}", it.text)));
        padded.collect::<Vec<_>>().join("  ") + "\n"
    };
    lines().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let rows = [["a", "längst", "x"], ["bcd", "e", "y z"]].map(|row| row.map(Cell::plain));
        insta::assert_snapshot!(table(["NO", "WHAT", "BY"], &rows, Palette::PLAIN), @r"
        NO   WHAT    BY
        a    längst  x
        bcd  e       y z
        ");
    }
}
