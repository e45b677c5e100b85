//! The ops that apply to a harness, each with what it would change, its tier, and an example of a payload.

use serde::Serialize;
use serde_json::{Value as Json, json};

use super::{OpRules, home, surface};
use crate::artifact::edit::{Op, RiskTier};
use crate::harness::Harness;
use crate::manifest::HarnessSection;

/// An op with one place that it can change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OpOffer {
    /// The op.
    pub op: Op,
    /// The file, or for a named op and for new files a template of its path.
    pub path: String,
    /// The key, or a template of it; absent: the file, or the text under its front matter.
    pub key: Option<String>,
    /// The tier of an edit.
    pub tier: RiskTier,
    /// A payload.
    #[serde(skip)]
    pub example: Json,
}

/// The ops that apply: first the named ones for which the layout has a place, then the generic ones by file.
pub(crate) fn offers(harness: &Harness, rules: &OpRules, section: &HarnessSection) -> Vec<OpOffer> {
    let named = Op::ALL.into_iter().filter_map(|op| {
        let home = home(op, &rules.layout)?;
        Some(OpOffer {
            op,
            path: home.path,
            key: home.key,
            tier: section.tier(op),
            example: example(op),
        })
    });
    let generic = surface::offers(harness, rules).into_iter().map(|offer| OpOffer {
        tier: offer.tier.max(section.tier(offer.op)),
        ..offer
    });
    named.chain(generic).collect()
}

/// The ops of some offers, each once, in the order of declaration.
pub(crate) fn ops_of(offers: &[OpOffer]) -> Vec<Op> {
    let is_offered = |op: &Op| offers.iter().any(|offer| offer.op == *op);
    Op::ALL.into_iter().filter(is_offered).collect()
}

/// A payload of a named op.
fn example(op: Op) -> Json {
    match op {
        Op::SetModelForQueryClass => json!({"query_class": "math", "model": "qwen3:4b"}),
        Op::SetModelParam => json!({"model": "qwen3:4b", "param": "temperature", "value": 0.2}),
        Op::PatchSystemPrompt => {
            json!({"agent": "simple", "diff": "@@ -1 +1,2 @@\n You are helpful.\n+Answer briefly.\n"})
        }
        Op::ReplaceSystemPrompt => json!({"agent": "simple", "new_content": "The complete new prompt.\n"}),
        Op::SetAgentClass => json!({"agent": "simple", "new_class": "orchestrator"}),
        Op::SetAgentParam => json!({"agent": "simple", "param": "max_turns", "value": 4}),
        Op::EditFewShotExemplars => {
            json!({"agent": "simple", "exemplars": [{"input": "A question", "output": "The answer"}]})
        }
        Op::AddToolToAgent | Op::RemoveToolFromAgent => json!({"agent": "simple", "tool_name": "calculator"}),
        Op::EditToolDescription => json!({"tool_name": "calculator", "new_description": "Calculates."}),
        _ => json!({}),
    }
}
