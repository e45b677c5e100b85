//! How far a trial has come, in counts: what a person who watches a run sees of the edit at the gate.

use serde::{Deserialize, Serialize};

use crate::artifact::gate::numbers::Tally;
use crate::artifact::gate::record::GateRecord;

/// Receives a function that works out the present look, so that a look that nobody wants costs nothing.
pub(crate) type LookListener<'a> = &'a dyn Fn(&dyn Fn() -> TrialLook);

/// The evidence of a trial so far. It holds counts only, because tasks of the gate are held out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrialLook {
    /// The pairs of runs so far, with those that were lost.
    pub pairs: usize,
    /// The largest number of pairs; a trial that stops early makes fewer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most_pairs: Option<usize>,
    /// Pairs that gained, lost and tied.
    #[serde(flatten)]
    pub tally: Tally,
    /// The natural logarithm of the evidence of a gain, in modes `exact` and `sequential`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_e: Option<f64>,
    /// The `log_e` that an accept needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_e_needed: Option<f64>,
    /// The p-value of a gain, in mode `sample`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p: Option<f64>,
    /// The p-value that an accept needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<f64>,
}

impl TrialLook {
    /// The counts of a record; the mode adds its evidence.
    pub(super) fn of(record: &GateRecord) -> Self {
        let differences: Vec<f64> = record.pairs.iter().filter_map(|pair| Some(pair.x? - pair.y?)).collect();
        Self {
            pairs: record.pairs.len(),
            tally: Tally::of(&differences),
            ..Self::default()
        }
    }

    /// The evidence as a share of what an accept needs, from 0 to 1; `None` if there is no threshold.
    pub(crate) fn share(&self) -> Option<f64> {
        let of_bets = self.log_e.zip(self.log_e_needed);
        let of_sample = self.p.zip(self.level).map(|(p, level)| (-p.ln(), -level.ln()));
        let (reached, needed) = of_bets.or(of_sample)?;
        (needed > 0.0).then(|| (reached / needed).clamp(0.0, 1.0))
    }

    /// One line: `40 of 96 pairs, 12 won, 3 lost, evidence 7.4 of 20`.
    pub(crate) fn words(&self) -> String {
        let of = self.most_pairs.map(|most| format!(" of {most}")).unwrap_or_default();
        let Tally { wins, losses, .. } = self.tally;
        let mut words = format!("{}{of} pairs, {wins} won, {losses} lost", self.pairs);
        match (self.log_e, self.log_e_needed) {
            (Some(log_e), Some(needed)) => {
                words += &format!(", evidence {} of {}", number(log_e.exp()), number(needed.exp()));
            }
            (Some(log_e), None) => words += &format!(", evidence {}", number(log_e.exp())),
            _ => {}
        }
        if let Some((p, level)) = self.p.zip(self.level) {
            words += &format!(", p {} (accepted at {})", small(p), small(level));
        }
        words
    }
}

fn number(value: f64) -> String {
    match value {
        value if value >= 1e6 => format!("{value:.0e}"),
        value if value >= 9.95 => format!("{value:.0}"),
        value if value >= 0.095 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

fn small(p: f64) -> String {
    match p {
        p if p >= 0.001 => format!("{p:.3}"),
        p => format!("{p:.0e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_names_its_counts_and_its_evidence_against_the_threshold() {
        let tally = Tally {
            wins: 12,
            losses: 3,
            ties: 25,
        };
        let bare = TrialLook {
            pairs: 41,
            tally,
            ..TrialLook::default()
        };
        let bets = TrialLook {
            log_e: Some(7.4_f64.ln()),
            log_e_needed: Some(20_f64.ln()),
            ..bare
        };
        let sample = TrialLook {
            most_pairs: Some(96),
            p: Some(0.25),
            level: Some(0.0005),
            ..bare
        };
        for (look, words) in [
            (bare, "41 pairs, 12 won, 3 lost"),
            (bets, "41 pairs, 12 won, 3 lost, evidence 7.4 of 20"),
            (sample, "41 of 96 pairs, 12 won, 3 lost, p 0.250 (accepted at 5e-4)"),
        ] {
            assert_eq!(look.words(), words);
            let text = serde_json::to_string(&look).unwrap();
            assert_eq!(serde_json::from_str::<TrialLook>(&text).unwrap(), look, "{text}");
        }
        assert_eq!(bare.share(), None);
        assert!((bets.share().unwrap() - 7.4_f64.ln() / 20_f64.ln()).abs() < 1e-12);
        assert!((0.17..0.19).contains(&sample.share().unwrap()));
    }
}
