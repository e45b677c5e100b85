//! How much of a text an edit changes.

/// Most cells of the comparison table; beyond it the differing middle counts as changed.
const MOST_CELLS: usize = 16_000_000;

/// The share of lines that changed, 0 to 1: the longer text's lines that have no partner in the other, in order,
/// divided by the longer text's lines. Line ends are not compared.
///
/// A real diff and not a comparison by position, so that an insertion does not shift everything after it.
pub(crate) fn changed_line_ratio(original: &str, modified: &str) -> f64 {
    let (before, after): (Vec<&str>, Vec<&str>) = (lines(original), lines(modified));
    let longest = before.len().max(after.len());
    if longest == 0 {
        return 0.0;
    }
    (longest - common_subsequence(&before, &after)) as f64 / longest as f64
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

/// The length of the longest common subsequence.
fn common_subsequence(before: &[&str], after: &[&str]) -> usize {
    let head = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let (before, after) = (&before[head..], &after[head..]);
    let tail = before
        .iter()
        .rev()
        .zip(after.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let (before, after) = (&before[..before.len() - tail], &after[..after.len() - tail]);
    if before.len().saturating_mul(after.len()) > MOST_CELLS {
        return head + tail;
    }
    let mut row = vec![0; after.len() + 1];
    for old in before {
        let mut diagonal = 0;
        for (at, new) in after.iter().enumerate() {
            let above = row[at + 1];
            row[at + 1] = if old == new { diagonal + 1 } else { above.max(row[at]) };
            diagonal = above;
        }
    }
    head + tail + row[after.len()]
}
