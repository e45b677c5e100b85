//! `[privacy]`: which traces may be evidence, what is removed from texts, and whose requests keep personal data.

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PersonalKind;

/// Who is sent requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// It diagnoses and plans.
    Teacher,
    /// It scores answers.
    Judge,
    /// It answers tasks.
    Student,
}

impl Role {
    /// The name in files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::Teacher => "teacher",
            Role::Judge => "judge",
            Role::Student => "student",
        }
    }
}

/// `[privacy]`
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PrivacySection {
    /// Agents whose traces may be evidence; absent: all.
    pub agents: Option<Vec<String>>,
    /// Sources (`metadata.source`) whose traces may be evidence; absent: all.
    pub sources: Option<Vec<String>>,
    /// Agents whose traces are no evidence.
    pub exclude_agents: Vec<String>,
    /// Sources whose traces are no evidence.
    pub exclude_sources: Vec<String>,
    /// Days before the session's start from which a trace is too old to be evidence; absent: none is.
    pub max_age_days: Option<u32>,
    /// Regular expressions of what is taken out of texts, beside the built-in ones.
    pub redact: Vec<String>,
    /// Who is sent personal data, and what own patterns match; nobody by default. Keys and passwords are never sent.
    pub exempt: Vec<Role>,
    /// Kinds of personal data that stay everywhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<PersonalKind>,
    /// Whether requests to the student lose personal data too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub redact_student: bool,
}

impl PrivacySection {
    /// Whether own patterns are applied to the requests to a role.
    pub(crate) fn redacts(&self, role: &str) -> bool {
        !self.exempt.iter().any(|exempt| exempt.name() == role)
    }

    /// Whether the requests to a role lose personal data. The student has to answer what it was asked, so its requests
    /// keep it unless the manifest says otherwise.
    pub(crate) fn redacts_personal_data(&self, role: &str) -> bool {
        self.redacts(role) && (role != Role::Student.name() || self.redact_student)
    }

    /// What the types do not say.
    ///
    /// # Errors
    /// What is wrong, and what is allowed.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (key, names) in [("agents", &self.agents), ("sources", &self.sources)] {
            if names.as_ref().is_some_and(Vec::is_empty) {
                return Err(format!(
                    "[privacy] {key} = [] leaves no evidence at all; remove the key to allow every one"
                ));
            }
        }
        if self.redact_student && self.exempt.contains(&Role::Student) {
            return Err("[privacy] redact_student and exempt = [\"student\"] contradict each other; remove one".into());
        }
        if self.max_age_days == Some(0) {
            return Err("[privacy] max_age_days must be at least 1; remove the key to allow any age".into());
        }
        for (at, pattern) in self.redact.iter().enumerate() {
            if let Some(problem) = pattern_problem(pattern) {
                return Err(format!("[privacy] redact[{at}] `{pattern}` {problem}"));
            }
        }
        Ok(())
    }
}

/// Why a pattern cannot be used. One that matches nothing at all would put a mark between any two letters.
fn pattern_problem(pattern: &str) -> Option<String> {
    if let Err(error) = Regex::new(pattern) {
        return Some(format!("is not a regular expression: {error}"));
    }
    let shortest = regex_syntax::parse(pattern).ok()?.properties().minimum_len();
    (shortest == Some(0)).then(|| "could match the empty string; let it match at least one character".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<PrivacySection, String> {
        let section: PrivacySection = toml::from_str(text).unwrap();
        section.check().map(|()| section)
    }

    #[test]
    fn by_default_everything_is_redacted() {
        let section = read("").unwrap();
        assert_eq!(section, PrivacySection::default());
        assert!(["teacher", "judge", "student"].iter().all(|role| section.redacts(role)));
    }

    #[test]
    fn the_student_keeps_personal_data_unless_the_manifest_says_otherwise() {
        for (text, student) in [("", false), ("redact_student = true", true)] {
            let section = read(text).unwrap();
            assert!(section.redacts_personal_data("teacher") && section.redacts_personal_data("judge"));
            assert_eq!(section.redacts_personal_data("student"), student);
        }
        let section = read("exempt = ['teacher']\nkeep = ['email', 'ip_address']").unwrap();
        assert!(!section.redacts_personal_data("teacher"));
        assert_eq!(section.keep, [PersonalKind::Email, PersonalKind::IpAddress]);
        assert!(toml::from_str::<PrivacySection>("keep = ['api_key']").is_err());
    }

    #[test]
    fn an_exempt_role_is_not_redacted() {
        let section = read("exempt = ['student', 'judge']").unwrap();
        assert!(section.redacts("teacher") && !section.redacts("student") && !section.redacts("judge"));
    }

    #[test]
    fn roles_are_named_as_in_files() {
        for role in [Role::Teacher, Role::Judge, Role::Student] {
            assert_eq!(serde_json::to_value(role).unwrap(), role.name());
        }
        assert!(toml::from_str::<PrivacySection>("exempt = ['pupil']").is_err());
    }

    #[test]
    fn what_cannot_be_is_refused_by_key() {
        for (text, parts) in [
            ("redact = ['a', '(b']", ["redact[1]", "not a regular expression"]),
            ("redact = ['b*']", ["redact[0]", "empty string"]),
            ("redact = ['a|']", ["redact[0]", "empty string"]),
            ("redact = ['']", ["redact[0]", "empty string"]),
            // Neither matches the empty text, and both match between letters.
            ("redact = ['\\b']", ["redact[0]", "empty string"]),
            ("redact = ['(?m)x*$']", ["redact[0]", "empty string"]),
            (
                "redact_student = true\nexempt = ['student']",
                ["redact_student", "contradict"],
            ),
            ("agents = []", ["agents", "remove the key"]),
            ("sources = []", ["sources", "remove the key"]),
            ("max_age_days = 0", ["max_age_days", "at least 1"]),
        ] {
            let problem = read(text).unwrap_err();
            assert!(parts.iter().all(|part| problem.contains(part)), "{text}: {problem}");
        }
        for text in [
            "redact = ['\\bcust-\\d+\\b', '(?i)project x', '.']",
            "max_age_days = 90",
        ] {
            assert!(read(text).is_ok(), "{text}");
        }
    }
}
