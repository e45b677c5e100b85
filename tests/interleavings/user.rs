//! The user: a person who edits, decides, commits, switches branches, drops triggers, and remembers what was saved.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::edits::{bold, edit, hostile, refuse_below, shots, shy, sums};
use crate::random::Random;
use crate::space::{KAIZEN, Space, names};

/// The file that only the user writes.
pub const PROMPT: &str = "agents/assistant/system_prompt.md";
/// A file that was not written to for so long counts as whole; a little less than the manifest says.
const QUIET: Duration = Duration::from_millis(45);
/// git, at the same time as somebody else's git.
const BUSY: [&str; 3] = ["index.lock", "cannot lock ref", "unable to lock"];

/// What a user did and knows.
pub struct User {
    pub space: Space,
    pub random: Random,
    /// The session that was there from the start.
    pub first: String,
    /// What was done, for the report.
    pub log: Vec<String>,
    /// The text last saved in each file of a session.
    saved: BTreeMap<String, String>,
    /// The last sound plan that was seen of each session.
    sound: BTreeMap<String, Value>,
    /// What stands in the metadata of each dropped trigger.
    pub notes: Vec<String>,
    /// The same, of those that were written so slowly that they may count as empty.
    pub slow: Vec<String>,
    /// Dropped triggers that say nothing, and sessions begun by `kaizen run`.
    pub plain: usize,
    /// Subjects of the user's commits.
    pub commits: Vec<String>,
    /// Lines of the prompt that were committed on `main`.
    pub lines: Vec<String>,
    /// A line that is not committed yet.
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

    /// Sessions with a plan, as far as they are there now.
    pub fn sessions(&self) -> Vec<String> {
        let folder = self.space.root.join("sessions");
        let planned = |id: &String| folder.join(id).join("plan.json").is_file();
        names(&folder).into_iter().filter(planned).collect()
    }

    /// The text of a file that may vanish at any moment.
    pub fn look(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.space.root.join(name)).ok()
    }

    /// Saves a file of a session as one of three kinds of editor does.
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

    /// What was saved is there, or in the attic, or in git.
    fn nothing_lost(&self, name: &str) {
        let Some(text) = self.saved.get(name) else { return };
        if self.look(name).as_ref() == Some(text) {
            return;
        }
        let session = name.split('/').nth(1).unwrap();
        let attic = format!(
            "sessions/{session}/attic/{}",
            kaizen::digest::Digest::of_bytes(text.as_bytes())
        );
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

    /// The same of every file.
    pub fn nothing_lost_at_all(&self) {
        for name in self.saved.keys() {
            self.nothing_lost(name);
        }
    }

    /// One of the sessions, more often than not the first.
    fn session(&mut self) -> Option<String> {
        let all = self.sessions();
        match all.contains(&self.first) && !self.random.once_in(3) {
            true => Some(self.first.clone()),
            false => self.random.one(&all),
        }
    }

    /// The plan as it is, or as it was last when it is garbage.
    fn plan(&mut self, id: &str) -> Option<Value> {
        let text = self.look(&format!("sessions/{id}/plan.json"))?;
        if kaizen::plan_check::problems(&text).is_empty() {
            self.sound.insert(id.to_owned(), serde_json::from_str(&text).unwrap());
        }
        self.sound.get(id).cloned()
    }

    fn save_plan(&mut self, id: &str, plan: &Value) {
        let text = serde_json::to_string_pretty(plan).unwrap();
        self.save(&format!("sessions/{id}/plan.json"), &text);
    }

    /// Edits that never meet those of another session in the same line.
    fn pool(&self, id: &str) -> Vec<Value> {
        let turns = json!({"agent": "assistant", "param": "max_turns", "value": 5});
        let turns = edit("turns", "set_agent_param", "agents.assistant.max_turns", turns);
        match id == self.first {
            true => vec![bold(), refuse_below("mild", 0.1), shy(), shots(), hostile(), turns],
            false => vec![sums(), hostile(), turns],
        }
    }

    pub fn edit_plan(&mut self) {
        let Some(id) = self.session() else { return };
        let Some(mut plan) = self.plan(&id) else { return };
        let (pool, edits) = (self.pool(&id), plan["edits"].as_array_mut().unwrap());
        let kind = self.random.below(4);
        match kind {
            0 if !edits.is_empty() => {
                edits.remove(self.random.below(edits.len()));
            }
            1 if !edits.is_empty() => edits.rotate_left(1),
            2 if !edits.is_empty() => {
                let at = self.random.below(edits.len());
                edits[at]["rationale"] = json!(format!("said anew {}", self.random.below(1000)));
            }
            _ => {
                let new = self.random.one(&pool).unwrap();
                let at = self.random.below(edits.len() + 1);
                edits.insert(at, new);
            }
        }
        let labels: Vec<String> = edits.iter().map(|edit| edit["id"].to_string()).collect();
        self.note(format!("edit plan of {id}: {}", labels.join(" ")));
        self.save_plan(&id, &plan);
    }

    pub fn spoil_plan(&mut self) {
        let Some(id) = self.session() else { return };
        let Some(plan) = self.plan(&id) else { return };
        let whole = serde_json::to_string_pretty(&plan).unwrap();
        let text = match self.random.below(4) {
            0 => "garbage".to_owned(),
            1 => whole[..self.random.below(whole.len())].to_owned(),
            2 => whole.replace("\"op\"", "\"opp\""),
            _ => String::new(),
        };
        self.note(format!("spoil plan of {id}: {} bytes", text.len()));
        self.save(&format!("sessions/{id}/plan.json"), &text);
    }

    /// Puts the last sound plan wherever there is none.
    pub fn mend_plans(&mut self) {
        for id in self.sessions() {
            let name = format!("sessions/{id}/plan.json");
            let text = self.look(&name).unwrap_or_default();
            if kaizen::plan_check::problems(&text).is_empty() {
                continue;
            }
            if let Some(plan) = self.sound.get(&id).cloned() {
                self.note(format!("mend plan of {id}"));
                self.save_plan(&id, &plan);
            }
        }
    }

    pub fn decide(&mut self) {
        let Some(id) = self.session() else { return };
        let folder = format!("sessions/{id}/pending_review");
        let Some(file) = self.random.one(&names(&self.space.root.join(&folder))) else {
            return;
        };
        let name = format!("{folder}/{file}");
        let Some(Ok(mut question)) = self.look(&name).map(|text| serde_json::from_str::<Value>(&text)) else {
            return;
        };
        let answer = [json!("accept"), json!("reject"), Value::Null][self.random.below(3)].clone();
        self.note(format!("decide {answer} in {name}"));
        question["decision"] = answer;
        self.save(&name, &serde_json::to_string_pretty(&question).unwrap());
    }

    /// Adds a line to the prompt; commits it, or leaves it open.
    pub fn edit_prompt(&mut self) {
        if self.open.is_some() {
            return self.close_prompt();
        }
        let line = format!("mine {}.", self.number());
        self.note(format!("add {line:?} to the prompt"));
        let text = self.space.read(PROMPT);
        self.space.write(PROMPT, &format!("{text}{line}\n"));
        self.open = Some(line);
        if self.random.once_in(2) {
            self.commit_prompt();
        }
    }

    /// Commits what is open, or discards it.
    pub fn close_prompt(&mut self) {
        if self.open.is_some() && self.random.once_in(2) {
            self.note("discard the line");
            assert!(
                self.space.read(PROMPT).contains(&self.open.take().unwrap()),
                "the open line is gone"
            );
            self.git(&["checkout", "-q", "--", PROMPT]).unwrap();
        } else {
            self.commit_prompt();
        }
    }

    fn commit_prompt(&mut self) {
        let Some(line) = self.open.take() else { return };
        self.note("commit the line");
        assert!(self.space.read(PROMPT).contains(&line), "the open line is gone");
        let branch = self.branch();
        self.git(&["commit", "-q", "-m", &line, "--", PROMPT]).unwrap();
        self.commits.push(line.clone());
        if branch == "main" {
            self.lines.push(line);
        }
    }

    /// git, again and again as long as another git is at work.
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

    pub fn switch(&mut self) {
        let arguments = match (self.branch() == "main", self.random.below(2)) {
            (false, _) => vec!["main".to_owned()],
            (true, 0) => vec!["start".to_owned()],
            (true, _) => vec!["-c".to_owned(), format!("side-{}", self.number())],
        };
        let words: Vec<&str> = ["switch", "-q"]
            .into_iter()
            .chain(arguments.iter().map(String::as_str))
            .collect();
        // git refuses when a file that differs is not committed yet: then the user stays.
        let refused = self.git(&words).is_err();
        self.note(format!(
            "git {}{}",
            words.join(" "),
            if refused { ": refused" } else { "" }
        ));
    }

    pub fn drop_trigger(&mut self) {
        let folder = self.space.root.join("triggers");
        fs::create_dir_all(&folder).unwrap();
        let number = self.number();
        let note = format!("note {number}");
        let text = json!({"trigger": "on_demand", "metadata": {"note": note}}).to_string();
        let path = folder.join(format!("t{number}.json"));
        let kind = self.random.below(4);
        self.note(format!("drop trigger {number} in way {kind}"));
        let start = Instant::now();
        match kind {
            0 => {
                fs::write(folder.join(format!("go{number}")), "").unwrap();
                self.plain += 1;
                return;
            }
            1 => fs::write(&path, &text).unwrap(),
            // Whoever writes slowly writes into one file, which may be empty for a moment.
            2 => self.drop_slowly(&path, &["", &text]),
            _ => self.drop_slowly(&path, &[&text[..text.len() / 2], &text[text.len() / 2..]]),
        }
        match start.elapsed() < QUIET {
            true => self.notes.push(note),
            false => self.slow.push(note),
        }
    }

    fn drop_slowly(&mut self, path: &std::path::Path, pieces: &[&str]) {
        use std::io::Write;
        let mut file = fs::File::create(path).unwrap();
        for piece in pieces {
            file.write_all(piece.as_bytes()).unwrap();
            // Less than the watcher wants a file to be quiet.
            std::thread::sleep(Duration::from_millis(self.random.below(12) as u64));
        }
    }

    pub fn drop_checkpoint(&mut self) {
        let Some(id) = self.session() else { return };
        let folder = self.space.root.join(format!("sessions/{id}/checkpoints"));
        if let Some(name) = self.random.one(&names(&folder)) {
            self.note(format!("remove checkpoint {name} of {id}"));
            let _ = fs::remove_file(folder.join(name));
        }
    }

    pub fn run_beside(&mut self) {
        let mut command = self.space.command(KAIZEN, &["run", "--format", "json"]);
        let output = command.env_remove("KAIZEN_NOW").output().unwrap();
        let out = String::from_utf8_lossy(&output.stdout);
        self.plain += out.matches("\"event\":\"session_started\"").count();
        self.note(format!("kaizen run: {:?}", output.status.code()));
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1 | 3 | 4)), "{err}");
    }
}
