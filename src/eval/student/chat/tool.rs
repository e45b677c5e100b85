//! The chat student's tools: programs that read their arguments as JSON from standard input and print the result.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::manifest::StudentSection;
use crate::sys::consent::Approvals;
use crate::sys::process;
use crate::sys::process::{Program, ProgramFailure};

/// The maximum number of characters of a result that the model sees.
const LONGEST: usize = 20_000;

/// The programs behind the tools of a harness.
pub struct Toolbox {
    section: StudentSection,
    root: PathBuf,
    withheld: Vec<String>,
    approvals: Arc<Approvals>,
}

impl Toolbox {
    /// The programs from the manifest. They run in `root`, without the environment variables in `withheld`, and only
    /// with consent.
    pub fn new(section: StudentSection, root: PathBuf, withheld: Vec<String>, approvals: Arc<Approvals>) -> Self {
        Self {
            section,
            root,
            withheld,
            approvals,
        }
    }

    /// The JSON Schema of a tool's arguments; `None` if the tool has no program.
    pub(super) fn parameters(&self, name: &str) -> Option<Value> {
        let tool = self.section.tools.get(name)?;
        let any = || json!({"type": "object", "properties": {}});
        Some(tool.parameters.clone().unwrap_or_else(any))
    }

    /// Everything about the programs that can change an answer.
    pub(super) fn identity(&self) -> Value {
        let tool = |(name, tool): (&String, &crate::manifest::StudentTool)| {
            let program = process::identity(&tool.run, &self.root);
            let identity = json!({"program": program, "parameters": tool.parameters, "timeout": tool.timeout_seconds});
            (name.clone(), identity)
        };
        self.section.tools.iter().map(tool).collect::<Map<_, _>>().into()
    }

    /// Checks that the program behind a tool exists.
    pub(super) fn find(&self, name: &str) -> Result<(), String> {
        let program = self.section.tools.get(name).and_then(|tool| tool.run.first());
        program.map_or(Ok(()), |program| {
            let found = process::find(program, &self.root);
            found
                .map(drop)
                .map_err(|problem| format!("[student.tools.{name}]: {problem}"))
        })
    }

    /// Runs a tool, and returns the result or an error message for the model.
    ///
    /// # Errors
    /// The program cannot be started, which is an infrastructure failure.
    pub(super) fn call(&self, name: &str, arguments: &Map<String, Value>) -> Result<String, String> {
        let Some(tool) = self.section.tools.get(name) else {
            return Ok(error(&format!("Unknown tool: {name}")));
        };
        let consent = self.approvals.consent()?;
        let program = Program {
            consent: &consent,
            run: &tool.run,
            folder: &self.root,
            withheld: &self.withheld,
            variables: Vec::new(),
            timeout: Some(Duration::from_secs(tool.timeout_seconds)),
            bounds: None,
        };
        let question = Value::Object(arguments.clone()).to_string();
        match program.run(Some(question.as_bytes())) {
            Ok(ended) if ended.status.success() => Ok(shown(&String::from_utf8_lossy(&ended.stdout))),
            Ok(ended) => Ok(error(&shown(&format!("{}: {}", ended.status, ended.complaint())))),
            Err(problem @ ProgramFailure::NotStarted { .. }) => Err(format!("[student.tools.{name}]: {problem}")),
            Err(ProgramFailure::TimedOut { seconds, .. }) => Ok(error(&format!("{name} took longer than {seconds} s"))),
            Err(ProgramFailure::TooMuch { .. } | ProgramFailure::Exceeded { .. } | ProgramFailure::NotEnded { .. }) => {
                Ok(error(&format!("{name} printed more than can be read")))
            }
        }
    }
}

/// An error message for the model.
pub(super) fn error(problem: &str) -> String {
    json!({"error": problem}).to_string()
}

/// The trimmed text, cut off at [`LONGEST`] characters.
fn shown(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}\n[cut off after {LONGEST} characters]", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(run: &[&str], arguments: Value) -> Result<String, String> {
        let manifest = format!("[student.tools.t]\ntimeout_seconds = 1\nrun = {}", json!(run));
        let manifest = crate::manifest::Manifest::parse("kaizen.toml".as_ref(), &manifest).unwrap();
        let toolbox = Toolbox::new(manifest.student, "/".into(), Vec::new(), Approvals::of_a_test());
        toolbox.call("t", arguments.as_object().unwrap())
    }

    #[test]
    fn a_program_answers_or_its_error_is_told() {
        let sh = |script| ["sh", "-c", script];
        assert_eq!(told(&["cat"], json!({"a": "ä"})).unwrap(), r#"{"a":"ä"}"#);
        assert_eq!(
            told(&sh("echo; echo '  72F '"), json!({})).unwrap(),
            "72F",
            "no space around it"
        );
        let failed = told(&sh("echo no such city >&2; exit 2"), json!({})).unwrap();
        let failed: Value = serde_json::from_str(&failed).unwrap();
        assert!(failed["error"].as_str().unwrap().contains("no such city"), "{failed}");
        assert!(
            told(&sh("sleep 9"), json!({}))
                .unwrap()
                .contains("took longer than 1 s")
        );
        let long = told(&sh("head -c 30000 /dev/zero | tr '\\0' x"), json!({})).unwrap();
        assert!(long.starts_with("xxx") && long.ends_with("20000 characters]") && long.len() < 20_100);
    }

    #[test]
    fn a_program_that_is_not_there_is_not_the_models_fault() {
        assert!(
            told(&["/no/such"], json!({}))
                .unwrap_err()
                .contains("[student.tools.t]")
        );
    }
}
