//! How much of a text changes, in lines.

/// The share of lines that differ, 0 to 1, of the longer text. Line ends do not count.
///
/// Texts of as many lines are compared in place. Where lines came or went, they are aligned first: an insertion at the
/// top shifts every line and changes none (the ancestor counts them all).
pub fn changed_line_ratio(original: &str, modified: &str) -> f64 {
    let (old, new): (Vec<&str>, Vec<&str>) = (original.lines().collect(), modified.lines().collect());
    let longer = old.len().max(new.len());
    if longer == 0 {
        return 0.0;
    }
    let same = if old.len() == new.len() {
        in_place(&old, &new)
    } else {
        aligned(&old, &new)
    };
    (longer - same) as f64 / longer as f64
}

fn in_place(old: &[&str], new: &[&str]) -> usize {
    old.iter().zip(new).filter(|(old, new)| old == new).count()
}

/// Length of the longest common subsequence.
fn aligned(old: &[&str], new: &[&str]) -> usize {
    let mut row = vec![0; new.len() + 1];
    for line in old {
        let mut diagonal = 0;
        for (at, other) in new.iter().enumerate() {
            let best = if line == other {
                diagonal + 1
            } else {
                row[at].max(row[at + 1])
            };
            diagonal = std::mem::replace(&mut row[at + 1], best);
        }
    }
    row[new.len()]
}
