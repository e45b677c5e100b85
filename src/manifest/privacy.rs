//! `[privacy]`: which traces may be evidence, what is redacted, which roles receive personal data, and the kinds of
//! such data.

use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A role that receives requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PrivacyRole {
    /// Diagnoses and plans.
    Teacher,
    /// Scores answers.
    Judge,
    /// Answers tasks.
    Student,
}

impl PrivacyRole {
    /// The name in files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            PrivacyRole::Teacher => "teacher",
            PrivacyRole::Judge => "judge",
            PrivacyRole::Student => "student",
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
    /// Agents whose traces must not be evidence.
    pub exclude_agents: Vec<String>,
    /// Sources whose traces must not be evidence.
    pub exclude_sources: Vec<String>,
    /// A trace that is older than this when the session starts is not evidence; absent: no limit.
    pub max_age_days: Option<u32>,
    /// Regular expressions for text to redact, in addition to the built-in ones.
    pub redact: Vec<String>,
    /// Roles that receive personal data and matches of `redact` unredacted; none by default. Keys and passwords are
    /// redacted for every role.
    pub exempt: Vec<PrivacyRole>,
    /// Kinds of personal data that are never redacted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<PersonalKind>,
    /// Whether personal data is redacted in requests to the student too.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub redact_student: bool,
}

impl PrivacySection {
    /// Whether the patterns of `redact` apply to requests to a role.
    pub(crate) fn redacts(&self, role: &str) -> bool {
        !self.exempt.iter().any(|exempt| exempt.name() == role)
    }

    /// Whether personal data is redacted in requests to a role. The student must answer the actual question, so its
    /// requests keep personal data unless the manifest says otherwise.
    pub(crate) fn redacts_personal_data(&self, role: &str) -> bool {
        self.redacts(role) && (role != PrivacyRole::Student.name() || self.redact_student)
    }

    /// Checks the constraints that the types do not express.
    ///
    /// # Errors
    /// The problem, and the allowed values.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (key, names) in [("agents", &self.agents), ("sources", &self.sources)] {
            if names.as_ref().is_some_and(Vec::is_empty) {
                return Err(format!(
                    "[privacy] {key} = [] excludes all evidence; remove the key to allow all {key}"
                ));
            }
        }
        if self.redact_student && self.exempt.contains(&PrivacyRole::Student) {
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

/// Why a pattern cannot be used. A pattern that matches the empty string would put a mark between any two letters.
fn pattern_problem(pattern: &str) -> Option<String> {
    if let Err(error) = Regex::new(pattern) {
        return Some(format!("is not a regular expression: {error}"));
    }
    let shortest = regex_syntax::parse(pattern).ok()?.properties().minimum_len();
    (shortest == Some(0)).then(|| "could match the empty string; let it match at least one character".into())
}

/// A kind of personal data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PersonalKind {
    /// An email address.
    Email,
    /// A phone number.
    Phone,
    /// A payment card number.
    Card,
    /// An international bank account number.
    Iban,
    /// A bank account number or sort code next to a label.
    BankAccount,
    /// A number that identifies a person, such as a social security, tax, passport or driving licence number.
    NationalId,
    /// A date of birth next to a label.
    BirthDate,
    /// An IP address.
    IpAddress,
    /// The path of a home folder, which contains a user name.
    HomeFolder,
}

impl PersonalKind {
    /// The name in files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            PersonalKind::Email => "email",
            PersonalKind::Phone => "phone",
            PersonalKind::Card => "card",
            PersonalKind::Iban => "iban",
            PersonalKind::BankAccount => "bank_account",
            PersonalKind::NationalId => "national_id",
            PersonalKind::BirthDate => "birth_date",
            PersonalKind::IpAddress => "ip_address",
            PersonalKind::HomeFolder => "home_folder",
        }
    }
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
        for role in [PrivacyRole::Teacher, PrivacyRole::Judge, PrivacyRole::Student] {
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
            // Neither matches the empty text, but both have empty matches between letters.
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
