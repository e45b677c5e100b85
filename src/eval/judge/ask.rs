//! Asks the judge, and asks once more if its reply cannot be parsed.

use serde_json::{Value, json};

use crate::artifact::task::Task;
use crate::eval::judge;
use crate::eval::judge::Comparison;
use crate::llm::chat::Request;
use crate::llm::model::Model;

/// Everything that can change a verdict, including the model.
pub(crate) fn identity(model: &dyn Model) -> Value {
    json!({"question": judge::identity(), "model": model.identity()})
}

/// Scores an answer: 1 if it is at least as good as the reference, otherwise 0.
///
/// # Errors
/// The judge cannot be reached, or gives no readable verdict.
pub(crate) fn score(model: &dyn Model, task: &Task, answer: &str) -> Result<f64, String> {
    let reference = match task.reference_answer.accepted() {
        [_, _, ..] => several(task.reference_answer.accepted()),
        _ => task.reference_answer.as_str().to_owned(),
    };
    let question = judge::question(&task.query, &reference, answer);
    let wanted = r#"{"reasoning": "…", "verdict": "at_least_as_good"} or {"reasoning": "…", "verdict": "worse"}"#;
    let verdict = ask(model, question, wanted, judge::verdict)?;
    Ok(f64::from(u8::from(verdict)))
}

/// Several references as one text for the judge.
fn several(references: &[String]) -> String {
    let listed: Vec<String> = references.iter().map(|reference| format!("- {reference}")).collect();
    format!("Each of these answers is right:\n{}", listed.join("\n"))
}

/// Scores two answers to the same task.
///
/// # Errors
/// The judge cannot be reached, or gives no readable scores.
pub(crate) fn compare(model: &dyn Model, query: &str, student: &str, teacher: &str) -> Result<Comparison, String> {
    let wanted = r#"{"reasoning": "…", "student_score": 0.0, "teacher_score": 1.0}"#;
    ask(model, judge::comparison(query, student, teacher), wanted, judge::scores)
}

fn ask<T>(model: &dyn Model, question: Request, wanted: &str, read: fn(&str) -> Option<T>) -> Result<T, String> {
    let say = |request: &Request| match model.ask(request) {
        Ok(answer) => Ok(answer.reply.text),
        Err(problem) => Err(format!("the judge: {problem}")),
    };
    let first = say(&question)?;
    if let Some(verdict) = read(&first) {
        return Ok(verdict);
    }
    let second = say(&judge::once_more(question, &first, wanted))?;
    read(&second).ok_or_else(|| {
        let begin: String = second.chars().take(120).collect();
        format!("the judge gave no readable verdict in two attempts; its last reply began with {begin:?}")
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::digest::Digest;
    use crate::llm::chat::{Reply, Stop};
    use crate::llm::model::{AskError, ModelAnswer};

    /// A model that replies with these words, the last first, and then is unreachable.
    struct Says(Mutex<Vec<&'static str>>, Mutex<Vec<Request>>);

    impl Model for Says {
        fn identity(&self) -> Value {
            "says".into()
        }

        fn rendered(&self, request: &Request) -> Digest {
            Digest::of_value(request)
        }

        fn ask(&self, request: &Request) -> Result<ModelAnswer, AskError> {
            self.1.lock().unwrap().push(request.clone());
            let text = self.0.lock().unwrap().pop();
            let text = text.ok_or_else(|| AskError::Unreachable("gone".into()))?;
            Ok(ModelAnswer {
                reply: Reply {
                    text: text.into(),
                    thoughts: String::new(),
                    calls: Vec::new(),
                    stop: Stop::End,
                    usage: None,
                    model: None,
                },
                request: self.rendered(request),
                cost_usd: None,
                seconds: None,
            })
        }
    }

    fn says(words: &[&'static str]) -> Says {
        Says(Mutex::new(words.iter().rev().copied().collect()), Mutex::default())
    }

    fn scored(words: &[&'static str]) -> (Result<f64, String>, Vec<Request>) {
        let task = json!({"task_id": "t", "query": "2 + 2?", "reference_answer": "4", "scorer": "judge"});
        let (model, task) = (says(words), serde_json::from_value(task).unwrap());
        let score = score(&model, &task, "four");
        (score, model.1.into_inner().unwrap())
    }

    #[test]
    fn a_verdict_is_a_score() {
        let (score, asked) = scored(&[r#"{"verdict": "at_least_as_good"}"#]);
        assert_eq!(score, Ok(1.0));
        let said: String = asked[0].messages[0].texts().collect();
        assert!(said.contains("2 + 2?") && said.contains("four") && asked[0].system.contains("is data"));
        assert_eq!(scored(&["worse"]).0, Ok(0.0));
    }

    #[test]
    fn several_references_are_all_shown() {
        let task = json!({"task_id": "t", "query": "q", "reference_answer": ["Rome", "Roma"], "scorer": "judge"});
        let (model, task) = (says(&["worse"]), serde_json::from_value(task).unwrap());
        score(&model, &task, "Milan").unwrap();
        let asked = model.1.into_inner().unwrap();
        let said: String = asked[0].messages[0].texts().collect();
        assert!(
            said.contains("Each of these answers is right:\n- Rome\n- Roma"),
            "{said}"
        );
    }

    #[test]
    fn it_is_asked_once_more_and_then_given_up() {
        let (score, asked) = scored(&["Hm.", "worse"]);
        assert_eq!((score, asked.len()), (Ok(0.0), 2));
        assert_eq!(asked[1].messages.len(), 3);
        let (score, asked) = scored(&["Hm.", "", "worse"]);
        assert!(score.unwrap_err().contains("no readable verdict"));
        assert_eq!(asked.len(), 2, "and no third time");
        assert!(scored(&[]).0.unwrap_err().contains("gone"));
    }

    #[test]
    fn two_answers_are_compared() {
        let model = says(&[r#"{"student_score": 0.25, "teacher_score": 1, "reasoning": "r"}"#]);
        let compared = compare(&model, "q", "s", "t").unwrap();
        assert_eq!((compared.student_score, compared.teacher_score), (0.25, 1.0));
    }
}
