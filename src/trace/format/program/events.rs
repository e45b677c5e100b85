//! The JSON values in a program's output: one value, a list, or one value a line.

use serde_json::Value;

/// The values; `None` if the output has none. Lines of text before, between and after them, such as warnings, are left out.
pub(super) fn of(output: &str) -> Option<Vec<Value>> {
    let text = output.trim_start_matches('\u{feff}').trim();
    match serde_json::from_str(text) {
        Ok(Value::Array(events)) => return Some(events),
        Ok(event @ Value::Object(_)) => return Some(vec![event]),
        _ => {}
    }
    let objects = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let events: Vec<Value> = objects.filter(Value::is_object).collect();
    if !events.is_empty() {
        return Some(events);
    }
    // Some programs write lines of text before one long value.
    let begin = text.lines().position(|line| line.starts_with('{'))?;
    let rest = text.lines().skip(begin).collect::<Vec<_>>().join("\n");
    let event: Value = serde_json::from_str(&rest).ok()?;
    Some(vec![event])
}
