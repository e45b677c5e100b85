//! The folder in which an agent works at a task, and the program that judges what it leaves there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a task brings besides its question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskWorld {
    /// A folder of the workspace whose files the agent finds in its sandbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixture: Option<String>,
    /// Programs that prepare the fixture, before the agent's files are added.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub setup: Vec<Vec<String>>,
    /// A folder of the workspace with tests. Its files are copied into the sandbox after the agent has ended; no sandbox
    /// contains them before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tests: Option<String>,
    /// For scorer `run`: the program that judges the sandbox. It may write a score from 0 to 1 to `reward.txt`, or
    /// `{"reward": x}` to `reward.json`, or the result of each test to `junit.xml`; otherwise exit code 0 is 1, others 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test: Vec<String>,
    /// Timeout of the agent's program, and of `test`, in seconds; absent: that of the student.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u64>,
}

impl TaskWorld {
    /// Whether the task brings nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// The folders that it names, which only its own sandbox contains.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &String> {
        self.fixture.iter().chain(&self.tests)
    }

    /// The programs that it starts.
    pub(crate) fn programs(&self) -> impl Iterator<Item = &Vec<String>> {
        self.setup
            .iter()
            .chain(std::iter::once(&self.test))
            .filter(|run| !run.is_empty())
    }
}
