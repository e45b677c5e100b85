//! Constraints: the parameters of a request that allow only answers of one form, and which of them a server enforces.

use serde_json::{Value, json};

use super::form::{AnswerForm, AnswerKind};
use crate::manifest::chat::Api;

/// One parameter of a request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RequestParameter {
    /// The name of the field.
    pub name: &'static str,
    /// Its value.
    pub value: Value,
}

/// A way to constrain answers, with a stricter one that shows whether the server enforces it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Constraint {
    /// Allows the answers of the form.
    pub parameter: RequestParameter,
    /// Allows only `only`.
    pub trial: RequestParameter,
    /// An answer that the student does not give unless it is forced to.
    pub only: String,
}

impl Constraint {
    /// The constraints that servers of this format may support. `unlikely` says whether the student gives a label only if
    /// it is forced to.
    pub(super) fn of(form: &AnswerForm, api: Api, unlikely: impl Fn(&str) -> bool) -> Vec<Self> {
        match &form.kind {
            AnswerKind::Label(labels) => match labels.iter().find(|label| unlikely(label)) {
                Some(only) => label_forms(api, form.exact)
                    .iter()
                    .map(|render| Self {
                        parameter: render(labels),
                        trial: render(std::slice::from_ref(only)),
                        only: only.clone(),
                    })
                    .collect(),
                None => Vec::new(),
            },
            AnswerKind::Object(schema) => {
                let only = json!({"probe": "probe"});
                let probe = json!({
                    "type": "object", "properties": {"probe": {"type": "string", "enum": ["probe"]}},
                    "required": ["probe"], "additionalProperties": false
                });
                vec![Self {
                    parameter: object(api, schema),
                    trial: object(api, &probe),
                    only: only.to_string(),
                }]
            }
            AnswerKind::Number | AnswerKind::Text => Vec::new(),
        }
    }

    /// Whether an answer to the trial shows that the server enforces it.
    pub(super) fn is_enforced(&self, answer: &str) -> bool {
        let json = |text: &str| serde_json::from_str::<Value>(text).ok();
        match json(answer) {
            Some(Value::String(text)) => text == self.only,
            Some(found @ Value::Object(_)) => json(&self.only) == Some(found),
            _ => answer.trim() == self.only,
        }
    }
}

type Render = fn(&[String]) -> RequestParameter;

/// The forms in which a server may take a list of labels. Ollama returns a label in quotes, which an exact scorer does not
/// accept; the other formats have no list of labels.
fn label_forms(api: Api, exact: bool) -> &'static [Render] {
    match api {
        Api::Openai => &[grammar, structured_outputs, guided_choice],
        Api::Ollama if !exact => &[quoted_choice],
        Api::Ollama | Api::Anthropic => &[],
    }
}

/// llama.cpp
fn grammar(labels: &[String]) -> RequestParameter {
    let literal = |label: &String| format!("\"{}\"", label.replace('\\', "\\\\").replace('"', "\\\""));
    let literals: Vec<String> = labels.iter().map(literal).collect();
    RequestParameter {
        name: "grammar",
        value: format!("root ::= {}", literals.join(" | ")).into(),
    }
}

/// vLLM since 0.12
fn structured_outputs(labels: &[String]) -> RequestParameter {
    RequestParameter {
        name: "structured_outputs",
        value: json!({"choice": labels}),
    }
}

/// vLLM before 0.12
fn guided_choice(labels: &[String]) -> RequestParameter {
    RequestParameter {
        name: "guided_choice",
        value: json!(labels),
    }
}

fn quoted_choice(labels: &[String]) -> RequestParameter {
    RequestParameter {
        name: "format",
        value: json!({"type": "string", "enum": labels}),
    }
}

fn object(api: Api, schema: &Value) -> RequestParameter {
    match api {
        Api::Openai => RequestParameter {
            name: "response_format",
            value: json!({"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}),
        },
        Api::Ollama => RequestParameter {
            name: "format",
            value: schema.clone(),
        },
        Api::Anthropic => RequestParameter {
            name: "output_config",
            value: json!({"format": {"type": "json_schema", "schema": schema}}),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(kind: AnswerKind, exact: bool) -> AnswerForm {
        AnswerForm {
            kind,
            one_line: true,
            longest: 9,
            exact,
        }
    }

    fn names(form: &AnswerForm, api: Api) -> Vec<&'static str> {
        let found = Constraint::of(form, api, |label| label != "a \"x\\");
        found.iter().map(|one| one.parameter.name).collect()
    }

    #[test]
    fn each_format_has_its_own_constraints() {
        let labels = AnswerKind::Label(vec!["a \"x\\".to_owned(), "b".to_owned()]);
        let (exact, loose) = (form(labels.clone(), true), form(labels, false));
        assert_eq!(
            names(&exact, Api::Openai),
            ["grammar", "structured_outputs", "guided_choice"]
        );
        assert_eq!(names(&exact, Api::Ollama), [""; 0]);
        assert_eq!(names(&loose, Api::Ollama), ["format"]);
        assert_eq!(names(&exact, Api::Anthropic), [""; 0]);
        let object = form(AnswerKind::Object(json!({"type": "object"})), false);
        assert_eq!(names(&object, Api::Openai), ["response_format"]);
        assert_eq!(names(&object, Api::Ollama), ["format"]);
        assert_eq!(names(&object, Api::Anthropic), ["output_config"]);
        assert_eq!(names(&form(AnswerKind::Text, true), Api::Openai), [""; 0]);
        let found = &Constraint::of(&exact, Api::Openai, |label| label == "b")[0];
        assert_eq!(found.parameter.value, json!(r#"root ::= "a \"x\\" | "b""#));
        assert_eq!(found.trial.value, json!(r#"root ::= "b""#));
        assert!(found.is_enforced(" b\n") && found.is_enforced("\"b\"") && !found.is_enforced("b it is"));
        let found = &Constraint::of(&object, Api::Openai, |_| true)[0];
        assert!(found.is_enforced("{\n\"probe\": \"probe\"}") && !found.is_enforced("{}"));
    }
}
