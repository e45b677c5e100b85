//! The ranges of the manifest's whole numbers. `gate` and the phases check most of their own.

use super::Manifest;

/// The longest time, in seconds, that may be waited for: a week.
pub(super) const WEEK: u64 = 604_800;
/// The largest count.
pub(crate) const COUNT: u64 = 1_000_000_000;
/// The largest number of tokens in one answer.
const TOKENS: u64 = 100_000_000;
/// The largest seed: TOML and many JSON readers know no larger whole number.
const SEED: u64 = i64::MAX as u64;

/// Checks every number.
///
/// # Errors
/// The key, the number, and the range.
pub(super) fn check(manifest: &Manifest) -> Result<(), String> {
    for (key, number, least, most) in all(manifest) {
        if !(least..=most).contains(&number) {
            return Err(format!("{key} = {number} must be between {least} and {most}"));
        }
    }
    Ok(())
}

/// A number that is set: its key, the number, the least and the greatest.
type RangedNumber = (String, u64, u64, u64);

/// A number that may be set.
type OptionalNumber = (&'static str, Option<u64>, u64, u64);

/// Every number that is set.
fn all(manifest: &Manifest) -> Vec<RangedNumber> {
    let set = of_models(manifest).into_iter().chain(of_sessions(manifest));
    let named = set.filter_map(|(key, number, least, most)| Some((key.to_owned(), number?, least, most)));
    let tools = manifest.student.tools.iter().map(|(name, tool)| {
        let key = format!("[student.tools.{name}] timeout_seconds");
        (key, tool.timeout_seconds, 1, WEEK)
    });
    named.chain(tools).collect()
}

/// The numbers of student, teacher, judge and network.
fn of_models(manifest: &Manifest) -> Vec<OptionalNumber> {
    let (student, teacher, network) = (&manifest.student, &manifest.teacher, &manifest.network);
    let of = |count: usize| Some(count as u64);
    vec![
        ("[student] concurrency", of(student.concurrency), 0, 64),
        ("[student] max_tokens", student.max_tokens, 1, TOKENS),
        ("[student] timeout_seconds", Some(student.timeout_seconds), 1, WEEK),
        ("[teacher] max_edits", of(teacher.max_edits), 1, COUNT),
        (
            "[teacher] max_student_calls",
            teacher.max_student_calls.and_then(of),
            1,
            COUNT,
        ),
        ("[teacher] seed", teacher.seed, 0, SEED),
        ("[teacher] max_tokens", teacher.max_tokens, 1, TOKENS),
        ("[teacher] max_turns", of(teacher.max_turns), 1, COUNT),
        ("[teacher] timeout_seconds", Some(teacher.timeout_seconds), 1, WEEK),
        ("[judge] max_tokens", manifest.judge.max_tokens, 1, TOKENS),
        ("[network] timeout_seconds", Some(network.timeout_seconds), 1, WEEK),
        ("[network] attempts", Some(u64::from(network.attempts)), 1, 1000),
        ("[network] max_wait_seconds", Some(network.max_wait_seconds), 0, WEEK),
    ]
}

/// The numbers of the other sections.
fn of_sessions(manifest: &Manifest) -> Vec<OptionalNumber> {
    let (benchmark, triggers) = (&manifest.benchmark, &manifest.triggers);
    let of = |count: usize| Some(count as u64);
    vec![
        ("[traces] most", of(manifest.traces.most), 0, COUNT),
        ("[benchmark] subsample", of(benchmark.subsample), 0, COUNT),
        ("[benchmark] seed", Some(benchmark.seed), 0, SEED),
        ("[session] min_traces", of(manifest.session.min_traces), 0, COUNT),
        ("[loop] stagnation_k", of(manifest.looping.stagnation_k), 1, COUNT),
        ("[triggers] min_new_traces", Some(triggers.min_new_traces), 0, COUNT),
        ("[triggers] cluster_failures", of(triggers.cluster_failures), 0, COUNT),
        ("[triggers] quiet_ms", Some(triggers.quiet_ms), 0, 3_600_000),
        ("[triggers] rescan_seconds", Some(triggers.rescan_seconds), 1, WEEK),
        (
            "[ledger] lock_wait_seconds",
            Some(manifest.ledger.lock_wait_seconds),
            0,
            WEEK,
        ),
        ("[gate] worn_after", Some(u64::from(manifest.gate.worn_after)), 0, COUNT),
    ]
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::Value;

    use super::*;

    fn parse(text: &str) -> Result<Manifest, String> {
        Manifest::parse(Path::new("kaizen.toml"), text).map_err(|error| error.to_string())
    }

    /// The sections and keys of the schema that take a number: `("loop", "stagnation_k", is_whole)`.
    fn number_keys() -> Vec<(String, String, bool)> {
        let schema = serde_json::to_value(schemars::schema_for!(Manifest)).unwrap();
        let resolved = |value: &Value| match value["$ref"].as_str() {
            Some(reference) => schema.pointer(reference.trim_start_matches('#')).unwrap().clone(),
            None => value.clone(),
        };
        let mut keys = Vec::new();
        for (section, value) in schema["properties"].as_object().unwrap() {
            let section_schema = resolved(value);
            let (section, section_schema) = match section.as_str() {
                "prices" => ("prices.m", resolved(&section_schema["additionalProperties"])),
                name => (name, section_schema),
            };
            for (key, kind) in section_schema["properties"].as_object().into_iter().flatten() {
                let kinds = resolved(kind)["type"].to_string();
                if kinds.contains("integer") || kinds.contains("number") {
                    keys.push((section.to_owned(), key.clone(), kinds.contains("integer")));
                }
            }
        }
        keys.push(("student.tools.t".to_owned(), "timeout_seconds".to_owned(), true));
        keys.push(("phase.plan".to_owned(), "timeout_seconds".to_owned(), true));
        keys
    }

    fn manifest(section: &str, key: &str, number: &str) -> String {
        let more = match (section, key) {
            ("prices.m", "input") => "output = 1.0\n",
            ("prices.m", "output") => "input = 1.0\n",
            ("prices.m", _) => "input = 1.0\noutput = 1.0\n",
            ("student.tools.t" | "phase.plan", _) => "run = [\"true\"]\n",
            _ => "",
        };
        format!("[{section}]\n{more}{key} = {number}\n")
    }

    #[test]
    fn every_number_has_a_range_and_what_is_accepted_can_be_written_and_read() {
        let keys = number_keys();
        assert!(keys.len() > 40, "{keys:?}");
        let numbers = [
            "0",
            "1",
            "-1",
            "0.5",
            "-0.0",
            "inf",
            "-inf",
            "nan",
            "1e308",
            "1e-308",
            "64",
            "65",
            "604801",
            "9223372036854775807",
            "-9223372036854775808",
        ];
        for (section, key, is_whole) in &keys {
            for number in numbers {
                let Ok(manifest) = parse(&manifest(section, key, number)) else {
                    continue;
                };
                assert!(
                    !["inf", "-inf", "nan", "1e308", "-1"].contains(&number),
                    "[{section}] {key} = {number}"
                );
                let is_seed = key == "seed";
                assert!(
                    is_seed || !number.starts_with("922"),
                    "[{section}] {key} = {number} has no upper bound"
                );
                assert!(!is_whole || number != "0.5", "[{section}] {key} = {number}");
                let again = parse(&toml::to_string(&manifest).unwrap());
                assert_eq!(again.as_ref(), Ok(&manifest), "[{section}] {key} = {number}");
                let json = serde_json::to_string(&manifest).unwrap();
                assert_eq!(serde_json::from_str::<Manifest>(&json).unwrap(), manifest, "{json}");
            }
        }
    }

    #[test]
    fn a_refusal_names_key_and_range() {
        for text in [
            "[student]\ntimeout_seconds = 9223372036854775807",
            "[network]\ntimeout_seconds = 0",
        ] {
            let message = parse(text).unwrap_err();
            assert!(
                message.contains("timeout_seconds") && message.contains("between 1 and 604800"),
                "{message}"
            );
        }
    }
}
