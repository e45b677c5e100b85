//! Tasks with `loads`: which skills does a query need? Any student answers them, from names and descriptions alone.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;

use super::nearest::tool;
use super::{Draw, PreparedStudent, Student};
use crate::artifact::evaluation::Attempt;
use crate::artifact::task::{NO_SKILL, Task};
use crate::digest::Digest;
use crate::harness::Harness;
use crate::harness::skills::{SkillSummary, skills};

/// The question, with `{skills}` and `{query}`.
const QUESTION: &str = include_str!("choose_skills.md");

/// The question before, between and after its placeholders.
static QUESTION_PARTS: LazyLock<[String; 3]> = LazyLock::new(|| {
    let (start, rest) = QUESTION.trim_end().split_once("{skills}").unwrap_or_default();
    let (middle, end) = rest.split_once("{query}").unwrap_or_default();
    [start, middle, end].map(str::to_owned)
});

/// A student that also answers tasks with `loads`.
pub(crate) struct SkillChooser {
    student: Box<dyn Student>,
    /// Whether the student understands a question in words; the embedded one does not.
    reads: bool,
}

struct PreparedChooser {
    student: Box<dyn PreparedStudent>,
    skills: Vec<SkillSummary>,
    reads: bool,
}

impl SkillChooser {
    /// A student that is asked in words.
    pub(crate) fn asking(student: Box<dyn Student>) -> Self {
        Self { student, reads: true }
    }

    /// A student without a language model: the skills whose descriptions share most words with the query are loaded.
    pub(crate) fn comparing(student: Box<dyn Student>) -> Self {
        Self { student, reads: false }
    }
}

impl Student for SkillChooser {
    /// That of the student: the question is part of each request.
    fn identity(&self) -> Value {
        self.student.identity()
    }

    fn check(&self, harness: &Harness, tasks: &[&Task]) -> Result<(), String> {
        self.student.check(harness, tasks)
    }

    fn is_expensive(&self) -> bool {
        self.student.is_expensive()
    }

    fn shares_chance(&self) -> bool {
        self.student.shares_chance()
    }

    fn prepare(&self, harness: &Harness) -> Box<dyn PreparedStudent> {
        Box::new(PreparedChooser {
            student: self.student.prepare(harness),
            skills: skills(harness),
            reads: self.reads,
        })
    }
}

impl PreparedChooser {
    /// Whether the descriptions alone decide, without the student.
    fn compares(&self, task: &Task) -> bool {
        task.loads.is_some() && !self.reads
    }

    /// The task as the student gets it.
    fn asked<'t>(&self, task: &'t Task) -> Cow<'t, Task> {
        if task.loads.is_none() {
            return Cow::Borrowed(task);
        }
        let line = |skill: &SkillSummary| format!("- {}: {}", skill.name, skill.description);
        let lines: Vec<String> = self.skills.iter().map(line).collect();
        // Not `replace`: descriptions and queries may contain the placeholders.
        let [start, middle, end] = QUESTION_PARTS.each_ref().map(|part| part.as_str());
        let query = format!("{start}{}{middle}{}{end}", lines.join("\n"), task.query);
        Cow::Owned(Task { query, ..task.clone() })
    }
}

impl PreparedStudent for PreparedChooser {
    fn footprint(&self, task: &Task) -> Digest {
        match self.compares(task) {
            true => Digest::of_value(&("skills", &self.skills, &task.query)),
            false => self.student.footprint(&self.asked(task)),
        }
    }

    fn varies(&self, task: &Task) -> bool {
        !self.compares(task) && self.student.varies(&self.asked(task))
    }

    fn request_bytes(&self, task: &Task) -> Option<u64> {
        self.student.request_bytes(&self.asked(task))
    }

    fn words(&self, task: &Task) -> Option<String> {
        self.student.words(&self.asked(task))
    }

    fn attempt(&self, task: &Task, draw: Draw) -> Attempt {
        match self.compares(task) {
            true => Attempt::Answered {
                answer: closest(&self.skills, &task.query),
                model: None,
                tool: None,
                used: None,
            },
            false => self.student.attempt(&self.asked(task), draw),
        }
    }
}

/// The names of the skills whose descriptions share the most words with a query.
fn closest(skills: &[SkillSummary], query: &str) -> String {
    let wanted = tool::stems(query);
    let shared = |skill: &SkillSummary| -> usize {
        let own: BTreeSet<String> = tool::stems(&format!("{} {}", skill.name, skill.description));
        own.intersection(&wanted).count()
    };
    let counts: Vec<usize> = skills.iter().map(shared).collect();
    let most = counts.iter().copied().max().unwrap_or_default();
    if most == 0 {
        return NO_SKILL.to_owned();
    }
    let best = skills.iter().zip(counts).filter(|(_, count)| *count == most);
    best.map(|(skill, _)| skill.name.as_str())
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A student that answers with what it was asked.
    struct Echo;

    impl Student for Echo {
        fn identity(&self) -> Value {
            json!("echo")
        }

        fn prepare(&self, _: &Harness) -> Box<dyn PreparedStudent> {
            Box::new(Echo)
        }
    }

    impl PreparedStudent for Echo {
        fn footprint(&self, task: &Task) -> Digest {
            Digest::of_bytes(task.query.as_bytes())
        }

        fn attempt(&self, task: &Task, _: Draw) -> Attempt {
            answered(&task.query)
        }
    }

    fn answered(answer: &str) -> Attempt {
        Attempt::Answered {
            answer: answer.to_owned(),
            model: None,
            tool: None,
            used: None,
        }
    }

    fn harness(description: &str) -> Harness {
        let skill = |name: &str, text: &str| format!("---\nname: {name}\ndescription: {text}\n---\nBody.\n");
        Harness::default()
            .with("skills/pdf/SKILL.md", skill("pdf", "Fills PDF forms"))
            .with("skills/csv/SKILL.md", skill("csv", description))
    }

    fn task(query: &str, loads: Option<&[&str]>) -> Task {
        let task = json!({"task_id": "t", "query": query, "reference_answer": "", "loads": loads});
        serde_json::from_value::<Task>(task).unwrap().completed().unwrap()
    }

    #[test]
    fn a_student_gets_names_and_descriptions_and_the_query_last() {
        let prepared = SkillChooser::asking(Box::new(Echo)).prepare(&harness("Reads {query} tables"));
        let asked = prepared.attempt(&task("fill {skills} in", Some(&["pdf"])), Draw::default());
        let Attempt::Answered { answer, .. } = asked else {
            panic!("{asked:?}")
        };
        assert!(
            answer.contains("- csv: Reads {query} tables\n- pdf: Fills PDF forms\n"),
            "{answer}"
        );
        assert!(answer.contains("\nfill {skills} in\n"), "{answer}");
        let plain = task("fill it in", None);
        assert_eq!(prepared.attempt(&plain, Draw::default()), answered("fill it in"));
    }

    #[test]
    fn a_description_changes_the_footprint_and_a_body_does_not() {
        for chooser in [
            SkillChooser::asking(Box::new(Echo)),
            SkillChooser::comparing(Box::new(Echo)),
        ] {
            let footprint = |harness: &Harness| chooser.prepare(harness).footprint(&task("q", Some(&[])));
            let before = harness("Reads tables");
            let body = before.clone().with(
                "skills/csv/SKILL.md",
                "---\nname: csv\ndescription: Reads tables\n---\nNew.\n",
            );
            assert_eq!(footprint(&before), footprint(&body));
            assert_ne!(footprint(&before), footprint(&harness("Reads lists")));
        }
    }

    #[test]
    fn without_a_language_model_the_words_decide() {
        let skills = skills(&harness("Reads tables and lists"));
        for (query, names) in [
            ("please read this table", "csv"),
            ("fill the form", "pdf"),
            ("what is the time", "none"),
        ] {
            assert_eq!(closest(&skills, query), names, "{query}");
        }
    }
}
