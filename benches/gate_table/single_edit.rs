//! Single edits of known effect: how often each is accepted, and the cost of the decision.

use kaizen::Digest;

use crate::Outcome;
use crate::apply::{Case, Gate, seated};
use crate::edits::{Edit, Kind};
use crate::ground_truth::{drawn, mean};
use crate::noisy_student::Luck;
use crate::spread::{Seeds, each};
use crate::world::World;

/// Number of draws per task to check the computed probabilities.
const DRAWS: u64 = 100;

/// The edits in the table.
const KINDS: [Kind; 5] = [Kind::NoOp, Kind::Harmful, Kind::Focused(0.10), Kind::Half, Kind::Spread];

/// Prints the student's score and noise, and one table each for separate and shared seeds.
///
/// # Errors
/// A run fails.
pub fn single(worlds: &[World], seeds: Seeds, gates: &[Gate]) -> Outcome<()> {
    let edits = each(worlds.len(), |at| {
        KINDS.map(|kind| Edit::of(&worlds[at], kind, 0)).to_vec()
    });
    let of_worlds = |value: &dyn Fn(&World) -> f64| mean(&worlds.iter().map(value).collect::<Vec<_>>());
    let score = of_worlds(&|world| world.overall(&world.home));
    let noise = of_worlds(&World::noise);
    let by_draws = mean(&each(worlds.len(), |at| {
        mean(&drawn(&worlds[at].home, &worlds[at].tasks, DRAWS))
    }));
    println!(
        "Score before: {:.1} % ({:.1} % by {DRAWS} draws per task); noise v = {noise:.3}.\n",
        100.0 * score,
        100.0 * by_draws
    );
    for (shared, title) in [
        (false, "Separate seed per harness, as with a language model"),
        (true, "Shared seed, as with the built-in student"),
    ] {
        println!("**{title}**: accepted / calls per edit.\n");
        print_head(gates);
        for (at, kind) in KINDS.into_iter().enumerate() {
            let effects: Vec<f64> = edits.iter().map(|edits| 100.0 * edits[at].truth).collect();
            print!("| {} | {:+.1} ({}) |", kind.name(), mean(&effects), range(&effects));
            for gate in gates {
                let told = each(seeds.all(), |seed| {
                    let world = seed % seeds.worlds;
                    one(&worlds[world], &edits[world][at], *gate, shared, seed)
                });
                print!(" {} |", cell(&told.into_iter().collect::<Outcome<Vec<_>>>()?));
            }
            println!();
        }
        println!();
    }
    Ok(())
}

/// Whether the edit was accepted, and the number of attempts beyond the baseline.
fn one(world: &World, edit: &Edit, gate: Gate, shared: bool, seed: usize) -> Outcome<(bool, usize)> {
    let student = Luck::new(shared);
    let (before, after) = (world.home.harness(), world.home.with(&edit.change).harness());
    let case = Case {
        before: &before,
        after: &after,
        target: &world.names[edit.target],
        edit: edit.digest(world),
    };
    let chance = Digest::of_value(&("single", seed)).seed();
    Ok(seated(&student, &world.tasks, &before, gate, chance, |table| {
        let baseline = student.attempts();
        let kept = table.keeps(&case)?;
        Ok((kept, student.attempts() - baseline))
    })?)
}

fn print_head(gates: &[Gate]) {
    let names: Vec<String> = gates.iter().map(|gate| gate.name()).collect();
    println!("| edit | true effect (worlds) | {} |", names.join(" | "));
    println!("|---|---|{}", "---|".repeat(gates.len()));
}

fn cell(told: &[(bool, usize)]) -> String {
    let kept = told.iter().filter(|(kept, _)| *kept).count();
    let calls: usize = told.iter().map(|(_, calls)| calls).sum();
    let count = told.len().max(1) as f64;
    format!("{:.1} % / {:.0}", 100.0 * kept as f64 / count, calls as f64 / count)
}

fn range(values: &[f64]) -> String {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    format!("{low:+.1} to {high:+.1}")
}
