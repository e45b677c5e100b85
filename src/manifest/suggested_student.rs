//! Suggests a `[student]` section for an agent's home whose manifest names no student.

use super::chat::Api;

/// A model server on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LocalServer {
    /// Its port on 127.0.0.1.
    pub port: u16,
    /// The models that it offers, in its order.
    pub models: Vec<String>,
}

/// What is known about the student of a home.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StudentClues {
    /// The model that `config.toml` names.
    pub model: Option<String>,
    /// The model servers on this machine.
    pub servers: Vec<LocalServer>,
    /// The variables of providers' keys that are set.
    pub key_variables: Vec<&'static str>,
}

/// A `[student]` section, and how sure it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SuggestedStudent {
    /// The keys of `[student]` with their values in TOML.
    pub settings: Vec<(&'static str, String)>,
    /// Why it is suggested: one sentence.
    pub reason: String,
    /// Whether the model and its server or provider are known, so that the section works as it is.
    pub is_certain: bool,
    /// Whether the student's calls cost money.
    pub is_paid: bool,
}

/// The largest cost of a session, in dollars, for a paid student that `kaizen init` finds.
pub(crate) const COST_LIMIT: f64 = 5.0;

/// The port of Ollama.
const OLLAMA: u16 = 11434;

/// A provider on the internet.
struct Provider {
    name: &'static str,
    /// Beginnings of its models' names.
    models: &'static [&'static str],
    key_variable: &'static str,
    api: Api,
    /// The base URL, unless it is the default of the API.
    base_url: Option<&'static str>,
}

/// Base URLs and variables are those of the providers' documentation.
const PROVIDERS: [Provider; 6] = [
    Provider {
        name: "Anthropic",
        models: &["claude"],
        key_variable: "ANTHROPIC_API_KEY",
        api: Api::Anthropic,
        base_url: None,
    },
    Provider {
        name: "OpenAI",
        models: &["gpt-", "chatgpt-", "o1", "o3", "o4"],
        key_variable: "OPENAI_API_KEY",
        api: Api::Openai,
        base_url: None,
    },
    Provider {
        name: "DeepSeek",
        models: &["deepseek-chat", "deepseek-reasoner"],
        key_variable: "DEEPSEEK_API_KEY",
        api: Api::Openai,
        base_url: Some("https://api.deepseek.com/v1"),
    },
    Provider {
        name: "Mistral",
        models: &["mistral-", "ministral-", "codestral-", "magistral-"],
        key_variable: "MISTRAL_API_KEY",
        api: Api::Openai,
        base_url: Some("https://api.mistral.ai/v1"),
    },
    Provider {
        name: "Gemini",
        models: &["gemini-"],
        key_variable: "GEMINI_API_KEY",
        api: Api::Openai,
        base_url: Some("https://generativelanguage.googleapis.com/v1beta/openai"),
    },
    Provider {
        name: "OpenRouter",
        models: &[],
        key_variable: "OPENROUTER_API_KEY",
        api: Api::Openai,
        base_url: Some("https://openrouter.ai/api/v1"),
    },
];

/// The variables that hold providers' keys.
pub(crate) fn key_variables() -> impl Iterator<Item = &'static str> {
    PROVIDERS.iter().map(|provider| provider.key_variable)
}

impl SuggestedStudent {
    /// The section as it is written in `kaizen.toml`.
    pub(crate) fn lines(&self) -> String {
        let lines = self.settings.iter().map(|(key, value)| format!("\n{key} = {value}"));
        format!("[student]{}", lines.collect::<String>())
    }
}

/// The student to suggest; `None` if nothing points to a language model.
///
/// A server on this machine that offers the model comes first, then the provider that the model's name belongs to.
pub(crate) fn suggest(clues: &StudentClues) -> Option<SuggestedStudent> {
    let Some(model) = &clues.model else {
        return without_model(clues);
    };
    if let Some(server) = clues.servers.iter().find(|server| server.offers(model)) {
        let reason = format!("config.toml names the model {model}, which {} offers", server.words());
        return Some(at_server(server.port, model, reason, true));
    }
    let by_name = PROVIDERS.iter().find(|provider| provider.owns(model));
    let slashed = || {
        PROVIDERS
            .iter()
            .find(|provider| provider.models.is_empty() && model.contains('/'))
    };
    if let Some(provider) = by_name.or_else(slashed) {
        let has_key = clues.key_variables.contains(&provider.key_variable);
        let reason = format!("config.toml names the model {model} of {}", provider.name);
        return Some(provider.student(model, reason, has_key));
    }
    let port = clues.servers.first().map_or(OLLAMA, |server| server.port);
    let reason = match clues.servers.first() {
        Some(server) => format!(
            "config.toml names the model {model}, which {} does not list",
            server.words()
        ),
        None => format!("config.toml names the model {model}, but no model server answered on this machine"),
    };
    Some(at_server(port, model, reason, false))
}

/// The student if `config.toml` names no model.
fn without_model(clues: &StudentClues) -> Option<SuggestedStudent> {
    if let Some(server) = clues.servers.first() {
        let model = server.models.first()?;
        let is_only = server.models.len() == 1 && clues.servers.len() == 1;
        let reason = match is_only {
            true => format!("{} offers the model {model}", server.words()),
            false => format!(
                "{} offers {} models, among them {model}",
                server.words(),
                server.models.len()
            ),
        };
        return Some(at_server(server.port, model, reason, is_only));
    }
    let set = |provider: &&Provider| clues.key_variables.contains(&provider.key_variable);
    let provider = PROVIDERS.iter().find(set)?;
    let reason = format!("{} is set, the key of {}", provider.key_variable, provider.name);
    Some(provider.student("name", reason, false))
}

/// A student behind a server on this machine.
fn at_server(port: u16, model: &str, reason: String, is_certain: bool) -> SuggestedStudent {
    let mut settings = vec![("engine", quoted("chat"))];
    settings.push(match port {
        OLLAMA => ("api", quoted("ollama")),
        _ => ("base_url", quoted(&format!("http://127.0.0.1:{port}/v1"))),
    });
    settings.push(("model", quoted(model)));
    SuggestedStudent {
        settings,
        reason,
        is_certain,
        is_paid: false,
    }
}

impl LocalServer {
    /// Whether it offers the model; Ollama adds `:latest` to names without a tag.
    fn offers(&self, model: &str) -> bool {
        let is_it = |offered: &String| offered == model || offered.strip_suffix(":latest") == Some(model);
        self.models.iter().any(is_it)
    }

    fn words(&self) -> String {
        match self.port {
            OLLAMA => format!("Ollama on 127.0.0.1:{OLLAMA}"),
            port => format!("the server on 127.0.0.1:{port}"),
        }
    }
}

impl Provider {
    fn owns(&self, model: &str) -> bool {
        self.models.iter().any(|prefix| model.starts_with(prefix))
    }

    /// A student of this provider.
    fn student(&self, model: &str, reason: String, is_certain: bool) -> SuggestedStudent {
        let mut settings = vec![("engine", quoted("chat"))];
        if self.api == Api::Anthropic {
            settings.push(("api", quoted("anthropic")));
        }
        if let Some(url) = self.base_url {
            settings.push(("base_url", quoted(url)));
            settings.push(("api_key_env", quoted(self.key_variable)));
        }
        settings.push(("model", quoted(model)));
        let reason = match is_certain || reason.starts_with(self.key_variable) {
            true => reason,
            false => format!("{reason}; the variable {} is not set", self.key_variable),
        };
        SuggestedStudent {
            settings,
            reason,
            is_certain,
            is_paid: true,
        }
    }
}

/// A string in TOML.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clues(model: Option<&str>, servers: &[(u16, &[&str])], keys: &[&'static str]) -> StudentClues {
        let server = |(port, models): &(u16, &[&str])| LocalServer {
            port: *port,
            models: models.iter().map(|model| (*model).to_owned()).collect(),
        };
        StudentClues {
            model: model.map(str::to_owned),
            servers: servers.iter().map(server).collect(),
            key_variables: keys.to_vec(),
        }
    }

    #[test]
    fn a_student_is_suggested_from_what_is_known() {
        let table = [
            (
                clues(Some("qwen3"), &[(8080, &["other"]), (11434, &["qwen3:latest"])], &[]),
                "[student]\nengine = \"chat\"\napi = \"ollama\"\nmodel = \"qwen3\"",
                "Ollama on 127.0.0.1:11434 offers",
                (true, false),
            ),
            (
                clues(None, &[(8080, &["smollm2"])], &["OPENAI_API_KEY"]),
                "[student]\nengine = \"chat\"\nbase_url = \"http://127.0.0.1:8080/v1\"\nmodel = \"smollm2\"",
                "offers the model smollm2",
                (true, false),
            ),
            (
                clues(None, &[(11434, &["a", "b"])], &[]),
                "[student]\nengine = \"chat\"\napi = \"ollama\"\nmodel = \"a\"",
                "2 models",
                (false, false),
            ),
            (
                clues(Some("claude-sonnet-4-5"), &[(8080, &["x"])], &["ANTHROPIC_API_KEY"]),
                "[student]\nengine = \"chat\"\napi = \"anthropic\"\nmodel = \"claude-sonnet-4-5\"",
                "Anthropic",
                (true, true),
            ),
            (
                clues(Some("gpt-4o"), &[], &[]),
                "[student]\nengine = \"chat\"\nmodel = \"gpt-4o\"",
                "OPENAI_API_KEY is not set",
                (false, true),
            ),
            (
                clues(Some("meta/llama-4"), &[], &["OPENROUTER_API_KEY"]),
                "[student]\nengine = \"chat\"\nbase_url = \"https://openrouter.ai/api/v1\"\napi_key_env = \"OPENROUTER_API_KEY\"\nmodel = \"meta/llama-4\"",
                "OpenRouter",
                (true, true),
            ),
            (
                clues(Some("qwen3"), &[], &[]),
                "[student]\nengine = \"chat\"\napi = \"ollama\"\nmodel = \"qwen3\"",
                "no model server answered",
                (false, false),
            ),
            (
                clues(None, &[], &["MISTRAL_API_KEY"]),
                "[student]\nengine = \"chat\"\nbase_url = \"https://api.mistral.ai/v1\"\napi_key_env = \"MISTRAL_API_KEY\"\nmodel = \"name\"",
                "MISTRAL_API_KEY is set",
                (false, true),
            ),
        ];
        for (clues, lines, reason, (is_certain, is_paid)) in table {
            let found = suggest(&clues).unwrap();
            assert_eq!(found.lines(), lines);
            assert!(found.reason.contains(reason), "{}", found.reason);
            assert_eq!((found.is_certain, found.is_paid), (is_certain, is_paid), "{clues:?}");
        }
        assert_eq!(suggest(&clues(None, &[], &[])), None);
        assert_eq!(suggest(&clues(None, &[(8080, &[])], &[])), None);
    }

    #[test]
    fn a_hostile_name_stays_a_string() {
        let name = "m\" # [privacy] redact_student = true";
        let found = suggest(&clues(None, &[(8080, &[name])], &[])).unwrap();
        let read: toml::Table = found.lines().parse().unwrap();
        assert_eq!(read["student"]["model"].as_str(), Some(name));
        assert_eq!(read.len(), 1);
    }
}
