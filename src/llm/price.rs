//! Prices of tokens: a built-in table that the manifest can override.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use crate::artifact::Money;
use crate::artifact::spending::Usage;
use crate::manifest::chat::Price;

/// The built-in table: list prices of the providers.
const BUILT_IN: &str = include_str!("prices.toml");

static TABLE: LazyLock<BTreeMap<String, Price>> = LazyLock::new(|| {
    // A test parses this text, so it cannot fail here.
    toml::from_str(BUILT_IN).unwrap_or_default()
});

/// The price of a model: the manifest's, else the built-in one; `None` if unknown.
///
/// A name that ends in a date or `-latest` (`gpt-4o-2024-08-06`, `claude-sonnet-4-5-20250929`) has the price of the
/// name without it. Other suffixes are significant, so that `gpt-4o-mini` is never priced as `gpt-4o`.
pub(crate) fn of(model: &str, own: &BTreeMap<String, Price>) -> Option<Price> {
    let exact = |name: &str| own.get(name).or_else(|| TABLE.get(name)).copied();
    let bare = model.rsplit('/').next().unwrap_or(model);
    exact(model).or_else(|| exact(bare)).or_else(|| exact(undated(bare)))
}

/// The name without a trailing date or `-latest`.
fn undated(model: &str) -> &str {
    // The pattern is constant and tests compile it, so it cannot fail here.
    static DATE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"-(?:\d{8}|\d{4}-\d{2}-\d{2}|latest)$").ok());
    let date = DATE.as_ref().and_then(|pattern| pattern.find(model));
    date.map_or(model, |date| &model[..date.start()])
}

/// The cost of tokens.
pub(crate) fn cost(price: &Price, usage: &Usage) -> Money {
    price.input.for_tokens(usage.input)
        + price.output.for_tokens(usage.output)
        + price.cache_read.unwrap_or(price.input).for_tokens(usage.cache_read)
        + price.cache_write.unwrap_or(price.input).for_tokens(usage.cache_write)
}

/// The largest cost of a call: one token for every three bytes of input, at the highest price of input, and answers of
/// the maximum length.
pub(crate) fn largest_cost(price: &Price, request_bytes: usize, output: u64) -> Money {
    let input = (request_bytes as u64).div_ceil(3);
    let dearest = price.input.max(price.cache_write.unwrap_or_default());
    dearest.for_tokens(input) + price.output.for_tokens(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_has_a_price_or_none() {
        assert!(TABLE.len() > 10 && TABLE.values().all(|price| price.output > Money::ZERO));
        let own = BTreeMap::from([(
            "mine".to_owned(),
            Price {
                input: Money::of_whole_dollars(1),
                output: Money::of_whole_dollars(2),
                cache_read: None,
                cache_write: None,
            },
        )]);
        for (model, known) in [
            ("mine", true),
            ("gpt-4o", true),
            ("gpt-4o-2024-08-06", true),
            ("openai/gpt-4o-mini", true),
            ("claude-sonnet-4-5-20250929", true),
            ("claude-sonnet-4-5", true),
            ("gpt-4o-nano-imaginary", false),
            ("qwen3:8b", false),
            ("", false),
        ] {
            assert_eq!(of(model, &own).is_some(), known, "{model}");
        }
        assert_ne!(of("gpt-4o", &own), of("gpt-4o-mini", &own));
    }

    #[test]
    fn four_counters_have_four_prices() {
        let price = Price {
            input: Money::of_whole_dollars(3),
            output: Money::of_whole_dollars(15),
            cache_read: Money::from_usd(0.3),
            cache_write: Money::from_usd(3.75),
        };
        let usage = Usage {
            input: 1_000_000,
            cache_read: 1_000_000,
            cache_write: 1_000_000,
            output: 1_000_000,
        };
        assert_eq!(cost(&price, &usage).usd(), 22.05);
        let dearest = price.cache_write.unwrap();
        let expected = dearest.for_tokens(4) + price.output.for_tokens(5);
        assert_eq!(largest_cost(&price, 10, 5), expected);
    }
}
