//! The acceptors of the published tables, and what else was tried.

use kaizen::internals::Preset;

use crate::acceptors::{Acceptor, Rule, exceeds_its_error, is_significant, points};
use crate::shares::{Plan, Shares, Test};

/// The definition of the acceptor in the tradition of PACE.
pub const PACE_LIKE: &str = "PACE-like: tasks whose result differs are coin tosses, on which a gambler bets at even odds. \
     The stake before each is the lead so far (wins minus losses) as a share of the tosses so far plus 1, from 0 to 0.9. \
     The edit is kept as soon as the wealth is 20 times the start (0.05 an edit), else refused after the last task.";

/// What the second part is about.
pub const TRIED: &str = "Attempts to beat mode `sample` (the first line): the same bound, more power, the same calls. \
     Chosen on `router`, confirmed on the other rows. `attained level` is valid only for edits whose outcomes do not \
     depend on each other, which a shared baseline makes false.";

/// The acceptors of the published tables.
pub fn published() -> Vec<Acceptor> {
    let sample = Rule::Sample;
    let runs = |shares, runs| {
        sample(Plan {
            runs,
            ..Plan::unscreened(shares)
        })
    };
    let (planned, likely) = (Shares::Planned, Shares::PerEdit(0.10));
    let rules = [
        ("greedy mean>0", Rule::Complete(|of| points(of) > 1e-9)),
        ("mean>=+5", Rule::Complete(|of| points(of) >= 5.0 - 1e-9)),
        ("mean>1 SE", Rule::Complete(exceeds_its_error)),
        ("McNemar .05", Rule::Complete(is_significant)),
        ("PACE-like .05", Rule::Adaptive),
        ("exact overall", Rule::Exact { target: false }),
        ("exact target", Rule::Exact { target: true }),
        ("sequential default", Rule::Sequential(Preset::Default)),
        ("sequential patient", Rule::Sequential(Preset::Patient)),
        ("e-process .05 an edit", Rule::Bets(Shares::PerEdit(0.05))),
        ("e-process planned .10", Rule::Bets(planned)),
        ("sample planned .10", sample(Plan::unscreened(planned))),
        ("sample planned .10 + screen", sample(Plan::screened(planned))),
        ("sample .05 an edit", sample(Plan::unscreened(Shares::PerEdit(0.05)))),
        ("sample .10 an edit", sample(Plan::unscreened(likely))),
        ("sample .10 an edit + screen", sample(Plan::screened(likely))),
        ("spend .10 + screen, no futility", sample(spending())),
        ("sample planned .10, 1 runs", runs(planned, 1)),
        ("sample .10 an edit, 1 runs", runs(likely, 1)),
        ("sample planned .10, 2 runs", runs(planned, 2)),
        ("sample .10 an edit, 2 runs", runs(likely, 2)),
        ("sample planned .10, 3 runs", runs(planned, 3)),
        ("sample .10 an edit, 3 runs", runs(likely, 3)),
    ];
    rules.map(|(name, rule)| Acceptor { name, rule }).into()
}

fn spending() -> Plan {
    Plan {
        stops: false,
        ..Plan::screened(Shares::Attained)
    }
}

/// What was tried to beat mode `sample` with screening.
pub fn tried() -> Vec<Acceptor> {
    let base = Plan::screened(Shares::Planned);
    let of = |shares| Plan::screened(shares);
    let exact = |plan: Plan| Plan {
        test: Test::Unconditional,
        ..plan
    };
    let strict = |plan: Plan, least_lead| Plan { least_lead, ..plan };
    let plans = [
        ("sample planned .10 + screen", base),
        ("parts by lead", of(Shares::ByLead(1.0))),
        ("parts by lead squared", of(Shares::ByLead(2.0))),
        ("parts by lead cubed", of(Shares::ByLead(3.0))),
        ("parts halved by rank", of(Shares::ByRank(0.5))),
        ("parts by rank, 0.7 each", of(Shares::ByRank(0.7))),
        ("screen: lead of 1", strict(base, 1)),
        ("screen: lead of 2", strict(base, 2)),
        ("screen: lead of 3", strict(base, 3)),
        ("look at half, 0.2 of the level", Plan { look: 0.2, ..base }),
        ("look at half, 0.5 of the level", Plan { look: 0.5, ..base }),
        ("attained level", of(Shares::Attained)),
        ("attained level, no futility", spending()),
        ("unconditional test", exact(base)),
        ("unconditional, lead of 1", exact(strict(base, 1))),
        ("unconditional, by lead", exact(of(Shares::ByLead(1.0)))),
        ("unconditional, by lead squared", exact(of(Shares::ByLead(2.0)))),
        (
            "unconditional, by lead, lead of 1",
            exact(strict(of(Shares::ByLead(1.0)), 1)),
        ),
    ];
    plans
        .map(|(name, plan)| Acceptor {
            name,
            rule: Rule::Sample(plan),
        })
        .into()
}
