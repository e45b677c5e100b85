//! What language models took, for people.

use crate::artifact::record::Record;

/// A line for each role that asked a language model.
pub(crate) fn spending(record: &Record) {
    for (role, spent) in &record.spending {
        let (role, tokens) = (role.name().replace('_', " "), spent.usage.total());
        out!(
            "  {role:<13}{:>6} calls {tokens:>9} tokens  {}",
            spent.calls,
            dollars(spent.cost_usd)
        );
    }
}

/// Dollars; an unknown price is unknown, and never nothing.
pub(crate) fn dollars(cost_usd: Option<f64>) -> String {
    cost_usd.map_or_else(|| "unknown".to_owned(), |cost| format!("{cost:.4} USD"))
}
