//! The diagnosis in words, for people.

use std::fmt::Write;

use super::cause::Failures;
use crate::artifact::cluster::FailureCluster;

/// Failures shown for each cluster.
const SHOWN: usize = 3;

/// Markdown: what was measured, and each cluster with some of its failures.
pub(crate) fn markdown(failures: &Failures, clusters: &[FailureCluster]) -> String {
    let measured: usize = failures.measured.values().sum();
    let mut text = format!(
        "# Diagnosis\n\nThe student was run on {measured} train tasks, spread evenly over {} categories; \
         it failed {}.\n",
        failures.measured.len(),
        failures.failed.len()
    );
    for cluster in clusters {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n## {}\n\n{}\n\n", cluster.id, cluster.description);
        let of_cluster = failures.failed.iter().filter(|failure| failure.cluster() == cluster.id);
        for failure in of_cluster.take(SHOWN) {
            let (query, said) = (quoted(&failure.task.query), quoted(&failure.said));
            let _ = writeln!(
                text,
                "- {query} was answered {said}, expected {}",
                quoted(&failure.task.reference_answer)
            );
        }
        let rate = 100.0 * cluster.teacher_success_rate;
        let _ = writeln!(
            text,
            "\nWith the first remedies in place, {rate:.0} % of these failures were solved."
        );
    }
    text
}

/// One line of at most 120 characters that cannot end a code span or a block.
fn quoted(text: &str) -> String {
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "'");
    format!("`{}`", line.chars().take(120).collect::<String>())
}
