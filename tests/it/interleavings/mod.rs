//! Interleavings: a person acts at random moments while `kaizen watch` runs, and the files at the end are checked.
//!
//! `KAIZEN_INTERLEAVINGS=1000 cargo test --test it interleavings::` runs a thousand cases; with `KAIZEN_SEED=7`, they
//! start at that seed; `KAIZEN_SEED=7` alone runs one case. A seed determines the acts and the pauses; the timing of
//! the processes depends on the machine.

mod directed;
mod end;
pub mod random;
mod user;
mod watcher;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::edits;
use crate::space::Space;
use user::User;
use watcher::{Heard, Watcher};

/// The number of cases in a plain `cargo test`.
const FEW: u64 = 8;
/// A case takes longer to settle only if the watcher has postponed something.
const SLOW: Duration = Duration::from_secs(10);
/// `quiet_ms` is shorter than the pauses of a person, and longer than those within the write of a file.
const TRIGGERS: &str = "[triggers]\nquiet_ms = 50\nrescan_seconds = 1\n[teacher]\nmax_edits = 1\n";

/// An executed session on `main`, and a branch `start` without it.
fn first() -> Space {
    let space = Space::new();
    space.write("kaizen.toml", &format!("{}{TRIGGERS}", space.read("kaizen.toml")));
    space.commit_all("watch");
    space.git(&["branch", "start"]);
    space.kaizen(&["run", "--until", "plan"]).exits(0);
    space.plan(&edits::first_plan());
    space.kaizen(&["run"]).exits(3);
    space
}

fn act(user: &mut User, watcher: &mut Option<Watcher>, heard: &Heard) {
    match user.random.below(20) {
        0..=4 => user.edit_plan(),
        5..=6 => user.spoil_plan(),
        7 => user.mend_plans(),
        8..=9 => user.decide(),
        10..=11 => user.edit_prompt(),
        12..=13 => user.switch(),
        14..=15 => user.drop_trigger(),
        16 => user.drop_checkpoint(),
        17 => user.run_beside(),
        18 if watcher.is_some() => {
            user.note("kill -9");
            watcher.take().unwrap().kill();
        }
        19 if watcher.is_some() => {
            user.note("SIGTERM");
            watcher.take().unwrap().stop();
        }
        _ => {
            user.note("start");
            *watcher = Some(watcher.take().unwrap_or_else(|| Watcher::start(&user.space, heard)));
        }
    }
}

/// Plays one case; returns how long it took to settle.
fn play(user: &mut User, heard: &Heard) -> Duration {
    let mut watcher = Some(Watcher::start(&user.space, heard));
    let played = catch_unwind(AssertUnwindSafe(|| {
        for _ in 0..5 + user.random.below(11) {
            act(user, &mut watcher, heard);
            std::thread::sleep(Duration::from_millis(user.random.below(61) as u64));
        }
        watcher = Some(watcher.take().unwrap_or_else(|| Watcher::start(&user.space, heard)));
        end::make_sound(user);
        user.note("sound");
        let settled = end::settle(user, heard);
        watcher.take().unwrap().stop();
        end::check(user);
        settled
    }));
    if let Some(watcher) = watcher {
        watcher.kill();
    }
    played.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Plays the case of a seed. The error is a report for people.
fn case(first: &Space, seed: u64) -> Result<(Duration, String), String> {
    let (mut user, heard) = (User::new(first.copy(), seed), Heard::new());
    let played = catch_unwind(AssertUnwindSafe(|| play(&mut user, &heard)));
    let said = heard.lines();
    let said = said[said.len().saturating_sub(60)..].join("\n");
    played.map(|settled| (settled, said.clone())).map_err(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        let words = words.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let kept = format!("{}/interleaving-{seed}", env!("CARGO_TARGET_TMPDIR"));
        let _ = std::fs::remove_dir_all(&kept);
        let _ = std::process::Command::new("cp")
            .arg("-r")
            .arg(&user.space.root)
            .arg(&kept)
            .status();
        let (words, acts) = (words.unwrap_or_default(), user.log.join("\n"));
        let again = format!("KAIZEN_SEED={seed} cargo test --test it interleavings::");
        format!("seed {seed}: {words}\n{acts}\n--\n{said}\n-- kept in {kept}; again: {again}")
    })
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn files_decide_whatever_happens_between() {
    let start = number("KAIZEN_SEED");
    let few = if start.is_some() { 1 } else { FEW };
    let (start, count) = (start.unwrap_or(0), number("KAIZEN_INTERLEAVINGS").unwrap_or(few));
    let seeds = start..start + count;
    let (first, next) = (first(), AtomicU64::new(seeds.start));
    let (failed, slowest) = (Mutex::new(Vec::new()), Mutex::new((Duration::ZERO, 0)));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(seed) = Some(next.fetch_add(1, Ordering::SeqCst)).filter(|seed| seeds.contains(seed)) {
                    match case(&first, seed) {
                        Ok((settled, said)) => {
                            if settled > SLOW {
                                eprintln!("seed {seed} settled after {settled:?}\n{said}\n");
                            }
                            let mut slowest = slowest.lock().unwrap();
                            *slowest = (*slowest).max((settled, seed));
                        }
                        Err(problem) => {
                            eprintln!("{problem}\n");
                            failed.lock().unwrap().push(seed);
                        }
                    }
                }
            });
        }
    });
    let (failed, (settled, seed)) = (failed.into_inner().unwrap(), slowest.into_inner().unwrap());
    println!(
        "seeds {seeds:?}: {} failed; the slowest to settle was {seed} with {settled:?}",
        failed.len()
    );
    assert!(failed.is_empty(), "seeds {failed:?}");
}
