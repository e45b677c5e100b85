//! The acts of a user.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{PROMPT, QUIET, User, is_readable};
use crate::edits::{bold, edit, hostile, refuse_below, shots, shy, sums};
use crate::space::{KAIZEN, names};

impl User {
    /// Edits that never change the same line as those of another session.
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

    /// Restores the last valid plan in every session whose plan is not valid.
    pub fn mend_plans(&mut self) {
        for id in self.sessions() {
            let name = format!("sessions/{id}/plan.json");
            let text = self.look(&name).unwrap_or_default();
            if is_readable(&text) {
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

    /// Adds a line to the prompt, and commits it or leaves it uncommitted.
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

    /// Commits or discards the uncommitted line.
    pub fn close_prompt(&mut self) {
        if self.open.is_some() && self.random.once_in(2) {
            self.note("discard the line");
            assert!(
                self.space.read(PROMPT).contains(&self.open.take().unwrap()),
                "the uncommitted line is gone"
            );
            self.git(&["checkout", "-q", "--", PROMPT]).unwrap();
        } else {
            self.commit_prompt();
        }
    }

    fn commit_prompt(&mut self) {
        let Some(line) = self.open.take() else { return };
        self.note("commit the line");
        assert!(self.space.read(PROMPT).contains(&line), "the uncommitted line is gone");
        let branch = self.branch();
        self.git(&["commit", "-q", "-m", &line, "--", PROMPT]).unwrap();
        self.commits.push(line.clone());
        if branch == "main" {
            self.lines.push(line);
        }
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
        // git refuses if a file that differs is not committed; the user then stays on the branch.
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
            // A slow writer writes to one file, which may be empty for a moment.
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
            // Shorter than the time for which the watcher wants a file to be quiet.
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
