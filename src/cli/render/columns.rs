//! Aligns the columns of a table by the widest cell.

use crate::cli::visible::visible;

/// A cell wider than this does not widen its column; it pushes the rest of its own row aside.
const WIDEST: usize = 40;

/// The width of a column, in characters: that of its widest cell as it is shown, at least `least`.
pub(crate) fn width<'c>(cells: impl IntoIterator<Item = &'c str>, least: usize) -> usize {
    let shown = |cell: &str| visible(cell).chars().count();
    let fits = cells.into_iter().map(shown).filter(|width| *width <= WIDEST);
    fits.max().unwrap_or_default().max(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_as_wide_as_its_widest_cell_but_not_as_an_endless_one() {
        assert_eq!(width(["bold", "useless-max"], 6), 11);
        assert_eq!(width(["ä"], 0), 1);
        assert_eq!(width(["a", &"x".repeat(41)], 6), 6);
        assert_eq!(width([], 6), 6);
    }
}
