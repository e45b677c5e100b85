//! Tests of the table of failures.

use super::*;

#[test]
fn every_phrase_is_in_lower_case_and_reached() {
    for row in TABLE {
        for phrase in row.phrases {
            let example = phrase.replace('*', " x ");
            assert!(*phrase == phrase.to_lowercase() || *phrase == phrase.to_uppercase());
            assert!(classify(None, &example).is_some(), "{phrase}");
        }
    }
}

/// The guide's table of failures is true.
#[test]
fn the_guide_says_what_the_table_says() {
    let guide = include_str!("../guide/llm.md");
    let rows = guide
        .lines()
        .skip_while(|line| !line.starts_with("| a server says"))
        .skip(2);
    let mut seen = 0;
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.split('|').collect();
        for said in cells[1].split('`').skip(1).step_by(2) {
            let (status, words) = said.split_once(' ').unwrap_or((said, ""));
            let kind = classify(status.parse().ok(), words).unwrap();
            assert_eq!(format!("{kind:?}").to_lowercase(), cells[2].trim(), "{said}");
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen}");
}
