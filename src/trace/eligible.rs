//! Decides whether the `[privacy]` section lets a trace be evidence. Pure: the caller passes the time for age limits.

use crate::artifact::trace::Trace;
use crate::manifest::PrivacySection;

const SECONDS_A_DAY: f64 = 86_400.0;

/// Whether a trace may be evidence at `moment` (seconds since 1970, UTC).
///
/// Callers pass the start of the session rather than the current time, so that a session resumed days later sees the
/// same traces. A trace without an agent or source fails an allow-list of them, and a trace without a start time fails
/// any age limit.
pub(crate) fn eligible(privacy: &PrivacySection, trace: &Trace, moment: f64) -> bool {
    let agent = trace.agent.as_deref();
    let source = trace.metadata.get("source").and_then(|source| source.as_str());
    allowed(agent, privacy.agents.as_deref(), &privacy.exclude_agents)
        && allowed(source, privacy.sources.as_deref(), &privacy.exclude_sources)
        && privacy.max_age_days.is_none_or(|days| {
            let oldest = moment - f64::from(days) * SECONDS_A_DAY;
            trace.started_at.is_some_and(|started| started >= oldest)
        })
}

fn allowed(name: Option<&str>, only: Option<&[String]>, excluded: &[String]) -> bool {
    let among = |names: &[String]| name.is_some_and(|name| names.iter().any(|other| other == name));
    only.is_none_or(among) && !among(excluded)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DAY: f64 = SECONDS_A_DAY;

    fn is_eligible(privacy: &str, trace: serde_json::Value) -> bool {
        let mut trace = trace;
        trace["trace_id"] = json!("t");
        let trace: Trace = serde_json::from_value(trace).unwrap();
        eligible(&toml::from_str(privacy).unwrap(), &trace, 100.0 * DAY)
    }

    #[test]
    fn names_admit_and_exclude() {
        let home = || json!({"agent": "home", "metadata": {"source": "phone"}});
        for (privacy, expected) in [
            ("", true),
            ("agents = ['home', 'x']", true),
            ("agents = ['Home']", false),
            ("exclude_agents = ['home']", false),
            ("exclude_agents = ['x']", true),
            ("sources = ['phone']", true),
            ("sources = ['desk']", false),
            ("exclude_sources = ['phone']", false),
            ("agents = ['home']\nexclude_sources = ['phone']", false),
            ("agents = ['home']\nexclude_agents = ['home']", false),
        ] {
            assert_eq!(is_eligible(privacy, home()), expected, "{privacy}");
        }
    }

    #[test]
    fn who_does_not_say_is_on_no_list() {
        for (privacy, expected) in [
            ("", true),
            ("agents = ['home']", false),
            ("sources = ['phone']", false),
            ("exclude_agents = ['home']\nexclude_sources = ['phone']", true),
        ] {
            assert_eq!(is_eligible(privacy, json!({})), expected, "{privacy}");
            assert_eq!(
                is_eligible(privacy, json!({"metadata": {"source": 7}})),
                expected,
                "{privacy}"
            );
        }
    }

    #[test]
    fn age_is_judged_by_the_moment() {
        for (started, expected) in [
            (json!(99.0 * DAY), true),
            (json!(90.0 * DAY), true),
            (json!(90.0 * DAY - 1.0), false),
            (json!(200.0 * DAY), true),
            (json!(null), false),
        ] {
            let trace = json!({"started_at": started});
            assert_eq!(is_eligible("max_age_days = 10", trace.clone()), expected, "{trace}");
            assert!(is_eligible("", trace));
        }
    }
}
