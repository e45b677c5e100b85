//! What the built-in teacher `rules` can edit in a harness, and why it may have nothing to propose.

use crate::artifact::edit::Op;
use crate::harness::op;
use crate::manifest::layout::Layout;

/// The ops of the edits that the teacher `rules` writes. They change files of [harness.layout].
const OPS: [Op; 8] = [
    Op::EditFewShotExemplars,
    Op::ReplaceSystemPrompt,
    Op::SetModelParam,
    Op::SetAgentParam,
    Op::SetAgentClass,
    Op::SetModelForQueryClass,
    Op::AddToolToAgent,
    Op::EditToolDescription,
];

/// What to do where the teacher `rules` has nothing to edit.
pub(crate) const OTHER_TEACHER: &str = "set [teacher] engine in kaizen.toml: \"files\" (you or your coding agent write the plan), \
     \"command\" (a program), or \"chat\" with a model; `rules` edits only what [harness.layout] names";

/// Whether a harness of this layout has anything that the teacher `rules` can edit.
pub(crate) fn has_targets(layout: &Layout) -> bool {
    OPS.iter().any(|op| op::home(*op, layout).is_some())
}

/// Why a plan of the teacher `rules` has no edit.
pub(crate) fn why_empty(layout: &Layout, has_clusters: bool) -> String {
    match (has_targets(layout), has_clusters) {
        (false, _) => format!("the teacher `rules` has nothing to propose for this home; {OTHER_TEACHER}"),
        (true, false) => "no train task fails in a way that `rules` knows".to_owned(),
        (true, true) => {
            "no change that `rules` knows gains on the train tasks; another [teacher] engine may".to_owned()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;

    #[test]
    fn a_plan_without_edits_has_a_reason() {
        let layout = |text: &str| {
            let manifest = Manifest::parse(std::path::Path::new("kaizen.toml"), text).unwrap();
            manifest.harness.layout
        };
        let claude = layout(
            "[harness]\nlayouts = [\"claude_code\"]\n[[harness.surface]]\nname = \"memory\"\npath = \"CLAUDE.md\"\n",
        );
        assert!(!has_targets(&claude) && has_targets(&layout("")));
        assert!(why_empty(&claude, true).contains("set [teacher] engine"));
        assert!(!why_empty(&layout(""), true).contains("nothing to propose"));
    }
}
