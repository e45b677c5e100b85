//! A check as a SARIF 2.1.0 log, for code scanning: a result for the whole and for each category that fell.

use serde_json::{Value, json};

use super::words;
use crate::cli::visible::escaped_json;
use crate::gate::check::CheckVerdict;
use crate::maintenance::check::CheckReport;

/// The log with its line end.
pub(super) fn log(found: &CheckReport) -> String {
    let rule = |id: &str, text: &str| json!({"id": id, "shortDescription": {"text": text}});
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "kaizen check",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": [rule("worse", "The agent is worse than its base"), rule("cannot-tell", "The runs do not show whether the agent is worse")],
            }},
            "results": results(found),
        }],
    });
    let log = serde_json::to_string_pretty(&log).unwrap_or_default();
    format!("{}\n", escaped_json(&log))
}

fn results(found: &CheckReport) -> Vec<Value> {
    let (rule, level) = match found.run.verdict {
        CheckVerdict::Worse => ("worse", "error"),
        CheckVerdict::CannotTell => ("cannot-tell", "note"),
        CheckVerdict::Better | CheckVerdict::NoWorse => return Vec::new(),
    };
    // A result needs a place: the files that differ. Without one, nothing can be worse.
    let place = |file: &String| {
        let uri = uri(&format!("{}{file}", found.prefix));
        json!({"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}}})
    };
    let places: Vec<Value> = found.files.iter().take(1).map(place).collect();
    let related: Vec<Value> = found.files.iter().skip(1).map(place).collect();
    let mut results = vec![
        json!({"ruleId": rule, "level": level, "message": {"text": words::sentence(found)},
        "locations": places, "relatedLocations": related}),
    ];
    let fallen = found.run.categories.iter().filter(|(_, change)| change.fell);
    results.extend(fallen.map(|(name, change)| {
        json!({"ruleId": rule, "level": level, "locations": places,
            "message": {"text": format!("{name} fell: {}", words::change(change))}})
    }));
    results
}

/// A path from the root of the repository as a relative reference: every byte that a URI cannot hold is escaped.
fn uri(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let one = |byte: u8| match is_plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    path.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference() {
        assert_eq!(uri("agents/a b/é#.md"), "agents/a%20b/%C3%A9%23.md");
    }
}
