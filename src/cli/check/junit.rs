//! A check as a JUnit file: a test for the whole and one for each category.

use super::words;
use crate::gate::check::{ChangeSoFar, CheckVerdict};
use crate::maintenance::check::CheckReport;

/// The test suite. What fell is a failure; if the check cannot tell, the whole is skipped.
pub(super) fn suite(found: &CheckReport) -> String {
    let run = &found.run;
    let mut cases = vec![case("whole", &run.whole, run.verdict, &words::sentence(found))];
    cases.extend(run.categories.iter().map(|(name, change)| {
        let verdict = match change.fell {
            true => CheckVerdict::Worse,
            false => CheckVerdict::NoWorse,
        };
        case(name, change, verdict, &words::change(change))
    }));
    let failures = cases.iter().filter(|case| case.contains("<failure")).count();
    let skipped = cases.iter().filter(|case| case.contains("<skipped")).count();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n<testsuite name=\"kaizen check\" tests=\"{}\" \
         failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\">\n{}</testsuite>\n</testsuites>\n",
        cases.len(),
        cases.concat()
    )
}

fn case(name: &str, change: &ChangeSoFar, verdict: CheckVerdict, words: &str) -> String {
    let open = format!("<testcase classname=\"kaizen.check\" name=\"{}\"", escaped(name));
    let words = escaped(words);
    match verdict {
        CheckVerdict::Worse => format!(
            "{open}><failure message=\"{words}\">{}</failure></testcase>\n",
            escaped(&words::change(change))
        ),
        CheckVerdict::CannotTell => format!("{open}><skipped message=\"{words}\"/></testcase>\n"),
        CheckVerdict::Better | CheckVerdict::NoWorse => format!("{open}/>\n"),
    }
}

/// A text in an attribute or an element. XML 1.0 cannot hold most control characters, even escaped.
fn escaped(text: &str) -> String {
    let one = |c: char| match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\t' | '\n' | '\r' => " ".to_owned(),
        c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => "\u{fffd}".to_owned(),
        c => c.to_string(),
    };
    text.chars().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_name_is_well_formed() {
        assert_eq!(escaped("a<b>&\"c\"\u{1}\n"), "a&lt;b&gt;&amp;&quot;c&quot;\u{fffd} ");
    }
}
