//! `plan.json`: the session's desired state, a list of edits that a person may change.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::diagnosis::FailureCluster;
use super::edit::Edit;
use super::label::SharedLabels;
use super::money::{self, Money};
use super::{Extra, artifact, first_version};
use crate::digest::Digest;

/// The edits that the session should apply, in the order in which they are tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// Format version.
    #[serde(default = "first_version")]
    pub version: u32,
    /// The session.
    pub session_id: String,
    /// The diagnosis that the plan is based on.
    #[serde(default)]
    pub diagnosis_summary: String,
    /// The clusters with enough evidence, then those dropped for lack of it.
    #[serde(default)]
    pub failure_clusters: Vec<FailureCluster>,
    /// Whether a person released the plan; needed with `[session] hold = "plan"`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub released: bool,
    /// Whether `kaizen hold` stopped the plan; its edits wait until `kaizen release`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
    /// The edits.
    pub edits: Vec<Edit>,
    /// The teacher that proposed the edits.
    #[serde(default)]
    pub teacher_model: String,
    /// Estimated cost in dollars; null when a price is unknown.
    #[serde(default, deserialize_with = "money::known")]
    pub estimated_cost_usd: Option<Money>,
    /// When, RFC 3339.
    #[serde(default)]
    pub created_at: String,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

artifact!(Plan, "plan", version 1, depth 2);

impl Plan {
    /// The labels that belong to more than one edit of the plan.
    pub(crate) fn shared_labels(&self) -> SharedLabels {
        SharedLabels::of(self.edits.iter().map(|edit| (edit.id.as_str(), edit.digest())))
    }

    /// Whether the plan waits for its release. `holds` says whether the manifest holds every plan.
    pub(crate) fn is_on_hold(&self, holds: bool) -> bool {
        self.held || holds && !self.released
    }

    /// Gives each cluster without a category the one that all its tasks share. `category` looks up that of a task.
    pub(crate) fn with_categories<'t>(mut self, category: impl Fn(&str) -> Option<&'t str>) -> Self {
        for cluster in &mut self.failure_clusters {
            if cluster.category.is_none() {
                cluster.category = shared_category(cluster, &category).map(str::to_owned);
            }
        }
        self
    }

    /// Likely mistakes: repeated edits, and labels that several edits share.
    pub(crate) fn remarks(&self) -> Vec<String> {
        let mut places: BTreeMap<Digest, Vec<usize>> = BTreeMap::new();
        for (at, edit) in self.edits.iter().enumerate() {
            places.entry(edit.digest()).or_default().push(at);
        }
        let mut repeated: Vec<&Vec<usize>> = places.values().filter(|places| places.len() > 1).collect();
        repeated.sort();
        let copies = repeated.into_iter().map(|places| self.copies(places));
        let shared = self.shared_labels();
        let shared = shared.iter().map(|(label, digests)| {
            let digests: Vec<String> = digests.iter().map(Digest::short).collect();
            let (count, digests) = (digests.len(), digests.join(", "));
            format!("the id `{label}` names {count} different edits; use their digests in commands: {digests}")
        });
        copies.chain(shared).collect()
    }

    /// Edits that should improve neither a cluster of the plan nor a category: the rule `target` judges them by the whole
    /// score.
    pub(crate) fn strays(&self, is_category: impl Fn(&str) -> bool) -> Vec<String> {
        let is_cluster = |id: &str| self.failure_clusters.iter().any(|cluster| cluster.id == id);
        let is_stray = |edit: &&Edit| {
            let name = &edit.expected_improvement;
            !is_cluster(name) && !is_category(name)
        };
        let remark = |edit: &Edit| {
            format!(
                "edit `{}` expects to improve `{}`, which is not a cluster of the diagnosis, so the gate judges it by the \
                 whole score",
                edit.id, edit.expected_improvement
            )
        };
        self.edits.iter().filter(is_stray).map(remark).collect()
    }

    fn copies(&self, places: &[usize]) -> String {
        let one = |at: &usize| format!("{} (`{}`)", at + 1, self.edits[*at].id);
        let places: Vec<String> = places.iter().map(one).collect();
        format!(
            "edits {} of the plan are the same edit, which counts once",
            places.join(" and ")
        )
    }
}

/// The category of all tasks that a cluster names; `None` if it names none, an unknown one, or tasks of several.
fn shared_category<'t>(cluster: &FailureCluster, category: impl Fn(&str) -> Option<&'t str>) -> Option<&'t str> {
    let named = cluster.extra.get("task_ids")?.as_array()?;
    let mut categories = named.iter().map(|task| category(task.as_str()?));
    let first = categories.next()??;
    categories.all(|other| other == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan(edits: &[(&str, u32)]) -> Plan {
        let edit = |(id, value): &(&str, u32)| {
            json!({"id": id, "pillar": "agent", "op": "set_agent_param", "target": "agents.a.k", "rationale": "r",
                "payload": {"agent": "a", "param": "k", "value": value}, "expected_improvement": "c"})
        };
        let edits: Vec<_> = edits.iter().map(edit).collect();
        serde_json::from_value(json!({"session_id": "s", "edits": edits})).unwrap()
    }

    #[test]
    fn an_edit_for_no_known_cluster_is_remarked_upon() {
        let mut stray = plan(&[("a", 1)]);
        assert!(stray.strays(|_| false)[0].contains("expects to improve `c`, which is not a cluster"));
        assert_eq!(stray.strays(|name| name == "c"), Vec::<String>::new());
        stray.failure_clusters = serde_json::from_value(json!([{"id": "c", "description": "d"}])).unwrap();
        assert_eq!(stray.strays(|_| false), Vec::<String>::new());
    }

    #[test]
    fn copies_and_shared_labels_are_remarked_upon() {
        assert_eq!(plan(&[("a", 1), ("b", 2)]).remarks(), Vec::<String>::new());
        let copies = plan(&[("a", 1), ("b", 2), ("a", 1), ("c", 1)]).remarks();
        assert_eq!(
            copies,
            ["edits 1 (`a`) and 3 (`a`) and 4 (`c`) of the plan are the same edit, which counts once"]
        );
        let shared = plan(&[("a", 1), ("a", 2)]);
        let [remark] = shared.remarks().try_into().unwrap();
        assert!(remark.starts_with("the id `a` names 2 different edits"), "{remark}");
        for edit in &shared.edits {
            assert!(remark.contains(&edit.digest().short()), "{remark}");
        }
    }

    #[test]
    fn a_cluster_without_a_category_gets_the_one_that_its_tasks_share() {
        let category = |task: &str| match task {
            "a1" | "a2" => Some("a"),
            "b1" => Some("b"),
            _ => None,
        };
        for (cluster, expected) in [
            (json!({"task_ids": ["a1", "a2"]}), json!("a")),
            (json!({"task_ids": ["a1"], "category": null}), json!("a")),
            (json!({"task_ids": ["a1", "a2"], "category": "b"}), json!("b")),
            (json!({"task_ids": ["a1", "b1"]}), json!(null)),
            (json!({"task_ids": ["a1", "unknown"]}), json!(null)),
            (json!({"task_ids": []}), json!(null)),
            (json!({"task_ids": "a1"}), json!(null)),
            (json!({}), json!(null)),
        ] {
            let mut stated = cluster.clone();
            stated["id"] = "c".into();
            stated["description"] = "d".into();
            let mut plan = plan(&[]);
            plan.failure_clusters = vec![serde_json::from_value(stated).unwrap()];
            let named = plan.with_categories(category).failure_clusters.remove(0);
            assert_eq!(json!(named.category), expected, "{cluster}");
        }
    }
}
