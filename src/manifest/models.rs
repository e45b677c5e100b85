//! Checks of the sections about language models and programs.

use super::chat::ChatSettings;
use super::{Manifest, StudentEngine, TeacherEngine, sandbox};

/// The attempts of a student that costs money or seconds that the built-in teacher makes in a session, unless the manifest
/// sets another number.
const STUDENT_CALLS: usize = 400;

impl Manifest {
    /// The largest number of attempts that the built-in teacher makes in a session; `None` without a limit.
    pub(crate) fn student_calls(&self) -> Option<usize> {
        let usual = (self.student.engine() != StudentEngine::Nearest).then_some(STUDENT_CALLS);
        self.teacher.max_student_calls.or(usual)
    }

    /// The language model behind scorer `judge`: that of `[judge]`, else the teacher's.
    pub(crate) fn judge(&self) -> Option<ChatSettings> {
        let teacher = || (self.teacher.engine == TeacherEngine::Chat).then(|| self.teacher.chat());
        let own = self.judge.model.is_some().then(|| self.judge.clone());
        own.or_else(teacher)
    }

    /// The environment variables that hold keys, sorted by name. Programs do not inherit them.
    pub(crate) fn key_variables(&self) -> Vec<String> {
        let sections = [self.teacher.chat(), self.student.chat(), self.judge.clone()];
        let named = sections
            .iter()
            .filter_map(|chat| chat.key_variable().map(str::to_owned));
        let usual = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY"].map(str::to_owned);
        let all: std::collections::BTreeSet<String> = named.chain(usual).collect();
        all.into_iter().collect()
    }

    /// The environment variables that a program does not inherit: those with keys, except those its section lists.
    pub(crate) fn withheld(&self, but: &[String]) -> Vec<String> {
        let mut keys = self.key_variables();
        keys.retain(|name| !but.contains(name));
        keys
    }

    pub(super) fn check_models(&self) -> Result<(), String> {
        let (student, teacher) = (&self.student, &self.teacher);
        check_chat("teacher", &teacher.chat(), teacher.engine == TeacherEngine::Chat)?;
        check_chat("student", &student.chat(), student.engine() == StudentEngine::Chat)?;
        check_chat("judge", &self.judge, false)?;
        needs_program("teacher", &teacher.run, teacher.engine == TeacherEngine::Command)?;
        needs_program("student", &student.run, student.engine() == StudentEngine::Command)?;
        sandbox::check(student)?;
        for (name, tool) in &student.tools {
            needs_program(&format!("student.tools.{name}"), &tool.run, true)?;
        }
        if let Some((model, price)) = self.prices.iter().find(|(_, price)| !price.is_sound()) {
            return Err(format!(
                "[prices.\"{model}\"] {price:?} must be dollars per million tokens, from 0 to 1000000"
            ));
        }
        Ok(())
    }
}

fn needs_program(section: &str, run: &[String], needed: bool) -> Result<(), String> {
    match run.first().is_none_or(String::is_empty) && needed {
        true => Err(format!(
            "[{section}] has no program; add run = [\"program\", \"argument\"]"
        )),
        false => Ok(()),
    }
}

fn check_chat(section: &str, chat: &ChatSettings, needed: bool) -> Result<(), String> {
    if needed && chat.model.as_deref().is_none_or(str::is_empty) {
        return Err(format!(
            "[{section}] engine = \"chat\" needs a model; add model = \"name\""
        ));
    }
    if chat.url().contains(['@', '?']) {
        // The URL is not repeated: it may contain a password.
        return Err(format!(
            "[{section}] base_url must contain no credentials and no `?`; set api_key_env to the environment variable with the key"
        ));
    }
    if !(chat.url().starts_with("http://") || chat.url().starts_with("https://")) {
        let url = chat.url();
        return Err(format!(
            "[{section}] base_url = \"{url}\" must start with http:// or https://"
        ));
    }
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && !name.is_empty();
    if chat.api_key_env.as_deref().is_some_and(|name| !is_name(name)) {
        // The value is not repeated: it may be the key itself.
        return Err(format!(
            "[{section}] api_key_env must be the name of an environment variable, such as \"MY_KEY\", never the key"
        ));
    }
    if chat.temperature.is_some_and(|degree| !(0.0..=2.0).contains(&degree)) {
        return Err(format!("[{section}] temperature must be between 0 and 2"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        let parsed = Manifest::parse(std::path::Path::new("kaizen.toml"), text);
        parsed.map(|_| String::new()).unwrap_or_else(|error| error.to_string())
    }

    #[test]
    fn what_cannot_be_asked_is_refused_with_a_remedy() {
        for (text, part) in [
            ("[teacher]\nengine = \"chat\"", "needs a model"),
            ("[student]\nengine = \"command\"", "has no program"),
            ("[judge]\nbase_url = \"ftp://x\"", "http://"),
            ("[judge]\nbase_url = \"https://me:secret@x\"", "no credentials"),
            ("[judge]\napi_key_env = \"sk-abc-def\"", "never the key"),
            ("[judge]\ntemperature = 3.0", "between 0 and 2"),
            ("[prices.m]\ninput = -1.0\noutput = 1.0", "amount in dollars"),
            ("[session]\nmax_cost_usd = -1.0", "max_cost_usd"),
            ("[network]\nattempts = 0", "between 1 and"),
            ("[student.tools.x]\nrun = []", "student.tools.x"),
        ] {
            let message = refusal(text);
            assert!(
                message.contains(part) && !message.contains("sk-abc") && !message.contains("me:secret"),
                "{text}: {message}"
            );
        }
        assert_eq!(refusal("[teacher]\nengine = \"chat\"\nmodel = \"m\""), "");
    }
}
