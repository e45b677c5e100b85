//! Tools: programs that get the arguments as JSON on standard input; what they print is the result.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::manifest::StudentSection;
use crate::sys::consent::Approvals;
use crate::sys::process;
use crate::sys::process::{Program, Unended};

/// Characters of a result that the model is shown, at most.
const LONGEST: usize = 20_000;

/// The programs behind the tools of a harness.
pub struct Toolbox {
    section: StudentSection,
    root: PathBuf,
    withheld: Vec<String>,
    approvals: Arc<Approvals>,
}

impl Toolbox {
    /// The programs that the manifest names; they work in `root`, without the environment variables that are withheld.
    /// Nothing is started without consent.
    pub fn new(section: StudentSection, root: PathBuf, withheld: Vec<String>, approvals: Arc<Approvals>) -> Self {
        Self {
            section,
            root,
            withheld,
            approvals,
        }
    }

    /// JSON Schema of a tool's arguments; `None` when there is no program behind it.
    pub(super) fn parameters(&self, name: &str) -> Option<Value> {
        let tool = self.section.tools.get(name)?;
        let any = || json!({"type": "object", "properties": {}});
        Some(tool.parameters.clone().unwrap_or_else(any))
    }

    /// What the programs are.
    pub(super) fn identity(&self) -> Value {
        let tool = |(name, tool): (&String, &crate::manifest::StudentTool)| {
            let program = process::identity(&tool.run, &self.root);
            let identity = json!({"program": program, "parameters": tool.parameters, "timeout": tool.timeout_seconds});
            (name.clone(), identity)
        };
        self.section.tools.iter().map(tool).collect::<Map<_, _>>().into()
    }

    /// Looks the program behind a tool up.
    pub(super) fn find(&self, name: &str) -> Result<(), String> {
        let program = self.section.tools.get(name).and_then(|tool| tool.run.first());
        program.map_or(Ok(()), |program| {
            let found = process::find(program, &self.root);
            found
                .map(drop)
                .map_err(|problem| format!("[student.tools.{name}]: {problem}"))
        })
    }

    /// What the model is told of a call: the result, or an error that it can read.
    ///
    /// # Errors
    /// The program cannot be started: the world failed, and not the model.
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
        };
        let question = Value::Object(arguments.clone()).to_string();
        match program.run(Some(question.as_bytes())) {
            Ok(ended) if ended.status.success() => Ok(shown(&String::from_utf8_lossy(&ended.stdout))),
            Ok(ended) => Ok(error(&shown(&format!("{}: {}", ended.status, ended.complaint())))),
            Err(problem @ Unended::NotStarted { .. }) => Err(format!("[student.tools.{name}]: {problem}")),
            Err(Unended::TimedOut { seconds, .. }) => Ok(error(&format!("{name} took longer than {seconds} s"))),
            Err(Unended::TooMuch { .. }) => Ok(error(&format!("{name} gave more than can be read"))),
        }
    }
}

/// An error as the model reads it.
pub(super) fn error(problem: &str) -> String {
    json!({"error": problem}).to_string()
}

/// The text without space around it, and cut off where it is too long.
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
