//! Reads spans in the form of OTLP, or in the form that SDKs print.

use serde_json::Value;

use super::super::document::Item;
use super::super::field::{first, list, text_of, time};
use super::super::location::{SkippedPart, SourceLocation};
use super::attributes::{Attributes, read};
use super::events;
use super::events::EventMessages;

#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub trace_id: String,
    pub span_id: String,
    pub parent: Option<String>,
    pub name: String,
    pub start: Option<f64>,
    pub end: Option<f64>,
    pub attributes: Attributes,
    pub error: Option<String>,
    /// `service.name` of the resource.
    pub service: Option<String>,
    /// The messages in its events.
    pub heard: EventMessages,
    /// Whether it is not a span, but a log record that names one.
    pub is_record: bool,
}

impl Span {
    /// An attribute; null if it is absent.
    pub(crate) fn attribute(&self, name: &str) -> &Value {
        self.attributes.get(name).unwrap_or(&Value::Null)
    }

    /// Adds what a log record of this span says.
    pub(crate) fn add(&mut self, mut record: Self) {
        self.heard.append(&mut record.heard);
        self.service = self.service.take().or(record.service);
        for (name, value) in record.attributes {
            self.attributes.entry(name).or_insert(value);
        }
    }

    /// The first of several attributes that is a non-empty text.
    pub(crate) fn text(&self, names: &[&str]) -> Option<String> {
        let texts = names.iter().filter_map(|name| self.attribute(name).as_str());
        texts.map(str::to_owned).find(|text| !text.is_empty())
    }
}

/// The spans and log records of one value: an OTLP message with many of them, or one span.
pub(crate) fn spans(item: &Item) -> Vec<Result<Span, SkippedPart>> {
    if let Some(resources) = first(&item.value, &["resourceLogs", "resource_logs"]).and_then(Value::as_array) {
        return records(resources, &item.place);
    }
    let Some(resources) = first(&item.value, &["resourceSpans", "resource_spans"]).and_then(Value::as_array) else {
        let resource = &item.value["resource"];
        return vec![span(&item.value, resource, &item.place)];
    };
    let mut spans = Vec::new();
    for resource in resources {
        let scopes = ["scopeSpans", "scope_spans", "instrumentationLibrarySpans"];
        for scope in scopes.iter().flat_map(|key| list(resource, key)) {
            let all = list(scope, "spans").iter();
            spans.extend(all.map(|value| span(value, &resource["resource"], &item.place)));
        }
    }
    spans
}

/// Log records of `gen_ai` events. Other records are not about traces.
fn records(resources: &[Value], place: &SourceLocation) -> Vec<Result<Span, SkippedPart>> {
    let scopes = resources.iter().flat_map(|resource| {
        let keys = ["scopeLogs", "scope_logs"];
        let scopes = keys.into_iter().flat_map(move |key| list(resource, key));
        scopes.map(move |scope| (&resource["resource"], scope))
    });
    let records = scopes.flat_map(|(resource, scope)| {
        let records = ["logRecords", "log_records"]
            .into_iter()
            .flat_map(|key| list(scope, key));
        records.map(move |value| (resource, value))
    });
    let known = records.map(|(resource, value)| (resource, value, events::event(value)));
    let messages = known.filter(|(_, _, (name, _))| name.starts_with("gen_ai."));
    let record = |(resource, value, (name, fields)): (&Value, &Value, (String, _))| {
        let mut record = span(value, resource, place)?;
        record.is_record = true;
        record.heard.add(&name, &Value::Object(fields));
        Ok(record)
    };
    messages.map(record).collect()
}

fn span(value: &Value, resource: &Value, place: &SourceLocation) -> Result<Span, SkippedPart> {
    let context = first(value, &["spanContext", "context"]).unwrap_or(value);
    let Some(trace_id) = text_of(context, &["traceId", "trace_id"]) else {
        return Err(place.skipped("a span without a trace id"));
    };
    let named = text_of(value, &["parentSpanId", "parent_span_id", "parent_id", "parentId"])
        .or_else(|| text_of(&value["parentSpanContext"], &["spanId", "span_id"]));
    let parent = named.or_else(|| linked(value, &trace_id));
    let service = read(&resource["attributes"])
        .get("service.name")
        .and_then(Value::as_str)
        .map(str::to_owned);
    Ok(Span {
        trace_id: trace_id.trim_start_matches("0x").to_owned(),
        span_id: text_of(context, &["spanId", "span_id"]).unwrap_or_default(),
        // Some programs write zeros where there is no parent.
        parent: parent.filter(|id| id.trim_start_matches("0x").bytes().any(|byte| byte != b'0')),
        name: text_of(value, &["name", "span_name"]).unwrap_or_default(),
        start: first(
            value,
            &[
                "startTimeUnixNano",
                "start_time_unix_nano",
                "startTime",
                "start_time",
                "start_timestamp",
            ],
        )
        .and_then(moment),
        end: first(
            value,
            &[
                "endTimeUnixNano",
                "end_time_unix_nano",
                "endTime",
                "end_time",
                "end_timestamp",
            ],
        )
        .and_then(moment),
        attributes: with_events(read(&value["attributes"]), list(value, "events")),
        error: error(&value["status"]),
        service,
        heard: events::of_span(value),
        is_record: false,
    })
}

/// The span of the same trace that a span without a parent links to: work that began in another task.
fn linked(value: &Value, trace_id: &str) -> Option<String> {
    let links = list(value, "links").iter();
    let mut contexts = links.map(|link| first(link, &["spanContext", "context"]).unwrap_or(link));
    contexts.find_map(|context| {
        let is_own = text_of(context, &["traceId", "trace_id"]).as_deref() == Some(trace_id);
        text_of(context, &["spanId", "span_id"]).filter(|_| is_own)
    })
}

/// Adds the `gen_ai` attributes of a span's events, where some programs write the messages.
fn with_events(mut attributes: Attributes, events: &[Value]) -> Attributes {
    for (key, value) in events.iter().flat_map(|event| read(&event["attributes"])) {
        if key.starts_with("gen_ai.") {
            attributes.entry(key).or_insert(value);
        }
    }
    attributes
}

/// Reads a time: nanoseconds as text or number, a pair of seconds and nanoseconds, or RFC 3339.
fn moment(value: &Value) -> Option<f64> {
    let nanoseconds = |count: u64| Some(count as f64 / 1e9).filter(|at| *at > 0.0);
    match value {
        Value::Number(number) => nanoseconds(number.as_u64()?),
        Value::String(text) => text.parse().ok().and_then(nanoseconds).or_else(|| time(value)),
        Value::Array(parts) => Some(parts.first()?.as_f64()? + parts.get(1)?.as_f64()? / 1e9),
        _ => None,
    }
}

/// The error message of a status; `None` unless the span failed.
fn error(status: &Value) -> Option<String> {
    let code = first(status, &["code", "status_code"])?;
    let failed = code.as_u64() == Some(2) || matches!(code.as_str(), Some("STATUS_CODE_ERROR" | "ERROR" | "Error"));
    failed.then(|| text_of(status, &["message", "description"]).unwrap_or_else(|| "an error".to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn moments_in_all_shapes() {
        for (value, wanted) in [
            (json!("1760000000500000000"), Some(1_760_000_000.5)),
            (json!(1_760_000_000_500_000_000_u64), Some(1_760_000_000.5)),
            (json!([1_760_000_000, 500_000_000]), Some(1_760_000_000.5)),
            (json!("2025-10-09T08:53:20.5Z"), Some(1_760_000_000.5)),
            (json!(0), None),
            (json!("soon"), None),
            (json!([]), None),
        ] {
            assert_eq!(moment(&value), wanted, "{value}");
        }
    }
}
