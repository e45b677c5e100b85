//! One typed change to the harness: a teacher proposes it, and a person may change it.

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::Extra;
use super::key_path::KeyPath;
use crate::digest::Digest;

/// The part of the agent that an edit changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pillar {
    /// Models, their parameters, and routing.
    Intelligence,
    /// Prompts, examples, class and parameters of an agent.
    #[default]
    Agent,
    /// Tools and their descriptions.
    Tools,
    /// The inference engine. No op changes it; files of OpenJarvis may contain it.
    Engine,
}

/// The operation of an edit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Sets the model that answers a class of queries.
    SetModelForQueryClass,
    /// Sets one parameter of one model.
    SetModelParam,
    /// Applies a unified diff to an agent's system prompt.
    PatchSystemPrompt,
    /// Replaces an agent's system prompt.
    ReplaceSystemPrompt,
    /// Sets the class that runs the agent.
    SetAgentClass,
    /// Sets one parameter of one agent.
    SetAgentParam,
    /// Replaces all few-shot examples of an agent.
    EditFewShotExemplars,
    /// Gives an agent one more tool.
    AddToolToAgent,
    /// Removes one tool from an agent.
    RemoveToolFromAgent,
    /// Changes the description of a tool that the model reads.
    EditToolDescription,
    /// Trains weights. Declared only: refused until a trainer is configured.
    LoraFinetune,
    /// Makes several changes as one edit, in order.
    Several,
    /// Applies a unified diff to a text of a surface: a file, the body under a front matter, or a string under a key.
    PatchText,
    /// Replaces such a text.
    ReplaceText,
    /// Inserts a section into such a text.
    InsertSection,
    /// Removes a section from such a text.
    DeleteSection,
    /// Sets a key of a file.
    SetKey,
    /// Removes a key from a file.
    UnsetKey,
    /// Adds items to a list in a file, and removes others.
    EditList,
    /// Replaces all examples of a file, or under a key.
    EditExamples,
    /// Creates a file.
    CreateFile,
    /// Removes a file.
    RemoveFile,
}

impl Op {
    /// Every op, in the order of declaration.
    pub(crate) const ALL: [Op; 22] = [
        Op::SetModelForQueryClass,
        Op::SetModelParam,
        Op::PatchSystemPrompt,
        Op::ReplaceSystemPrompt,
        Op::SetAgentClass,
        Op::SetAgentParam,
        Op::EditFewShotExemplars,
        Op::AddToolToAgent,
        Op::RemoveToolFromAgent,
        Op::EditToolDescription,
        Op::LoraFinetune,
        Op::Several,
        Op::PatchText,
        Op::ReplaceText,
        Op::InsertSection,
        Op::DeleteSection,
        Op::SetKey,
        Op::UnsetKey,
        Op::EditList,
        Op::EditExamples,
        Op::CreateFile,
        Op::RemoveFile,
    ];

    /// Whether the payload names a file of a surface, rather than a place of the layout.
    pub(crate) fn is_generic(self) -> bool {
        self > Op::Several
    }

    /// Whether the op writes lines of a text that the model reads.
    pub(crate) fn writes_text(self) -> bool {
        matches!(
            self,
            Op::PatchSystemPrompt
                | Op::ReplaceSystemPrompt
                | Op::PatchText
                | Op::ReplaceText
                | Op::InsertSection
                | Op::DeleteSection
                | Op::CreateFile
        )
    }

    /// Whether the payload is a unified diff.
    pub(crate) fn is_patch(self) -> bool {
        matches!(self, Op::PatchSystemPrompt | Op::PatchText)
    }

    /// Whether the op replaces what is there, whatever it is.
    pub(crate) fn replaces(self) -> bool {
        matches!(
            self,
            Op::ReplaceSystemPrompt
                | Op::EditFewShotExemplars
                | Op::EditToolDescription
                | Op::ReplaceText
                | Op::EditExamples
                | Op::DeleteSection
                | Op::RemoveFile
        )
    }

    /// Whether the op replaces the examples of an agent.
    pub(crate) fn writes_examples(self) -> bool {
        matches!(self, Op::EditFewShotExemplars | Op::EditExamples)
    }

    /// The name in files.
    pub fn name(self) -> &'static str {
        match self {
            Op::SetModelForQueryClass => "set_model_for_query_class",
            Op::SetModelParam => "set_model_param",
            Op::PatchSystemPrompt => "patch_system_prompt",
            Op::ReplaceSystemPrompt => "replace_system_prompt",
            Op::SetAgentClass => "set_agent_class",
            Op::SetAgentParam => "set_agent_param",
            Op::EditFewShotExemplars => "edit_few_shot_exemplars",
            Op::AddToolToAgent => "add_tool_to_agent",
            Op::RemoveToolFromAgent => "remove_tool_from_agent",
            Op::EditToolDescription => "edit_tool_description",
            Op::LoraFinetune => "lora_finetune",
            Op::Several => "several",
            Op::PatchText => "patch_text",
            Op::ReplaceText => "replace_text",
            Op::InsertSection => "insert_section",
            Op::DeleteSection => "delete_section",
            Op::SetKey => "set_key",
            Op::UnsetKey => "unset_key",
            Op::EditList => "edit_list",
            Op::EditExamples => "edit_examples",
            Op::CreateFile => "create_file",
            Op::RemoveFile => "remove_file",
        }
    }

    /// The pillar that the op belongs to.
    pub(crate) fn pillar(self) -> Pillar {
        match self {
            Op::SetModelForQueryClass | Op::SetModelParam | Op::LoraFinetune => Pillar::Intelligence,
            Op::AddToolToAgent | Op::RemoveToolFromAgent | Op::EditToolDescription => Pillar::Tools,
            _ => Pillar::Agent,
        }
    }

    /// The op's default tier; a manifest may raise it, but nothing lowers it. An edit with the op `several` also has the
    /// tiers of its members, see [`Edit::ops`], and a generic op that of the surface or key that it changes.
    pub(crate) fn tier(self) -> RiskTier {
        match self {
            Op::PatchSystemPrompt
            | Op::ReplaceSystemPrompt
            | Op::SetAgentClass
            | Op::EditFewShotExemplars
            | Op::CreateFile
            | Op::RemoveFile => RiskTier::Review,
            Op::LoraFinetune => RiskTier::Manual,
            _ => RiskTier::Auto,
        }
    }
}

/// How much approval an edit needs before it is gated, in increasing order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RiskTier {
    /// No approval is needed: the gate decides alone.
    #[default]
    Auto,
    /// A person must approve it first, unless autonomy is `auto`.
    Review,
    /// A person must always approve it explicitly.
    Manual,
}

impl RiskTier {
    /// The name, as in files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Review => "review",
            Self::Manual => "manual",
        }
    }
}

/// The arguments of an op.
pub(crate) type Payload = serde_json::Map<String, serde_json::Value>;

/// Reads a list of payloads; the error names the first that is not an object.
fn payloads<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Payload>, D::Error> {
    let values = Vec::<serde_json::Value>::deserialize(from)?;
    let payload = |(at, value)| match value {
        serde_json::Value::Object(payload) => Ok(payload),
        _ => Err(D::Error::custom(format!("variants[{at}] must be a payload, {{ … }}"))),
    };
    values.into_iter().enumerate().map(payload).collect()
}

/// One typed change. Its identity is the digest of op, target and payload; `id` is only a label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Edit {
    /// The teacher's label for the edit.
    pub id: String,
    /// The part of the agent that the edit changes. Derived from the op; a value from the teacher is ignored.
    #[serde(default)]
    pub pillar: Pillar,
    /// The operation.
    pub op: Op,
    /// The changed setting, as a dotted path such as `agents.<name>.system_prompt`; for ops whose payload names a file, it
    /// may be absent and is then file and key, such as `CLAUDE.md` or `.claude/agents/a.md#model`.
    #[serde(default)]
    pub target: String,
    /// The operation's arguments.
    pub payload: Payload,
    /// Further payloads for the same op and target. Before anything else happens to the edit, they are screened on train
    /// tasks, and the best one becomes `payload`. They are not part of the edit's identity.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "payloads")]
    #[schemars(with = "Vec<serde_json::Map<String, serde_json::Value>>")]
    pub variants: Vec<Payload>,
    /// Why the edit should help; shown to people and written into the commit message.
    pub rationale: String,
    /// The id of the cluster that the edit should improve.
    pub expected_improvement: String,
    /// Derived from the op; a value from the teacher is ignored.
    #[serde(default)]
    pub risk_tier: RiskTier,
    /// Ids of the traces that support the edit.
    #[serde(default)]
    pub references: Vec<String>,
    /// Unknown fields.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One change of an edit with the op `several`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct EditPart {
    /// The operation; not `several`.
    pub op: Op,
    /// The changed setting, as a dotted path such as `agents.<name>.system_prompt`; for ops whose payload names a file, it
    /// may be absent.
    #[serde(default)]
    pub target: String,
    /// The operation's arguments.
    pub payload: serde_json::Map<String, serde_json::Value>,
}

impl Edit {
    /// An edit without labels, whose payload names its place.
    pub(crate) fn unlabelled(op: Op, payload: Payload) -> Edit {
        Edit {
            id: String::new(),
            pillar: op.pillar(),
            op,
            target: String::new(),
            payload,
            variants: Vec::new(),
            rationale: String::new(),
            expected_improvement: String::new(),
            risk_tier: RiskTier::default(),
            references: Vec::new(),
            extra: Extra::default(),
        }
    }

    /// The changes that the edit makes, in order, each as an edit: itself, or the members of `several`; empty if those
    /// cannot be read.
    pub(crate) fn parts(&self) -> Vec<Edit> {
        if self.op != Op::Several {
            return vec![self.clone()];
        }
        let members = self.payload.get("edits").cloned().unwrap_or_default();
        let members: Vec<EditPart> = serde_json::from_value(members).unwrap_or_default();
        members.into_iter().map(|member| self.with_part(member)).collect()
    }

    /// An edit with the labels of this one that makes another change.
    pub(crate) fn with_part(&self, EditPart { op, target, payload }: EditPart) -> Edit {
        Edit {
            op,
            target,
            payload,
            pillar: op.pillar(),
            ..self.clone()
        }
    }

    /// The edit's op and those of its members.
    pub(crate) fn ops(&self) -> Vec<Op> {
        let members = self.parts().into_iter().map(|part| part.op);
        std::iter::once(self.op).chain(members).collect()
    }

    /// Op and target, as in `set_agent_param agents.a.k`; for `several`, those of each member.
    pub(crate) fn title(&self) -> String {
        let named = |edit: &Edit| format!("{} {}", edit.op.name(), edit.place());
        match self.op {
            Op::Several => {
                let members: Vec<String> = self.parts().iter().map(named).collect();
                format!("{}: {}", self.op.name(), members.join(", "))
            }
            _ => named(self),
        }
    }

    /// The target, or the file (or its surface) and key of the payload, such as `config.toml#model`, if it is absent.
    pub(crate) fn place(&self) -> String {
        if !self.target.is_empty() || !self.op.is_generic() {
            return self.target.clone();
        }
        let text = |name: &str| self.payload.get(name).and_then(|text| text.as_str());
        let file = text("path").or_else(|| text("surface")).unwrap_or_default();
        let key = self.payload.get("key").filter(|key| !key.is_null());
        let key = key.map(|key| match key {
            serde_json::Value::String(key) => key.clone(),
            other => KeyPath::from_json(other).map_or_else(|_| other.to_string(), |key| key.to_string()),
        });
        match key {
            Some(key) => format!("{file}#{key}"),
            None => file.to_owned(),
        }
    }

    /// The edit's identity: the digest of op, target and payload.
    pub fn digest(&self) -> Digest {
        Digest::of_value(&serde_json::json!({"op": self.op, "target": self.target, "payload": self.payload}))
    }

    /// One edit for each payload, without variants: first that of `payload`, then those of the variants.
    pub(crate) fn alternatives(&self) -> Vec<Edit> {
        let with = |payload: &Payload| Edit {
            payload: payload.clone(),
            variants: Vec::new(),
            ..self.clone()
        };
        std::iter::once(&self.payload).chain(&self.variants).map(with).collect()
    }

    /// The digest of op, target and all payloads in any order. It stays the same when a variant becomes the payload.
    pub(crate) fn family(&self) -> Digest {
        let mut digests: Vec<Digest> = self.alternatives().iter().map(Edit::digest).collect();
        digests.sort();
        Digest::of_value(&digests)
    }

    /// Makes the alternative with this identity the edit's payload; the former payload takes its place among the
    /// variants. Returns whether that changed the edit.
    pub(crate) fn choose(&mut self, chosen: &Digest) -> bool {
        let at = self.alternatives().iter().position(|one| one.digest() == *chosen);
        match at.and_then(|at| at.checked_sub(1)) {
            Some(variant) => std::mem::swap(&mut self.payload, &mut self.variants[variant]),
            None => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit() -> Edit {
        serde_json::from_value(serde_json::json!({
            "id": "e1", "pillar": "agent", "op": "set_agent_param", "target": "agents.a.k",
            "payload": {"agent": "a", "param": "k", "value": 1}, "rationale": "r",
            "expected_improvement": "c1", "mood": "kept"
        }))
        .unwrap()
    }

    #[test]
    fn identity_is_op_target_and_payload() {
        let base = edit();
        for reworded in [
            Edit {
                id: "other".into(),
                ..edit()
            },
            Edit {
                rationale: "other".into(),
                ..edit()
            },
            Edit {
                risk_tier: RiskTier::Manual,
                ..edit()
            },
            Edit {
                references: vec!["t".into()],
                ..edit()
            },
        ] {
            assert_eq!(base.digest(), reworded.digest());
        }
        let mut payload = edit().payload;
        payload.insert("value".into(), 2.into());
        for changed in [
            Edit {
                op: Op::SetModelParam,
                ..edit()
            },
            Edit {
                target: "agents.b.k".into(),
                ..edit()
            },
            Edit { payload, ..edit() },
        ] {
            assert_ne!(base.digest(), changed.digest());
        }
    }

    #[test]
    fn a_variant_trades_places_with_the_payload() {
        let payload = |value: u32| serde_json::json!({"agent": "a", "param": "k", "value": value});
        let mut text = serde_json::to_value(edit()).unwrap();
        assert!(text.get("variants").is_none());
        text["variants"] = serde_json::json!([payload(2), payload(3)]);
        let mut edit: Edit = serde_json::from_value(text.clone()).unwrap();
        let (first, family) = (edit.digest(), edit.family());
        let third = edit.alternatives()[2].digest();
        assert!(!edit.choose(&first) && edit.choose(&third) && !edit.choose(&third));
        assert_eq!((edit.digest(), edit.family()), (third, family));
        assert_eq!(
            serde_json::json!(edit.variants),
            serde_json::json!([payload(2), payload(1)])
        );
        text["variants"] = serde_json::json!([payload(2), "x"]);
        let error = serde_json::from_value::<Edit>(text).unwrap_err().to_string();
        assert_eq!(error, "variants[1] must be a payload, { … }");
    }

    #[test]
    fn several_has_the_ops_and_the_names_of_its_members() {
        let member = |op: &str, target: &str| serde_json::json!({"op": op, "target": target, "payload": {}});
        let members = serde_json::json!([
            member("set_agent_param", "agents.a.k"),
            member("set_agent_class", "agents.a.class")
        ]);
        let mut payload = serde_json::Map::new();
        payload.insert("edits".into(), members);
        let op = Op::Several;
        let several = Edit { op, payload, ..edit() };
        assert_eq!(several.ops(), [Op::Several, Op::SetAgentParam, Op::SetAgentClass]);
        assert_eq!(
            several.title(),
            "several: set_agent_param agents.a.k, set_agent_class agents.a.class"
        );
        let alone = Edit {
            op: Op::SetAgentParam,
            target: "agents.a.k".into(),
            payload: Default::default(),
            ..edit()
        };
        assert_eq!(
            several.parts()[0].digest(),
            alone.digest(),
            "a member is the edit that it would be alone"
        );
        let broken = Edit { op, ..edit() };
        assert_eq!((broken.parts(), broken.ops()), (vec![], vec![Op::Several]));
        assert_eq!(
            (edit().parts(), edit().title()),
            (vec![edit()], "set_agent_param agents.a.k".to_owned())
        );
    }

    #[test]
    fn the_place_of_a_generic_edit_is_its_file_and_key() {
        for (key, place) in [
            (serde_json::json!("model"), "a.json#model"),
            (serde_json::json!("null"), "a.json#null"),
            (serde_json::json!(null), "a.json"),
            (serde_json::json!(["m", "[id=x]", "k"]), "a.json#m[id=x].k"),
        ] {
            let payload = serde_json::json!({"path": "a.json", "key": key});
            let edit = Edit {
                op: Op::SetKey,
                target: String::new(),
                payload: payload.as_object().unwrap().clone(),
                ..edit()
            };
            assert_eq!(edit.place(), place);
        }
    }

    #[test]
    fn unknown_fields_survive() {
        assert_eq!(serde_json::to_value(edit()).unwrap()["mood"], "kept");
    }
}
