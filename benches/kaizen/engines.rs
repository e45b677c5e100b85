//! A teacher and a student that take no time.

use kaizen::Digest;
use kaizen::Harness;
use kaizen::artifact::Attempt;
use kaizen::artifact::Edit;
use kaizen::artifact::Task;
use kaizen::{Briefing, Teacher, TeacherDiagnosis, TeacherFailure, TeacherPlan};
use kaizen::{Draw, PreparedStudent, Student};
use serde_json::json;

/// A teacher that proposes this many parameter edits; every other one is a small gain for [`Instantly`].
pub struct Fixed(pub usize);

impl Teacher for Fixed {
    fn identity(&self) -> serde_json::Value {
        json!({"engine": "fixed", "edits": self.0})
    }

    fn diagnose(&self, _: &Briefing) -> Result<TeacherDiagnosis, TeacherFailure> {
        let cluster = json!({"id": "c1", "description": "all", "sample_trace_ids": ["t1"],
            "student_failure_rate": 1.0, "teacher_success_rate": 1.0, "skill_gap": "none"});
        Ok(TeacherDiagnosis {
            narrative: "It fails.".into(),
            clusters: vec![serde_json::from_value(cluster).map_err(|error| error.to_string())?],
            ..TeacherDiagnosis::default()
        })
    }

    fn plan(
        &self,
        _: &Briefing,
        _: &str,
        _: &[kaizen::artifact::FailureCluster],
    ) -> Result<TeacherPlan, TeacherFailure> {
        let edit = |at: usize| {
            let name = ["p", "other"][at % 2];
            serde_json::from_value::<Edit>(json!({
                "id": format!("e{at}"), "pillar": "agent", "op": "set_agent_param",
                "target": format!("agents.intent.{name}{at}"), "rationale": "It gains.", "expected_improvement": "c1",
                "payload": {"agent": "intent", "param": format!("{name}{at}"), "value": at},
                "risk_tier": "auto"
            }))
        };
        let edits = (0..self.0)
            .map(edit)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())?;
        Ok(TeacherPlan {
            edits,
            ..TeacherPlan::default()
        })
    }
}

/// A student that takes no time: each gaining parameter from [`Fixed`] makes this many more gate tasks correct.
pub struct Instantly {
    /// How many tasks a parameter makes correct.
    pub learns: usize,
}

struct Knows(usize);

impl Student for Instantly {
    fn identity(&self) -> serde_json::Value {
        json!({"engine": "instantly", "learns": self.learns})
    }

    fn prepare(&self, harness: &Harness) -> Box<dyn PreparedStudent> {
        let config = harness.text("config.toml").unwrap_or_default().to_owned();
        let is_ours = |line: &&str| line.starts_with('p') && line[1..].starts_with(|c: char| c.is_ascii_digit());
        let learnt = config.lines().filter(is_ours).count();
        Box::new(Knows(self.learns * learnt))
    }
}

impl PreparedStudent for Knows {
    fn footprint(&self, _: &Task) -> Digest {
        Digest::of_value(&self.0)
    }

    fn attempt(&self, task: &Task, _: Draw) -> Attempt {
        let number = task.task_id.rsplit('-').next().and_then(|number| number.parse().ok());
        let right = number.is_some_and(|number: usize| number < self.0);
        answered(if right { "yes" } else { "no" })
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
