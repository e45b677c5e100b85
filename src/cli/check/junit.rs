//! A check as a JUnit file: a test for the whole and one for each category.

use super::words;
use crate::cli::visible::visible;
use crate::gate::check::{ChangeSoFar, CheckVerdict};
use crate::maintenance::check::CheckReport;

/// How a test ended, with what it says.
enum CaseEnd {
    Passed,
    Skipped(String),
    Failed(String),
}

/// The test suite. What fell is a failure; if the check cannot tell, the whole is skipped, and so is a category of which no
/// pair ran.
pub(super) fn suite(found: &CheckReport) -> String {
    let words = words::sentence(found);
    let whole = match found.run.verdict {
        CheckVerdict::Worse => CaseEnd::Failed(words),
        CheckVerdict::CannotTell => CaseEnd::Skipped(words),
        CheckVerdict::Better | CheckVerdict::NoWorse => CaseEnd::Passed,
    };
    // A class of their own: a category may be named `whole`.
    let mut cases = vec![case("kaizen.check", "whole", &whole)];
    let categories = found.run.categories.iter();
    cases.extend(categories.map(|(name, change)| case("kaizen.check.category", name, &end(change))));
    let failures = cases.iter().filter(|case| case.contains("<failure")).count();
    let skipped = cases.iter().filter(|case| case.contains("<skipped")).count();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"kaizen check\" tests=\"{}\" \
         failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\">\n{}</testsuite>\n</testsuites>\n",
        cases.len(),
        cases.concat()
    )
}

fn end(change: &ChangeSoFar) -> CaseEnd {
    match change.mean {
        None => CaseEnd::Skipped("no pair ran".to_owned()),
        Some(_) if change.fell => CaseEnd::Failed(words::change(change)),
        Some(_) => CaseEnd::Passed,
    }
}

fn case(class: &str, name: &str, end: &CaseEnd) -> String {
    let open = format!("<testcase classname=\"{class}\" name=\"{}\"", escaped(name));
    match end {
        CaseEnd::Passed => format!("{open}/>\n"),
        CaseEnd::Skipped(words) => format!("{open}><skipped message=\"{}\"/></testcase>\n", escaped(words)),
        CaseEnd::Failed(words) => {
            let words = escaped(words);
            format!("{open}><failure message=\"{words}\">{words}</failure></testcase>\n")
        }
    }
}

/// A text in an attribute or an element. XML 1.0 cannot hold most control characters, even escaped; marks that reorder a line
/// become visible.
fn escaped(text: &str) -> String {
    let one = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\n' => " ".to_owned(),
        '\u{fffe}' | '\u{ffff}' => "\u{fffd}".to_owned(),
        c => c.to_string(),
    };
    visible(text).chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_is_well_formed() {
        for (name, shown) in [
            ("a<b>&\"c\"\n", "a&lt;b&gt;&amp;&quot;c&quot; "),
            ("\u{1}\r\u{ffff}", "␁␍\u{fffd}"),
            ("a\u{202e}b\u{2066}", "a&lt;U+202E&gt;b&lt;U+2066&gt;"),
        ] {
            assert_eq!(escaped(name), shown);
        }
    }

    #[test]
    fn a_category_without_a_pair_did_not_pass() {
        let change = |mean, fell| ChangeSoFar {
            tasks: 3,
            mean,
            interval: [-1.0, 1.0],
            fell,
        };
        for (mean, fell, shown) in [
            (None, false, "<skipped message=\"no pair ran\"/>"),
            (Some(-0.5), true, "<failure message=\"-50.0 points"),
            (Some(0.0), false, "name=\"whole\"/>"),
        ] {
            let case = case("kaizen.check.category", "whole", &end(&change(mean, fell)));
            assert!(case.contains(shown), "{case}");
        }
    }
}
