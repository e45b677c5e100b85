//! `lora_finetune`: training of weights; declared, and refused until a trainer is configured.

use schemars::JsonSchema;

/// Arguments of `lora_finetune`: none are fixed yet.
#[derive(Debug, JsonSchema)]
pub(super) struct Payload {}
