//! The user: a person who edits, decides, commits, switches branches, drops triggers, and remembers what was saved.

mod acts;

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use kaizen::artifact::{Artifact, Plan};
use serde_json::Value;

use crate::interleavings::random::Random;
use crate::space::{Space, names};

/// The file that only the user writes.
pub const PROMPT: &str = "agents/assistant/system_prompt.md";
/// A trigger that was written within this time is certain to be read whole; a little less than `quiet_ms`.
const QUIET: Duration = Duration::from_millis(45);
/// Errors of git while another git process is at work.
const BUSY: [&str; 3] = ["index.lock", "cannot lock ref", "unable to lock"];

/// A user, with the history of their acts.
pub struct User {
    pub space: Space,
    pub random: Random,
    /// The session that existed from the start.
    pub first: String,
    /// The acts, for the report.
    pub log: Vec<String>,
    /// The text last saved in each file of a session.
    saved: BTreeMap<String, String>,
    /// The last valid plan that was seen of each session.
    sound: BTreeMap<String, Value>,
    /// The note in the metadata of each dropped trigger.
    pub notes: Vec<String>,
    /// The same for triggers that were written so slowly that they may have been read as empty.
    pub slow: Vec<String>,
    /// Number of empty triggers and of sessions that `kaizen run` began.
    pub plain: usize,
    /// Subjects of the user's commits.
    pub commits: Vec<String>,
    /// Lines of the prompt that were committed on `main`.
    pub lines: Vec<String>,
    /// A line of the prompt that is not committed yet.
    pub open: Option<String>,
    counter: usize,
}

impl User {
    pub fn new(space: Space, seed: u64) -> Self {
        let first = names(&space.root.join("sessions")).remove(0);
        Self {
            space,
            random: Random::new(seed),
            first,
            log: Vec::new(),
            saved: BTreeMap::new(),
            sound: BTreeMap::new(),
            notes: Vec::new(),
            slow: Vec::new(),
            plain: 0,
            commits: Vec::new(),
            lines: Vec::new(),
            open: None,
            counter: 0,
        }
    }

    pub fn note(&mut self, what: impl Into<String>) {
        self.log.push(what.into());
    }

    fn number(&mut self) -> usize {
        self.counter += 1;
        self.counter
    }

    /// The sessions that exist now and have a plan.
    pub fn sessions(&self) -> Vec<String> {
        let folder = self.space.root.join("sessions");
        // A folder without a trigger is not a session: git may remove a session at any moment, file by file.
        let has = |id: &String, name: &str| folder.join(id).join(name).is_file();
        let planned = |id: &String| has(id, "plan.json") && has(id, "trigger.json");
        names(&folder).into_iter().filter(planned).collect()
    }

    /// The text of a file that may vanish at any moment.
    pub fn look(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.space.root.join(name)).ok()
    }

    /// Saves a file of a session in one of three ways that editors use.
    fn save(&mut self, name: &str, text: &str) {
        self.nothing_lost(name);
        let path = self.space.root.join(name);
        if !path.parent().is_some_and(std::path::Path::is_dir) {
            return;
        }
        match self.random.below(3) {
            0 => fs::write(&path, text).unwrap(),
            1 => {
                let new = path.with_extension("json~");
                fs::write(&new, text).and_then(|()| fs::rename(&new, &path)).unwrap();
            }
            _ => {
                fs::write(&path, &text[..text.len() / 2]).unwrap();
                std::thread::sleep(Duration::from_millis(self.random.below(40) as u64));
                fs::write(&path, text).unwrap();
            }
        }
        self.saved.insert(name.to_owned(), text.to_owned());
    }

    /// Asserts that the text last saved in a file is still there, or in the attic, or in git.
    fn nothing_lost(&self, name: &str) {
        let Some(text) = self.saved.get(name) else { return };
        // An empty file has nothing to lose.
        if text.is_empty() || self.look(name).as_ref() == Some(text) {
            return;
        }
        let session = name.split('/').nth(1).unwrap();
        let attic = format!("sessions/{session}/attic/{}", kaizen::Digest::of_bytes(text.as_bytes()));
        let in_git = || {
            let paper = self.space.root.parent().unwrap().join("paper");
            fs::write(&paper, text).unwrap();
            let blob = self
                .space
                .git(&["hash-object", "--no-filters", paper.to_str().unwrap()]);
            let found = format!("--find-object={}", blob.trim());
            !self
                .space
                .git(&["log", "--all", "--format=%H", "-1", &found])
                .is_empty()
        };
        assert!(self.look(&attic).is_some() || in_git(), "{name} is lost: {text}");
    }

    /// The same for every file.
    pub fn nothing_lost_at_all(&self) {
        for name in self.saved.keys() {
            self.nothing_lost(name);
        }
    }

    /// One of the sessions, usually the first.
    fn session(&mut self) -> Option<String> {
        let all = self.sessions();
        match all.contains(&self.first) && !self.random.once_in(3) {
            true => Some(self.first.clone()),
            false => self.random.one(&all),
        }
    }

    /// The present plan, or the last valid one if the present one is invalid.
    fn plan(&mut self, id: &str) -> Option<Value> {
        let text = self.look(&format!("sessions/{id}/plan.json"))?;
        if is_readable(&text) {
            self.sound.insert(id.to_owned(), serde_json::from_str(&text).unwrap());
        }
        self.sound.get(id).cloned()
    }

    fn save_plan(&mut self, id: &str, plan: &Value) {
        let text = serde_json::to_string_pretty(plan).unwrap();
        self.save(&format!("sessions/{id}/plan.json"), &text);
    }

    /// Runs git, repeatedly while another git process is at work.
    pub fn git(&self, arguments: &[&str]) -> Result<String, String> {
        loop {
            let output = self.space.command("git", arguments).output().unwrap();
            let error = String::from_utf8_lossy(&output.stderr).into_owned();
            if output.status.success() {
                return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
            }
            if !BUSY.iter().any(|words| error.contains(words)) {
                return Err(format!("git {arguments:?}: {error}"));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    pub fn branch(&self) -> String {
        self.space.git(&["branch", "--show-current"]).trim().to_owned()
    }
}

/// Whether a plan can be read.
fn is_readable(text: &str) -> bool {
    Plan::from_text("plan.json".as_ref(), text).is_ok()
}
