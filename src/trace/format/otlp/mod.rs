//! Reads OpenTelemetry spans, grouped by trace, with the attributes of `gen_ai`, OpenInference, OpenLLMetry or the
//! AI SDK.

mod attributes;
mod events;
mod piece;
mod span;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::span::Span;
use super::document::Items;
use super::field::{facts, label};
use super::groups::{Groups, Room, found_with, too_much};
use super::run::fill;
use super::{TraceResult, field};

/// Attribute prefixes, and the convention that each shows.
const CONVENTIONS: [(&str, &str); 5] = [
    ("gen_ai.", "gen_ai"),
    ("openinference.", "openinference"),
    ("llm.", "openinference"),
    ("traceloop.", "openllmetry"),
    ("ai.", "ai_sdk"),
];

/// Combines all spans with the same trace id into one trace. Traces are in the order of their first spans.
pub(crate) fn traces(items: Items<'_>) -> impl Iterator<Item = TraceResult> + '_ {
    let (mut groups, mut room) = (Groups::default(), Room::default());
    found_with(items, move |item| match item {
        Some(Err(skipped)) => vec![Err(skipped)],
        Some(Ok(item)) if !room.takes(&item) => vec![Err(too_much(&item.place))],
        Some(Ok(item)) => {
            let mut add = |span: Span| groups.add(span.trace_id.clone(), span);
            let spans = span::spans(&item).into_iter();
            spans.filter_map(|span| span.map(&mut add).err()).map(Err).collect()
        }
        None => groups
            .take()
            .into_iter()
            .map(|(id, spans)| Ok(trace(&id, &with_records(spans))))
            .collect(),
    })
}

/// The spans, each with the messages of the log records that name it. Records of a span that is not in the file stand for
/// it.
fn with_records(all: Vec<Span>) -> Vec<Span> {
    let (records, mut spans): (Vec<Span>, Vec<Span>) = all.into_iter().partition(|span| span.is_record);
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    for (place, span) in spans.iter().enumerate() {
        places.entry(span.span_id.clone()).or_insert(place);
    }
    for record in records {
        match places.get(&record.span_id) {
            Some(place) => spans[*place].add(record),
            None => {
                places.insert(record.span_id.clone(), spans.len());
                spans.push(record);
            }
        }
    }
    spans
}

fn trace(id: &str, spans: &[Span]) -> crate::artifact::trace::Trace {
    let said = |names: &[&str]| {
        let all = names
            .iter()
            .flat_map(|name| spans.iter().map(move |span| span.attribute(name)));
        all.filter_map(label).next()
    };
    let mut known = field::empty_trace(format!("otlp:{id}"));
    known.metadata = facts([
        ("trace_id", id.into()),
        ("spans", spans.len().into()),
        ("name", name(spans).into()),
        ("conventions", conventions(spans)),
        ("service", spans.iter().find_map(|span| span.service.clone()).into()),
        ("session_id", said(&["session.id", "gen_ai.conversation.id"]).into()),
        ("user_id", said(&["user.id", "enduser.id"]).into()),
    ]);
    fill(known, piece::pieces(spans))
}

/// The name of the first span that has no parent.
fn name(spans: &[Span]) -> Option<String> {
    let root = spans.iter().find(|span| span.parent.is_none());
    root.or(spans.first()).map(|span| span.name.clone())
}

fn conventions(spans: &[Span]) -> Value {
    let keys = || spans.iter().flat_map(|span| span.attributes.keys());
    let mut found: Vec<&str> = CONVENTIONS
        .iter()
        .filter(|(start, _)| keys().any(|key| key.starts_with(start)))
        .map(|(_, name)| *name)
        .collect();
    found.dedup();
    if found.is_empty() { Value::Null } else { json!(found) }
}
