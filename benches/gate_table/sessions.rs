//! Sessions of ten edits, half of them without effect. Each accepted edit becomes part of the next edit's baseline.

use kaizen::Digest;
use kaizen::internals::shuffled;

use crate::Outcome;
use crate::apply::{Case, Gate, seated};
use crate::edits::{Edit, ten};
use crate::ground_truth::mean;
use crate::noisy_student::Luck;
use crate::spread::{Seeds, each};
use crate::workspace::Home;
use crate::world::{Shape, World};

/// One group of sessions in the table.
#[derive(Clone, Copy)]
pub struct Sitting<'a> {
    /// The name in the table.
    pub title: &'a str,
    /// The worlds.
    pub worlds: &'a [World],
    /// The agents that answer.
    pub shape: Shape,
    /// Whether two harnesses use the same random numbers.
    pub shared: bool,
    /// The gates, one per row.
    pub gates: &'a [Gate],
}

/// Number of calls that OpenJarvis makes: 50 tasks before, after, and for each of ten edits.
const ANCESTOR: f64 = 600.0;

/// The result of a session.
struct Ended {
    kept: usize,
    false_accepts: usize,
    gain: f64,
    calls: usize,
    /// For each edit in the order of [`ten`]: whether it was accepted, and its number of attempts.
    edits: Vec<(bool, usize)>,
}

/// Prints a row for each gate. Also prints, to standard error, how often each edit was accepted and its cost.
///
/// # Errors
/// A run fails.
pub fn sessions(sitting: &Sitting, seeds: Seeds) -> Outcome<()> {
    let Sitting {
        title, worlds, gates, ..
    } = *sitting;
    let edits = each(worlds.len(), |at| ten(&worlds[at], sitting.shape));
    for gate in gates {
        let ended = each(seeds.all(), |seed| {
            let world = seed % seeds.worlds;
            one(&worlds[world], &edits[world], *gate, sitting.shared, seed)
        });
        let ended = ended.into_iter().collect::<Outcome<Vec<_>>>()?;
        let of_all = |value: &dyn Fn(&Ended) -> f64| mean(&ended.iter().map(value).collect::<Vec<_>>());
        let calls = match gate {
            Gate::Rule => ANCESTOR,
            Gate::Auto(_) => of_all(&|ended| ended.calls as f64),
        };
        println!(
            "| {title} | {} | {:.1} % | {:.1} | {:+.1} | {calls:.0} | {:.2} |",
            gate.name(),
            100.0 * of_all(&|ended| f64::from(u8::from(ended.false_accepts > 0))),
            of_all(&|ended| ended.kept as f64),
            100.0 * of_all(&|ended| ended.gain),
            calls / ANCESTOR,
        );
        let by_edit = edits[0].iter().enumerate().map(|(at, edit)| {
            let kept = of_all(&|ended| f64::from(u8::from(ended.edits[at].0)));
            let calls = of_all(&|ended| ended.edits[at].1 as f64);
            format!("{} {:.0} % / {calls:.0}", edit.kind.name(), 100.0 * kept)
        });
        eprintln!("{title}, {}: {}", gate.name(), by_edit.collect::<Vec<_>>().join("; "));
    }
    Ok(())
}

/// Prints the table's header.
pub fn print_head() {
    println!("| student | gate | sessions with a false accept | kept of 10 | gain, points | calls | of OpenJarvis |");
    println!("|---|---|---|---|---|---|---|");
}

fn one(world: &World, edits: &[Edit], gate: Gate, shared: bool, seed: usize) -> Outcome<Ended> {
    let student = Luck::new(shared);
    let chance = Digest::of_value(&("session", seed)).seed();
    let order = shuffled(&(0..edits.len()).collect::<Vec<_>>(), chance, 0, 0);
    let start = world.home.harness();
    let (head, kept, each) = seated(&student, &world.tasks, &start, gate, chance, |table| {
        let mut head = world.home.clone();
        let mut kept = Vec::new();
        let mut each = vec![(false, 0); edits.len()];
        for at in order {
            let (edit, before) = (&edits[at], student.attempts());
            let candidate = head.with(&edit.change);
            let case = Case {
                before: &head.harness(),
                after: &candidate.harness(),
                target: &world.names[edit.target],
                edit: edit.digest(world),
            };
            let keeps = table.keeps(&case)?;
            each[at] = (keeps, student.attempts() - before);
            if keeps {
                kept.push((head, candidate.clone()));
                head = candidate;
            }
        }
        table.closes(&head.harness())?;
        Ok((head, kept, each))
    })?;
    let overall = |home: &Home| world.overall(home);
    let is_false = |(before, after): &&(Home, Home)| overall(after) <= overall(before);
    Ok(Ended {
        kept: kept.len(),
        false_accepts: kept.iter().filter(is_false).count(),
        gain: overall(&head) - overall(&world.home),
        calls: student.attempts(),
        edits: each,
    })
}
