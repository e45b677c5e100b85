//! Where the archived lines of commits name each session, so that a command which looks at many sessions reads each line
//! once. Pure.

use std::collections::BTreeMap;
use std::ops::Range;

use super::entry_line::unescaped;

/// The trailer that names the session of a commit.
pub(super) const SESSION: &str = "Session-ID";
/// The fields of a line before its trailers.
const FACTS: usize = 4;

/// The lines of each session.
#[derive(Debug, Default)]
pub(super) struct SessionLines(BTreeMap<String, Vec<Range<usize>>>);

impl SessionLines {
    /// Looks through all lines.
    pub(super) fn of(text: &str) -> Self {
        let mut found = Self::default();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let end = start + line.len();
            let fields: Vec<&str> = line.trim_end_matches('\n').split('\t').skip(FACTS).collect();
            for trailer in fields.chunks_exact(2).filter(|trailer| trailer[0] == SESSION) {
                found.0.entry(unescaped(trailer[1])).or_default().push(start..end);
            }
            start = end;
        }
        found
    }

    /// The lines of a session in the same text, in order.
    pub(super) fn of_session<'t>(&self, text: &'t str, session: &str) -> impl Iterator<Item = &'t str> {
        let places = self.0.get(session).into_iter().flatten();
        places.filter_map(|place| text.get(place.clone()).map(|line| line.trim_end_matches('\n')))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_session_has_its_lines_in_order() {
        let text = "c1\t\tat\tone\tSession-ID\ts1\nc2\tc1\tat\tSession-ID\ts2\ts1\tSession-ID\ts2\tOp\tx\n\
                    c3\tc2\tat\tthree\tNote\tSession-ID\tSession-ID\ts1\nc4\tc3\tat\tfour\n";
        let lines = SessionLines::of(text);
        let commits = |session: &str| -> Vec<&str> {
            let lines = lines.of_session(text, session);
            lines.filter_map(|line| line.split('\t').next()).collect()
        };
        for (session, expected) in [("s1", vec!["c1", "c3"]), ("s2", vec!["c2"]), ("s3", vec![])] {
            assert_eq!(commits(session), expected, "{session}");
        }
    }
}
