//! The text of a new `kaizen.toml`: every setting that people change, with its default and what it does.

/// A manifest in which the given settings, as `(section, key, TOML value)`, stand in place of the defaults.
pub(crate) fn manifest_text(settings: &[(&str, &str, String)], mentioned: &[String]) -> String {
    let mut text = TEMPLATE.to_owned();
    for (section, key, value) in settings {
        text = with(&text, section, key, value);
    }
    if !mentioned.is_empty() {
        text += "\n# From [learning.spec_search], without a counterpart here yet:\n";
        text.extend(mentioned.iter().map(|line| format!("# {line}\n")));
    }
    text
}

/// Replaces the commented default of one key by a value.
fn with(text: &str, section: &str, key: &str, value: &str) -> String {
    let mut inside = false;
    let line = |line: &str| {
        if line.starts_with('[') {
            inside = line == format!("[{section}]");
        }
        let default = format!("# {key} = ");
        match line
            .split_once("  # ")
            .filter(|(setting, _)| inside && setting.starts_with(&default))
        {
            Some((_, comment)) => format!("{key} = {value}  # {comment}\n"),
            None => format!("{line}\n"),
        }
    };
    text.lines().map(line).collect()
}

const TEMPLATE: &str = r#"#:schema ./schemas/manifest.schema.json
# kaizen's manifest. Every key has a default, shown here; take the # away to change it.
version = 1

[harness]
# The files that make the agent what it is, and the only ones that an edit may touch.
# files = ["config.toml", "agents/*/system_prompt.md", "agents/*/few_shot.json", "tools/descriptions.toml"]

[traces]
# files = ["traces/*.jsonl", "traces.db"]  # JSON Lines, and OpenJarvis stores (never written)
# most = 2000  # the newest usable traces that the teacher may read

[benchmark]
# files = ["benchmark/*.jsonl"]  # tasks; the teacher sees split "train" only
# subsample = 0  # gate tasks a session uses, drawn by its name; 0 for all
# seed = 0  # of a noisy student

[student]
# engine = "nearest"  # the embedded student; chat: a language model; command: a program
# concurrency = 0  # attempts at once; 0 for one a core, or 8 for chat and command
# model = "name"  # of chat; base_url, api and api_key_env say where it is and which variable holds the key

[teacher]
# engine = "rules"  # the embedded teacher; files: you or a coding agent; command: a program; chat: a language model
# max_edits = 10  # in a plan, at most
# seed = 0  # the teacher's source of chance; absent: the session's name
# model = "name"  # of chat; base_url, api and api_key_env say where it is and which variable holds the key
# max_turns = 30  # of chat, replies of a diagnosis

[session]
# autonomy = "tiered"  # auto: the gate decides; tiered: risky edits wait for you; manual: all wait
# min_traces = 20  # usable traces without which no session is held
# hold = "plan"  # a session waits after planning, until `kaizen release`
# max_cost_usd = 5.0  # that language models of every role may cost; absent: no limit

[privacy]
# max_age_days = 90  # older traces are no evidence; absent: any age
# redact = []  # regular expressions of what is removed from texts, beside keys, tokens, addresses and numbers
# keep = []  # kinds of personal data that stay, such as "ip_address"
# redact_student = false  # whether requests to the student lose personal data, too

[gate]
# mode = "auto"  # exact where two baseline runs agree, sequential where they do not; rule compares means of one run
# preset = "default"  # thrifty, default, patient, thorough, strict, certified: what a decision may cost, and show
# rule = "target"  # target: the edit's own category must gain; overall: the whole score
# min_improvement = 0.0  # the gain must be larger than this
# max_regression = 0.01  # no watched category may fall by more (0.05 under rule overall)
# worn_after = 50  # consultations of the gate tasks after which kaizen warns that edits may fit them alone; 0: never
# alpha_session = 0.1  # chance that a session keeps any edit whose target did not improve

[triggers]
# schedule = "0 3 * * *"  # when `kaizen watch` starts a session: five cron fields, UTC
# min_new_traces = 20  # since the last session; with fewer, the schedule passes
# user_flag = true  # a trace with "user_flag": true starts a session
# cluster_failures = 0  # failures of one agent and category, since the last session, that start one; 0: never
# cluster_rate = 0.5  # the share of them that must have failed
# quiet_ms = 200  # for which a file must be quiet before it counts as saved
# rescan_seconds = 30  # after which everything is looked at again, whether anything rang or not

[loop]
# stagnation_eps = 0.001  # a gate score that rises by no more stands still
# stagnation_k = 5  # sessions that stand still before `kaizen loop` stops
# max_total_cost_usd = 50.0  # dollars after which it stops

[ledger]
# hooks = true  # the repository's hooks run on kaizen's commits
# author = "Name <address>"  # of kaizen's commits; absent: as git is configured
# lock_wait_seconds = 10  # for somebody else's index.lock
# commit_sessions = true  # a settled session's directory is committed
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;

    #[test]
    fn the_text_is_a_manifest_of_defaults_and_takes_settings() {
        let parse = |text: &str| Manifest::parse(std::path::Path::new("kaizen.toml"), text).unwrap();
        assert_eq!(parse(&manifest_text(&[], &[])), Manifest::default());
        let settings = [
            ("session", "autonomy", "\"manual\"".to_owned()),
            ("gate", "max_regression", "0.01".to_owned()),
        ];
        let text = manifest_text(&settings, &["teacher_model = \"m\"".to_owned()]);
        let manifest = parse(&text);
        assert_eq!(manifest.session.autonomy, crate::artifact::record::Autonomy::Manual);
        assert_eq!(manifest.gate.max_regression, Some(0.01));
        assert!(text.contains("# teacher_model = \"m\""));
    }

    /// Every default that the text shows is the real one.
    #[test]
    fn the_shown_defaults_are_true() {
        let uncommented: String = TEMPLATE
            .lines()
            .filter(|line| {
                !line.contains("author =")
                    && !line.contains("teacher's source")
                    && !line.contains("hold =")
                    && !line.contains("model =")
                    && !line.contains("max_cost_usd =")
                    && !line.contains("max_age_days =")
                    && !line.contains("schedule =")
            })
            .map(|line| {
                line.strip_prefix("# ")
                    .filter(|rest| rest.contains(" = "))
                    .unwrap_or(line)
                    .to_owned()
                    + "\n"
            })
            .collect();
        let shown = Manifest::parse(std::path::Path::new("kaizen.toml"), &uncommented).unwrap();
        let default = Manifest::default();
        assert_eq!(
            Manifest {
                gate: default.gate.clone(),
                ..shown.clone()
            },
            default
        );
        assert_eq!(shown.gate.settings(false), default.gate.settings(false));
    }
}
