//! aider: the text of `--message` without the lines about the program, and its line about tokens and cost.

use super::PrintedRun;
use crate::artifact::Money;
use crate::artifact::spending::Usage;

/// The beginnings of the lines that aider prints about itself.
const OWN: [&str; 15] = [
    "Aider v",
    "Main model:",
    "Model:",
    "Weak model:",
    "Editor model:",
    "Git repo:",
    "Repo-map:",
    "Added ",
    "Applied edit to ",
    "Commit ",
    "Tokens:",
    "Cost:",
    "Newer aider version",
    "Using ",
    "You can skip this check",
];

/// The run; `None` for a text without any line of aider itself.
pub(super) fn read(output: &str) -> Option<PrintedRun> {
    let is_own = |line: &&str| OWN.iter().any(|begin| line.starts_with(begin));
    let own: Vec<&str> = output.lines().filter(is_own).collect();
    let has_model = own
        .iter()
        .any(|line| line.starts_with("Main model:") || line.starts_with("Model:"));
    let spent: Vec<&str> = own.iter().copied().filter(|line| line.starts_with("Tokens:")).collect();
    if !has_model && spent.is_empty() {
        return None;
    }
    let rest: Vec<&str> = output.lines().filter(|line| !is_own(line)).collect();
    let mut run = PrintedRun {
        answer: rest.join("\n").trim().to_owned(),
        model: own.iter().find_map(|line| model(line)),
        usage: spent.iter().filter_map(|line| tokens(line)).reduce(super::sum),
        cost_usd: cost(&spent),
        ..PrintedRun::default()
    };
    if own.iter().any(|line| line.starts_with("Applied edit to ")) {
        run.add_tool(Some("edit"));
    }
    Some(run)
}

/// `Main model: NAME with diff edit format`.
fn model(line: &str) -> Option<String> {
    let rest = line
        .strip_prefix("Main model:")
        .or_else(|| line.strip_prefix("Model:"))?;
    rest.split_whitespace().next().map(str::to_owned)
}

/// `Tokens: 2.1k sent, 180 received.`, with the parts that a cache took between them.
fn tokens(line: &str) -> Option<Usage> {
    let rest = line.strip_prefix("Tokens:")?;
    let number = |name: &str| {
        let (before, _) = rest.split_once(name)?;
        amount(before.rsplit(',').next()?.trim())
    };
    Some(Usage {
        input: number(" sent")?,
        cache_read: number(" cache hit").unwrap_or(0),
        cache_write: number(" cache write").unwrap_or(0),
        output: number(" received").unwrap_or(0),
    })
}

/// `180`, `2.1k` or `1.2M`.
fn amount(text: &str) -> Option<u64> {
    let (digits, factor) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1_000.0),
        None => match text.strip_suffix('M') {
            Some(digits) => (digits, 1_000_000.0),
            None => (text, 1.0),
        },
    };
    let number: f64 = digits.replace(',', "").parse().ok()?;
    (0.0..1e12).contains(&number).then(|| (number * factor).round() as u64)
}

/// The cost of the messages: `Cost: $0.01 message, $0.02 session.`.
fn cost(lines: &[&str]) -> Option<Money> {
    let of_message = |line: &&str| {
        let (_, rest) = line.split_once("Cost: $")?;
        let number = rest.split_whitespace().next()?;
        number.replace(',', "").parse::<f64>().ok()
    };
    let costs: Vec<f64> = lines.iter().filter_map(of_message).collect();
    (!costs.is_empty())
        .then(|| Money::from_usd(costs.iter().sum()))
        .flatten()
}
